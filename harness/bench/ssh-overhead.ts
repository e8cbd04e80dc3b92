// What a command costs beyond SSH itself: a session of the harness, with its events, against the bare ssh2 library, in turns
// against the same sshd on this host.

import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import ssh2, { type Client } from 'ssh2'
import { openEventLog } from '../event-log.ts'
import { commandEvent } from '../machines/machine-trouble.ts'
import { SshSession } from '../ssh/index.ts'
import { startTestSshd, type TestSshd } from '../ssh/sshd.test.fixture.ts'
import { median, type Benchmark } from './figure.ts'

const PAIRS = 100

export const sshOverhead: Benchmark = {
  name: 'ssh-command-overhead',
  unit: 'ms',
  better: 'lower',
  n: 3,
  help: `a command on an open connection, over a bare ssh2 round trip in the same run (median of ${PAIRS} pairs)`,
  asked: { atMost: 5 },
  sample: async (report) => await overheadMs(report),
}

async function overheadMs(report: (line: string) => void): Promise<number> {
  await using stack = new AsyncDisposableStack()
  const sshd = stack.use(await startTestSshd())
  const folder = await mkdtemp(join(tmpdir(), 'signalbox-bench-'))
  stack.defer(async () => await rm(folder, { recursive: true, force: true }))
  const log = stack.use(
    openEventLog({ run: 'bench', folder, readers: [], onWriteError: complain, onReaderError: complain }),
  )
  const session = stack.use(
    new SshSession({
      endpoint: sshd.endpoint,
      user: sshd.user,
      privateKey: sshd.key.privateKey,
      onCommand: (outcome) => log.emit(commandEvent('m0', outcome)),
    }),
  )
  const client = await connectBare(sshd)
  stack.defer(() => void client.end())
  const ours: number[] = []
  const bare: number[] = []
  const over: number[] = []
  // The first commands load code and open what stays open.
  for (let pair = -20; pair < PAIRS; pair += 1) {
    const first = pair % 2 === 0 ? await timeMs(() => bareTrue(client)) : undefined
    const mine = await timeMs(async () => void (await session.run('true')))
    const other = first ?? (await timeMs(() => bareTrue(client)))
    if (pair < 0) continue
    ours.push(mine)
    bare.push(other)
    over.push(mine - other)
  }
  const of = (values: readonly number[]): string => median(values.toSorted((a, b) => a - b)).toFixed(2)
  report(`  ${of(ours)} ms a command, ${of(bare)} ms bare`)
  return median(over.toSorted((a, b) => a - b))
}

async function connectBare({ endpoint, user, key }: TestSshd): Promise<Client> {
  // As the harness dials; otherwise Nagle's algorithm alone would cost it some 40 ms a command.
  const sock = connect({ ...endpoint, noDelay: true })
  const client = new ssh2.Client()
  client.connect({ sock, username: user, privateKey: key.privateKey })
  await once(client, 'ready')
  return client
}

async function bareTrue(client: Client): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  client.exec('true', (error, channel) => {
    if (error !== undefined) return reject(error)
    channel.on('close', () => resolve()).resume()
    channel.stderr.resume()
  })
  await promise
}

async function timeMs(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}

function complain(message: string): void {
  throw new Error(message)
}
