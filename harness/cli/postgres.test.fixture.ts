// A real PostgreSQL server for tests: Debian's, in a temporary folder, reached by a socket alone, as a user without rights.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Client } from 'pg'
import { execCommand } from '../process.ts'

const ROOM = '/usr/lib/postgresql'
/** PostgreSQL refuses to be run by root; Debian's `nobody` and `nogroup`. */
const NOBODY = '65534'

export interface PostgresServer extends AsyncDisposable {
  /** Makes an empty database and returns its URL. */
  createDatabase(name: string): Promise<string>
  /** Ends the server as a power cut would; the databases stay. */
  readonly folder: string
}

/** The folder of its programs: of the newest version that is installed. */
function programs(): string {
  const newest = (existsSync(ROOM) ? readdirSync(ROOM) : [])
    .filter((name) => existsSync(join(ROOM, name, 'bin', 'initdb')))
    .toSorted((a, b) => Number(b) - Number(a))[0]
  if (newest === undefined) throw new Error(`no PostgreSQL in ${ROOM}: npm test installs it as root`)
  return join(ROOM, newest, 'bin')
}

/** Starts a server and waits until it answers. */
export async function startPostgres(): Promise<PostgresServer> {
  await using stack = new AsyncDisposableStack()
  const bin = programs()
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-pg-'))
  stack.defer(() => rmSync(folder, { recursive: true, force: true }))
  const data = join(folder, 'data')
  mkdirSync(data)
  const isRoot = process.getuid?.() === 0
  if (isRoot) {
    chmodSync(folder, 0o755)
    for (const path of [folder, data]) chownSync(path, Number(NOBODY), Number(NOBODY))
  }
  const unprivileged = isRoot ? ['--reuid', NOBODY, '--regid', NOBODY, '--clear-groups'] : []
  const asUser = (program: string, args: readonly string[]): readonly string[] => [
    ...unprivileged,
    '--pdeathsig',
    'SIGQUIT',
    '--',
    join(bin, program),
    ...args,
  ]
  const made = await execCommand(
    'setpriv',
    asUser('initdb', ['-D', data, '-U', 'signalbox', '--auth=trust', '--encoding=UTF8', '--no-sync']),
    { cwd: folder },
  )
  if (made.failure !== '') throw new Error(`initdb failed: ${made.stdout}${made.stderr}`)
  const server = spawn('setpriv', [...asUser('postgres', ['-D', data, '-k', folder, '-h', '', '-F'])], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  stack.defer(async () => {
    const gone = server.exitCode === null ? once(server, 'exit') : undefined
    server.kill('SIGQUIT')
    await gone
  })
  const said: string[] = []
  for await (const line of createInterface({ input: server.stderr })) {
    said.push(line)
    if (line.includes('ready to accept connections')) break
  }
  if (!said.at(-1)?.includes('ready to accept'))
    throw new Error(`PostgreSQL did not start: ${said.join('\n')}`)
  server.stderr.resume()
  const url = (database: string): string =>
    `postgres://signalbox@/${database}?host=${encodeURIComponent(folder)}`
  const kept = stack.move()
  return {
    folder,
    async createDatabase(name) {
      const client = new Client({ connectionString: url('postgres') })
      await client.connect()
      try {
        await client.query(`create database ${client.escapeIdentifier(name)}`)
      } finally {
        await client.end()
      }
      return url(name)
    },
    async [Symbol.asyncDispose]() {
      await kept.disposeAsync()
    },
  }
}
