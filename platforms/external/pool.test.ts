// Hosts shared by several runs: one owner at a time, also between processes; a killed owner's host is free; a host that keeps failing is
// left alone for a while.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { holdHost, listQuarantined, openPool } from './pool.ts'

const hosts = [
  { host: '10.0.0.1', port: 22 },
  { host: 'rack.example', port: 2222 },
]
const { signal } = new AbortController()

async function openTestPool(stack: AsyncDisposableStack) {
  const pool = mkdtempSync(join(tmpdir(), 'signalbox-pool-'))
  stack.defer(() => rmSync(pool, { recursive: true }))
  await openPool(pool)
  return { hosts, pool, waitMs: 0, quarantineAfter: 2, quarantineMs: 60_000 }
}

test('each host has one owner; the next one gets the next host, and waits when there is none', async () => {
  await using stack = new AsyncDisposableStack()
  const config = await openTestPool(stack)
  const first = await holdHost(config, signal)
  const second = await holdHost(config, signal)
  expect([first.address, second.address]).toEqual(hosts)
  await expect(holdHost(config, signal)).rejects.toMatchObject({ name: 'InfraError', code: 'no-free-host' })
  const waiting = holdHost({ ...config, waitMs: 60_000 }, signal)
  await first[Symbol.asyncDispose]()
  const third = await waiting
  expect(third.address).toEqual(hosts[0])
  await third[Symbol.asyncDispose]()
  await second[Symbol.asyncDispose]()
})

test('another process owns a host until it dies, by SIGKILL too', async () => {
  await using stack = new AsyncDisposableStack()
  const config = await openTestPool(stack)
  const program = `
    import { holdHost } from ${JSON.stringify(join(import.meta.dirname, 'pool.ts'))}
    await holdHost(${JSON.stringify(config)}, new AbortController().signal)
    process.stdout.write('held')
    setInterval(() => undefined, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  stack.defer(() => void child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  const here = await holdHost(config, signal)
  expect(here.address).toEqual(hosts[1])
  await expect(holdHost(config, signal)).rejects.toMatchObject({ code: 'no-free-host' })
  child.kill('SIGKILL')
  await once(child, 'exit')
  const freed = await holdHost(config, signal)
  expect(freed.address).toEqual(hosts[0])
  await freed[Symbol.asyncDispose]()
  await here[Symbol.asyncDispose]()
})

test('a host that fails twice in a row is in quarantine until its time is over; one success forgets a failure', async () => {
  await using stack = new AsyncDisposableStack()
  const config = { ...(await openTestPool(stack)), hosts: hosts.slice(0, 1) }
  let nowMs = 1_000_000
  const use = async (work: 'worked' | 'failed'): Promise<void> => {
    await using held = await holdHost(config, signal, () => nowMs)
    if (work === 'worked') await held.worked()
    else await held.failed('no answer\u001B[31m')
  }
  await use('failed')
  await use('worked')
  await use('failed')
  expect(await listQuarantined(config, nowMs)).toEqual([])
  await use('failed')
  expect(await listQuarantined(config, nowMs)).toEqual([
    { host: '10.0.0.1:22', untilMs: nowMs + 60_000, why: 'no answer' },
  ])
  await expect(use('worked')).rejects.toMatchObject({
    name: 'InfraError',
    code: 'no-healthy-host',
    evidence: [expect.stringContaining('10.0.0.1:22 until 1970-01-01T00:17:40.000Z: no answer')],
  })
  nowMs += 60_000
  await use('worked')
})
