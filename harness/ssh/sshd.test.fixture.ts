// A real sshd for the tests: one `sshd -i` for each connection to a socket that the kernel chose the port of. It is
// left out of the package with the tests. Faults are made at the socket, so the protocol is always sshd's own.

import { spawn, type ChildProcess } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { once } from 'node:events'
import { generateKeyText } from './openssh-key.ts'

const SSHD = '/usr/sbin/sshd'

/** What becomes of the next connection. */
export type Fault = 'serve' | 'close' | 'silence'

export interface TestSshd extends AsyncDisposable {
  readonly endpoint: { readonly host: string; readonly port: number }
  readonly user: string
  readonly key: { readonly privateKey: string; readonly publicKey: string }
  readonly folder: string
  /** Connections seen so far. */
  readonly dials: () => number
  /** Faults for the next connections, in order; then it serves. */
  readonly script: (...faults: readonly Fault[]) => void
  /** Drops every connection, as a crash would. */
  readonly drop: () => void
  /** Makes a new host key for the connections to come. */
  readonly newHostKey: () => void
}

/** Starts it for the current user. Its PATH holds a `sudo` that runs the command as the same user. */
export async function startTestSshd(): Promise<TestSshd> {
  if (!existsSync(SSHD)) throw new Error(`${SSHD} is missing; install it: apt-get install openssh-server`)
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 })
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-sshd-'))
  chmodSync(folder, 0o755)
  const key = generateKeyText('signalbox')
  writeFileSync(join(folder, 'authorized_keys'), `${key.publicKey}\n`)
  const bin = join(folder, 'bin')
  mkdirSync(bin)
  writeFileSync(join(bin, 'sudo'), FAKE_SUDO, { mode: 0o755 })
  writeFileSync(join(bin, 'systemctl'), fakeSystemctl(folder), { mode: 0o755 })
  writeFileSync(join(folder, 'sshd_config'), config(folder, `${bin}:${process.env['PATH'] ?? ''}`))
  writeHostKey(folder)

  const children = new Set<ChildProcess>()
  const sockets = new Set<Socket>()
  const faults: Fault[] = []
  let dials = 0
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    dials++
    socket.on('error', () => undefined)
    const fault = faults.shift() ?? 'serve'
    if (fault === 'close') socket.destroy()
    else if (fault === 'silence') {
      sockets.add(socket)
      socket.on('close', () => sockets.delete(socket))
    } else {
      const child = spawn(SSHD, ['-i', '-e', '-f', join(folder, 'sshd_config')], {
        stdio: [socket, socket, 'ignore'],
      })
      children.add(child)
      child.on('exit', () => children.delete(child))
      socket.destroy()
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  const drop = (): void => {
    for (const child of children) child.kill('SIGKILL')
    for (const socket of sockets) socket.destroy()
  }
  return {
    endpoint: { host: '127.0.0.1', port: (server.address() as AddressInfo).port },
    user: userInfo().username,
    key,
    folder,
    dials: () => dials,
    script: (...next) => void faults.push(...next),
    drop,
    newHostKey: () => writeHostKey(folder),
    async [Symbol.asyncDispose]() {
      server.close()
      const ends = [...children].map(async (child) => await once(child, 'exit'))
      drop()
      await Promise.all(ends)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

// Drops the options that the harness gives; exactly these, so that a change of them is noticed. Like the real one it
// stays while the command runs.
const FAKE_SUDO = `#!/bin/sh
test "$1" = -n || exit 99
shift
if test "$1" = -p; then shift 2; fi
test "$1" = -- || exit 98
shift
SIGNALBOX_SUDO=1 "$@"
exit $?
`

// Notes what it was asked; the test then plays the reboot.
function fakeSystemctl(folder: string): string {
  return `#!/bin/sh
echo "$*" > ${folder}/systemctl
if test -f ${folder}/refuse; then echo "Access denied" >&2; exit 4; fi
`
}

function config(folder: string, path: string): string {
  return [
    `HostKey ${join(folder, 'host_key')}`,
    `AuthorizedKeysFile ${join(folder, 'authorized_keys')}`,
    'StrictModes no',
    'UsePAM no',
    'PermitRootLogin yes',
    'PasswordAuthentication no',
    'LogLevel QUIET',
    'PidFile none',
    // At this depth bash does not read the user's start-up file, as it otherwise does below sshd.
    `SetEnv PATH=${path} SHLVL=2`,
    '',
  ].join('\n')
}

function writeHostKey(folder: string): void {
  const path = join(folder, 'host_key')
  rmSync(path, { force: true })
  writeFileSync(path, generateKeyText('host').privateKey, { mode: 0o600 })
}
