// The update server under load: Omaha requests from one process while eight clients of another download a payload again and
// again at full speed, and the server in a process of its own, with its event log, as in a run.

import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Benchmark } from './figure.ts'
import { peakResidentMiB } from './process-memory.ts'
import type { LoadResult, LoadSpec } from './update-server/load.ts'

const PAYLOAD_MIB = 500
const CLIENTS = 8
const SECONDS = 10
/** What is asked of the server; for the latency that is the load. */
const RATE = 1000

const what = `while ${CLIENTS} clients download ${PAYLOAD_MIB} MiB again and again`

export const updateServerBenchmarks: readonly Benchmark[] = [
  {
    name: 'omaha-rate',
    unit: 'req/s',
    better: 'higher',
    n: 3,
    help: `Omaha requests that the update server answers, 16 at a time, ${what}`,
    asked: { atLeast: RATE },
    sample: async (report) => (await underLoad({ connections: 16, rate: undefined }, report)).perSecond,
  },
  {
    name: 'omaha-p99',
    unit: 'ms',
    better: 'lower',
    n: 3,
    help: `99th percentile of its answers at ${RATE} requests a second, counted from when each was due, ${what}`,
    asked: { atMost: 20 },
    sample: async (report) => (await underLoad({ connections: 64, rate: RATE }, report)).p99Ms,
  },
  {
    name: 'omaha-memory',
    unit: 'MiB',
    better: 'lower',
    n: 3,
    help: `peak resident memory of its process at ${RATE} requests a second, ${what}`,
    asked: { atMost: 200 },
    sample: async (report) => (await underLoad({ connections: 64, rate: RATE }, report)).memoryMiB,
  },
]

type Measured = LoadResult & { readonly memoryMiB: number }

async function underLoad(
  load: Pick<LoadSpec, 'connections' | 'rate'>,
  report: (line: string) => void,
): Promise<Measured> {
  await using stack = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'signalbox-bench-'))
  stack.defer(async () => await rm(folder, { recursive: true, force: true }))
  const payload = join(folder, 'payload.gz')
  await writePayload(payload)
  const server = stack.use(startProcess('server.ts', [payload, folder]))
  const { omaha, download } = JSON.parse(await server.line()) as {
    readonly omaha: string
    readonly download: string
  }
  const downloads = stack.use(startProcess('downloads.ts', [download, `${CLIENTS}`]))
  // All of them get bytes.
  await downloads.line()
  const spec: LoadSpec = { url: omaha, seconds: SECONDS, ...load }
  const loading = stack.use(startProcess('load.ts', [JSON.stringify(spec)]))
  const result = JSON.parse(await loading.line()) as LoadResult
  const memoryMiB = await peakResidentMiB(server.pid)
  const mibPerSecond = JSON.parse(await downloads.stop()) as number
  report(
    `  ${result.perSecond.toFixed(0)} req/s, p50 ${result.p50Ms.toFixed(1)} ms, p99 ${result.p99Ms.toFixed(1)} ms, ` +
      `${memoryMiB.toFixed(0)} MiB, downloads ${mibPerSecond.toFixed(0)} MiB/s`,
  )
  return { ...result, memoryMiB }
}

interface BenchProcess extends AsyncDisposable {
  readonly pid: number
  /** The next line that it prints; throws when it ends instead. */
  line(): Promise<string>
  /** Closes its standard input, upon which it prints a last line and ends. */
  stop(): Promise<string>
}

function startProcess(program: string, args: readonly string[]): BenchProcess {
  const path = join(import.meta.dirname, 'update-server', program)
  const child: ChildProcess = spawn(process.execPath, [path, ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  const lines = createInterface({ input: child.stdout ?? process.stdin })[Symbol.asyncIterator]()
  const line = async (): Promise<string> => {
    const { value, done } = await lines.next()
    if (done === true) throw new Error(`${program} ended without a result`)
    return value
  }
  return {
    pid: child.pid ?? 0,
    line,
    async stop() {
      child.stdin?.end()
      return await line()
    },
    async [Symbol.asyncDispose]() {
      child.kill()
      await exited
    },
  }
}

async function writePayload(path: string): Promise<void> {
  await using file = await open(path, 'w')
  const block = randomBytes(1024 * 1024)
  for (let at = 0; at < PAYLOAD_MIB; at += 1) await file.write(block)
}
