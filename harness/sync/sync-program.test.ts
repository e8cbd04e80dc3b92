// The real program in the real bash, on a terminal in raw mode in place of the virtio-serial port, against the harness's end.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { AgentPort } from '../machine.ts'
import { answerCalls } from './sync-calls.ts'
import { syncProgram } from './sync-program.ts'
import { openSyncStore, type SyncStore } from './sync-store.ts'

vi.setConfig({ testTimeout: 60_000 })
let folder = ''
let store: SyncStore | undefined
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sync-'))
  store = openSyncStore(() => ['m0', 'm1'])
  const program = syncProgram({ device: '/dev/tty', lock: join(folder, 'lock') })
  writeFileSync(join(folder, 'signalbox-sync'), program)
  chmodSync(join(folder, 'signalbox-sync'), 0o755)
})
afterEach(() => rmSync(folder, { recursive: true }))

interface Said {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command line in a guest of its own, `machine`, whose line is a terminal. */
async function run(
  machine: string,
  command: string,
  onLine: (line: string) => void = () => undefined,
): Promise<Said> {
  const inside = `stty raw -echo </dev/tty; exec bash -c "$COMMAND" </dev/null >"$OUT" 2>"$ERR"`
  const paths = ['out', 'err'].map((name) => join(folder, `${machine}.${name}`))
  const [out = '', err = ''] = paths
  const child = spawn('script', ['--quiet', '--return', '--command', inside, '/dev/null'], {
    env: {
      PATH: `${folder}:${process.env['PATH']}`,
      SHELL: '/bin/bash',
      COMMAND: command,
      OUT: out,
      ERR: err,
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const listeners = new Set<(line: string) => void>([onLine])
  let rest = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) for (const listener of listeners) listener(line)
  })
  const port: AgentPort = {
    lines: {
      subscribe(listener) {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
      tail: () => [],
      bytes: 0,
    },
    send: (line) => void child.stdin.write(`${line}\n`),
  }
  using _calls = answerCalls(port, machine, () => store)
  const [status] = (await once(child, 'close')) as [number | null]
  const { readFileSync } = await import('node:fs')
  return { status, stdout: readFileSync(out, 'utf8'), stderr: readFileSync(err, 'utf8') }
}

test('a value goes to the other machine, whatever it is', async () => {
  const value = `it's "quoted" \\n $HOME \u00E9\n\n`
  expect(await run('m0', `signalbox-sync set key '${value.replaceAll("'", `'\\''`)}'`)).toEqual({
    status: 0,
    stdout: '',
    stderr: '',
  })
  expect(await run('m1', 'signalbox-sync get key')).toEqual({ status: 0, stdout: value, stderr: '' })
  expect((await run('m0', 'signalbox-sync set -- ""; signalbox-sync get --')).status).toBe(0)
})

test('a value from standard input, as large as may be, and larger', async () => {
  const { status } = await run(
    'm0',
    'head -c 65536 /dev/urandom >"$OUT.in"; signalbox-sync set big <"$OUT.in" && signalbox-sync get big | cmp - "$OUT.in"',
  )
  expect(status).toBe(0)
  const over = await run('m0', 'head -c 65537 /dev/zero | signalbox-sync set big')
  expect(over).toEqual({ status: 3, stdout: '', stderr: 'signalbox-sync: a value has at most 65536 bytes\n' })
})

test('what is not set is told from what does not come', async () => {
  expect(await run('m0', 'signalbox-sync get key')).toEqual({ status: 1, stdout: '', stderr: '' })
  const waited = await run('m0', 'signalbox-sync get key --wait 1')
  expect(waited).toMatchObject({
    status: 124,
    stderr: 'signalbox-sync: waited 1 s for the key "key" to be set\n',
  })
  const waiting = run('m0', 'signalbox-sync get key --wait 50', (line) => {
    if (line.includes(' get key')) store?.set('key', Buffer.from('late'))
  })
  expect(await waiting).toMatchObject({ status: 0, stdout: 'late' })
})

test('a barrier opens for both, and again', async () => {
  const twice = 'for n in 1 2; do signalbox-sync barrier up 2 --timeout 50 || exit; done'
  const both = await Promise.all([run('m0', twice), run('m1', twice)])
  expect(both.map(({ status, stderr }) => [status, stderr])).toEqual([
    [0, ''],
    [0, ''],
  ])
})

test('a barrier with one dead member names who is missing; who has given up is not counted', async () => {
  const { status, stderr } = await run('m0', 'signalbox-sync barrier up 2 --timeout 1')
  expect([status, stderr]).toEqual([
    124,
    'signalbox-sync: waited 1 s for barrier "up": 1 of 2 there (m0); not there: m1\n',
  ])
  expect(store?.arrive('up', { count: 2, member: 'm1', token: 't' })).toMatchObject({ there: ['m1'] })
})

test('a member that is ended while it waits leaves the barrier', async () => {
  const { status } = await run(
    'm0',
    'timeout --foreground -s TERM 2 signalbox-sync barrier up 2; echo $? >"$OUT.status"',
  )
  expect(status).toBe(0)
  expect(store?.arrive('up', { count: 2, member: 'm1', token: 't' })).toMatchObject({ there: ['m1'] })
})

test('several processes of one machine: one waits, others call', async () => {
  const command =
    'signalbox-sync barrier up 2 --as a & signalbox-sync set k v; signalbox-sync barrier up 2 --as b; wait $!'
  expect(await run('m0', command)).toEqual({ status: 0, stdout: '', stderr: '' })
  expect(Buffer.from(store?.get('k') ?? '').toString()).toBe('v')
})

test.each([
  ['', 'what is to be done?'],
  ['sett a b', 'there is no "sett"'],
  ['set', 'set takes a KEY and a VALUE'],
  ['set "a b" c', '"a b" is no name of a key'],
  ['get a --wait', 'get takes a KEY'],
  ['get a --wait soon', 'SECONDS is a whole number, not "soon"'],
  ['barrier a', 'barrier takes a NAME and a COUNT'],
  ['barrier a -1', 'COUNT is a whole number, not "-1"'],
  ['barrier a 2 --timeout', '--timeout needs a value'],
  ['barrier a 2 --later 3', 'barrier knows no --later'],
  ['barrier a 2 --as "b;c"', '"b;c" is no name of a member'],
])('%j is wrong usage', async (args, message) => {
  const { status, stdout, stderr } = await run('m0', `signalbox-sync ${args}`)
  expect([status, stdout, stderr.split('\n')[0]]).toEqual([2, '', expect.stringContaining(message)])
  expect(stderr).toContain('Exit status: 0 done')
})

test('help, an error of the store, no test, no line', async () => {
  expect(await run('m0', 'signalbox-sync --help')).toMatchObject({ status: 0, stderr: '' })
  store?.arrive('b', { count: 3, member: 'm1', token: 't' })
  expect(await run('m0', 'signalbox-sync barrier b 2')).toMatchObject({
    status: 3,
    stderr: 'signalbox-sync: barrier "b" is for 3 here, not for 2\n',
  })
  store = undefined
  expect(await run('m0', 'signalbox-sync get k')).toMatchObject({
    status: 3,
    stderr: 'signalbox-sync: no test is running on this machine\n',
  })
  writeFileSync(
    join(folder, 'signalbox-sync'),
    syncProgram({ device: '/dev/none/x', lock: join(folder, 'lock') }),
  )
  expect(await run('m0', 'signalbox-sync get k')).toMatchObject({
    status: 3,
    stderr: expect.stringContaining('cannot open /dev/none/x'),
  })
})

test('hostile calls get an answer or none, and fill nothing', () => {
  const sent: string[] = []
  const listeners: ((line: string) => void)[] = []
  const port: AgentPort = {
    lines: { subscribe: (listener) => (listeners.push(listener), () => undefined), tail: () => [], bytes: 0 },
    send: (line) => void sent.push(line),
  }
  using _calls = answerCalls(port, 'm0', () => store)
  const say = (line: string): void => listeners[0]?.(line)
  for (const line of [
    '',
    'x',
    '0123abcd',
    '0123abcd ',
    '0123ABCD get k',
    ' 0123abcd get k',
    '0123abcd GET k',
    'up',
  ])
    say(line)
  expect(sent).toEqual([])
  say('0123abcd get')
  say('0123abcd get \u001B[31m\u0007')
  say('0123abcd frob x')
  say('0123abcd arrive b 2e9 t')
  say('0123abcd set __proto__')
  expect(sent).toEqual([
    '0123abcd error "" is no name of a key',
    '0123abcd error "" is no name of a key',
    '0123abcd error the harness does not know this call: it is of another version',
    '0123abcd error a barrier is for 1 to 1000, not 2000000000',
    '0123abcd ok',
  ])
  for (let n = 0; n < 1000; n += 1) say(`${n.toString(16).padStart(8, '0')} + ${'A'.repeat(8000)}`)
  say(`${(1).toString(16).padStart(8, '0')} set forgotten`)
  expect(store?.get('forgotten')).toEqual(Buffer.from(''))
})
