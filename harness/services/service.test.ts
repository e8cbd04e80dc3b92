import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it, vi } from 'vitest'
import { InfraError } from '../errors.ts'
import { identifyProcess } from '../process.ts'
import type { Ready } from './ready.ts'
import type { ServiceSpec } from './service.ts'
import { startServices, type Services } from './start-services.ts'

vi.setConfig({ testTimeout: 60_000 })
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'signalbox-services-')))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const program = join(import.meta.dirname, 'service.test.fixture.ts')
const started: Ready = { kind: 'started' }
const line = (pattern: string | RegExp): Ready => ({ kind: 'line', pattern })

const spec = (name: string, args: readonly string[], rest: Partial<ServiceSpec> = {}): ServiceSpec => ({
  name,
  command: [process.execPath, program, ...args],
  ready: started,
  readyTimeoutMs: 30_000,
  env: {},
  cwd: folder,
  ...rest,
})

const notices: string[] = []
const start = async (
  specs: readonly ServiceSpec[],
  signal = new AbortController().signal,
): Promise<Services> =>
  await startServices({ specs, folder, signal, onNotice: (message) => notices.push(message) })

const logOf = (name: string): string => readFileSync(join(folder, `${name}.log`), 'utf8')
const isRunning = (pid: number): boolean => identifyProcess(pid) !== undefined

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

it('waits until a URL answers', async () => {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}/`
  const services = await start([spec('url', ['serves', String(port)], { ready: { kind: 'url', url } })])
  expect((await fetch(url)).status).toBe(200)
  await services[Symbol.asyncDispose]()
  await expect(fetch(url)).rejects.toThrow('fetch failed')
})

it('does not take any answer for one', async () => {
  const port = await freePort()
  const ready: Ready = { kind: 'url', url: `http://127.0.0.1:${port}/` }
  const starting = start([spec('gone', ['serves', `${port},404`], { ready, readyTimeoutMs: 1500 })])
  await expect(starting).rejects.toThrow(
    `service "gone" was not ready: waited 1.5 s for http://127.0.0.1:${port}/`,
  )
})

it('waits until a port accepts, and a later service finds the earlier one there', async () => {
  const port = await freePort()
  const ready: Ready = { kind: 'port', port }
  await using services = await start([
    spec('first', ['serves', String(port)], { ready }),
    spec('second', ['says', 'hello'], { ready: line(/^hel+o$/g) }),
  ])
  expect(services.died.aborted).toBe(false)
  await expect.poll(() => logOf('second')).toBe('starting\nhello\n')
})

it('gives it an environment and a folder', async () => {
  mkdirSync(join(folder, 'work'))
  const cwd = join(folder, 'work')
  const env = { SERVICE_COLOUR: 'green' }
  await using services = await start([
    spec('colour', ['environment', 'SERVICE_COLOUR'], { env, cwd, ready: line('green') }),
  ])
  void services
  await expect.poll(() => logOf('colour')).toBe(`${cwd} green\n`)
})

it('refuses an address at which somebody answers already', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const starting = start([spec('late', ['serves', String(port)], { ready: { kind: 'port', port } })])
  await expect(starting).rejects.toThrow(
    `service "late" cannot start: somebody answers at port ${port} already`,
  )
  server.close()
})

it.each<[string, ServiceSpec, string, readonly string[]]>([
  [
    'ends before it is ready',
    spec('gives-up', ['ends', '3'], { ready: line('ready') }),
    'service "gives-up" ended with exit status 3',
    ['there is no database', 'so I give up'],
  ],
  [
    'never gets ready',
    {
      ...spec('slow', [], { ready: line('ready'), readyTimeoutMs: 3000 }),
      // Quicker to speak than Node.
      command: ['sh', '-c', 'echo starting; echo nearly; sleep 1000'],
    },
    'service "slow" was not ready: waited 3.0 s for a line with "ready"',
    ['starting', 'nearly'],
  ],
  [
    'is no program',
    { ...spec('nothing', []), command: ['/nonexistent/program'], ready: line('ready') },
    'service "nothing" ended with exit status 127',
    [expect.stringContaining('/nonexistent/program')],
  ],
])('is an infrastructure fault with its last lines when it %s', async (_, wanted, message, evidence) => {
  const error = await start([spec('before', ['says', 'x'], { ready: line('x') }), wanted]).catch(
    (e: unknown) => e,
  )
  expect(error).toBeInstanceOf(InfraError)
  expect(error).toMatchObject({ message, evidence, hint: `its log is ${join(folder, `${wanted.name}.log`)}` })
})

it('says when one dies later, with its last lines', async () => {
  await using services = await start([spec('fire', ['ends-later', '100'], { ready: line('ready') })])
  if (!services.died.aborted) await once(services.died, 'abort')
  expect(services.died.reason).toMatchObject({
    code: 'service-died',
    message: 'service "fire" ended with exit status 7',
    evidence: ['ready', 'the disk is on fire'],
  })
})

it('kills one that ignores SIGTERM, and what it started', async () => {
  const pidFile = join(folder, 'child.pid')
  const services = await start([spec('stubborn', ['has-a-child', pidFile], { ready: line('ready') })])
  const child = Number(readFileSync(pidFile, 'utf8'))
  expect(isRunning(child)).toBe(true)
  notices.length = 0
  await services[Symbol.asyncDispose]()
  expect(notices).toEqual(['service "stubborn" did not end on SIGTERM and was killed'])
  await expect.poll(() => logOf('stubborn')).toContain('ready\nno\n')
  await expect.poll(() => isRunning(child)).toBe(false)
})

it('takes along what a service leaves behind when it dies', async () => {
  const pidFile = join(folder, 'orphan.pid')
  await using services = await start([spec('parent', ['has-a-child', pidFile], { ready: line('ready') })])
  const child = Number(readFileSync(pidFile, 'utf8'))
  const group = Number(/^\d+ \(.*\) \S+ \d+ (\d+)/.exec(readFileSync(`/proc/${child}/stat`, 'utf8'))?.[1])
  process.kill(group, 'SIGKILL')
  if (!services.died.aborted) await once(services.died, 'abort')
  expect(services.died.reason).toMatchObject({ message: 'service "parent" was ended by SIGKILL' })
  await expect.poll(() => isRunning(child)).toBe(false)
})

it('stops waiting when it is told to', async () => {
  const abort = new AbortController()
  const starting = start([spec('waits', ['says', 'x'], { ready: line('never') })], abort.signal)
  setTimeout(() => abort.abort(new Error('enough')), 200)
  await expect(starting).rejects.toThrow('enough')
})
