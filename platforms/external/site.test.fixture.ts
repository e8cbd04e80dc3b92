// A site of bare machines for tests: each machine is a real sshd (Debian's) on a port of 127.0.0.1, started and stopped by the
// programs that a site would have: provision, deprovision, console, power, health. Steps of a provision can be held up.

import { spawn, execFileSync } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  watch,
  writeFileSync,
} from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import type { MachineLogin } from '../../harness/machine.ts'

const PORTS = 12

export interface Site extends AsyncDisposable {
  readonly folder: string
  readonly login: Required<Pick<MachineLogin, 'user' | 'key'>>
  readonly keyPath: string
  /** By name: `provision`, `deprovision`, `console`, `power`, `health`. */
  program(name: string): string
  /** Starts a machine as the site's provision does, and returns its address. */
  start(name: string): Promise<string>
  stop(name: string): Promise<void>
  /** The machines there are. */
  machines(): readonly string[]
  /** What a machine got as USERDATA. */
  userData(machine: string): string
  /** Makes the site refuse what it is asked for, by a file that its programs look at: `no-machine`, `unhealthy`. */
  refuse(what: 'no-machine' | 'unhealthy'): AsyncDisposable
  /** Holds provisions up at each of their steps until `onStep` has returned. */
  watchSteps(onStep: (index: number) => void): Disposable
}

/** How many steps a provision has. */
export const PROVISION_STEPS = 3

/** Opens a site without machines. */
export async function openSite(): Promise<Site> {
  if (!existsSync('/usr/sbin/sshd'))
    throw new Error('sshd is missing; install it: apt-get install openssh-server')
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 })
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-site-'))
  for (const name of ['machines', 'ports', 'bin']) mkdirSync(join(folder, name))
  for (const port of await freePorts(PORTS)) writeFileSync(join(folder, 'ports', String(port)), String(port))
  for (const name of ['host_key', 'id'])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', join(folder, name)])
  writeFileSync(join(folder, 'config'), sshdConfig(folder))
  const program = (name: string): string => join(folder, 'bin', name)
  for (const [name, text] of Object.entries(programs))
    writeFileSync(
      program(name),
      `#!/bin/sh\nset -eu\nSITE='${folder}'\ndir="$SITE/machines/$MACHINE"\n${text}`,
      {
        mode: 0o755,
      },
    )
  const run = async (name: string, machine: string): Promise<string> => {
    const child = spawn(program(name), [], {
      env: { ...process.env, MACHINE: machine, USERDATA: '' },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let said = ''
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
    const [code] = (await once(child, 'close')) as [number | null]
    if (code !== 0) throw new Error(`${name} ended with ${code}`)
    return said.trim()
  }
  const machines = (): readonly string[] => readdirSync(join(folder, 'machines')).toSorted()
  return {
    folder,
    keyPath: join(folder, 'id'),
    login: {
      user: userInfo().username,
      key: {
        privateKey: readFileSync(join(folder, 'id'), 'utf8'),
        publicKey: readFileSync(join(folder, 'id.pub'), 'utf8').trim(),
        path: join(folder, 'id'),
      },
    },
    program,
    machines,
    start: async (name) => await run('provision', name),
    stop: async (name) => void (await run('deprovision', name)),
    userData: (machine) => readFileSync(join(folder, 'machines', machine, 'userdata'), 'utf8'),
    refuse(what) {
      const path = join(folder, what)
      writeFileSync(path, '')
      return {
        async [Symbol.asyncDispose]() {
          rmSync(path, { force: true })
          await Promise.resolve()
        },
      }
    },
    watchSteps(onStep) {
      const steps = join(folder, 'steps')
      const hold = join(folder, 'hold')
      mkdirSync(hold)
      writeFileSync(steps, '')
      let seen = 0
      const look = (): void => {
        const lines = readFileSync(steps, 'utf8').split('\n').length - 1
        for (; seen < lines; seen += 1) {
          onStep(seen)
          if (existsSync(hold)) writeFileSync(join(hold, `go-${seen}`), '')
        }
      }
      const watcher = watch(steps, look)
      return {
        [Symbol.dispose]() {
          watcher.close()
          rmSync(hold, { recursive: true })
          rmSync(steps)
        },
      }
    },
    async [Symbol.asyncDispose]() {
      for (const machine of machines()) await run('deprovision', machine)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const STEP = `step() {
  if [ -d "$SITE/hold" ]; then
    n=$(wc -l < "$SITE/steps"); echo >> "$SITE/steps"
    while [ -d "$SITE/hold" ] && ! [ -e "$SITE/hold/go-$n" ]; do sleep 0.02; done
  fi
}
`

const START = `start() {
  touch "$dir/console"
  before=$(grep -c 'Server listening' "$dir/console" || true)
  setsid /usr/sbin/sshd -D -e -f "$SITE/config" -p "$(cat "$dir/port")" >> "$dir/console" 2>&1 &
  echo $! > "$dir/pid"
  while [ "$(grep -c 'Server listening' "$dir/console" || true)" = "$before" ]; do sleep 0.05; done
}
stop() {
  if [ -e "$dir/pid" ]; then kill -9 "$(cat "$dir/pid")" 2> /dev/null || true; rm -f "$dir/pid"; fi
}
`

const programs: Readonly<Record<string, string>> = {
  provision: `${STEP}${START}
if [ -e "$SITE/no-machine" ]; then echo "no machine left, password hunter2" >&2; exit 3; fi
mkdir "$dir"
step
printf %s "$USERDATA" > "$dir/userdata"
for port in "$SITE"/ports/*; do
  if mv "$port" "$dir/port" 2> /dev/null; then break; fi
done
step
start
step
echo "127.0.0.1:$(cat "$dir/port")"
`,
  deprovision: `${START}
stop
if [ -e "$dir/port" ]; then mv "$dir/port" "$SITE/ports/$(cat "$dir/port")"; fi
rm -rf "$dir"
`,
  console: 'exec tail -c +1 -F "$dir/console" 2> /dev/null\n',
  power: `${START}
case "$ACTION" in
  cut) stop ;;
  on) start ;;
  reset) stop; start ;;
esac
`,
  health: 'if [ -e "$SITE/unhealthy" ]; then echo "a fan stands still"; exit 1; fi\n',
}

function sshdConfig(folder: string): string {
  return [
    'ListenAddress 127.0.0.1',
    `HostKey ${join(folder, 'host_key')}`,
    `AuthorizedKeysFile ${join(folder, 'id.pub')}`,
    'StrictModes no',
    'UsePAM no',
    'PermitRootLogin yes',
    'PasswordAuthentication no',
    'AllowTcpForwarding yes',
    'PidFile none',
    '',
  ].join('\n')
}

async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, '127.0.0.1')
      await once(server, 'listening')
      return server
    }),
  )
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  for (const server of servers) server.close()
  return ports
}
