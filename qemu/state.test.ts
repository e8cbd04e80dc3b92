// Saving and loading a machine's state, against a scripted QEMU: what it is asked, in which order, and what it says when it
// cannot.

import { describe, expect, test } from 'vitest'
import { InfraError } from '../harness/errors.ts'
import { usePeers, type Request } from './qmp-peer.test.fixture.ts'
import { QmpConnection } from './qmp.ts'
import { loadState, saveState } from './state.ts'

const peer = usePeers()

interface Qemu extends Disposable {
  readonly qmp: QmpConnection
  /** What it was asked, with its arguments, without repetitions. */
  readonly asked: readonly string[]
}

/** Answers each command in turn; the last answer for ever. */
async function qemu(answers: Readonly<Record<string, readonly object[]>>): Promise<Qemu> {
  const asked: string[] = []
  const left = new Map(Object.entries(answers).map(([command, all]) => [command, [...all]]))
  const { client } = await peer(({ execute, arguments: args = {} }: Request) => {
    const line = `${execute} ${JSON.stringify(args)}`
    if (asked.at(-1) !== line) asked.push(line)
    const all = left.get(execute) ?? []
    return { return: (all.length > 1 ? all.shift() : all[0]) ?? {} }
  })
  const qmp = await QmpConnection.negotiate(client)
  return { qmp, asked, [Symbol.dispose]: () => qmp[Symbol.dispose]() }
}

const capabilities = (ignoreShared: boolean): string =>
  `migrate-set-capabilities ${JSON.stringify({
    capabilities: [
      { capability: 'x-ignore-shared', state: ignoreShared },
      { capability: 'mapped-ram', state: !ignoreShared },
    ],
  })}`

describe('saveState', () => {
  test.each([
    ['memory-file', true],
    ['state-file', false],
  ] as const)('stops the guest first, and waits until all is written (%s)', async (memory, ignoreShared) => {
    using machine = await qemu({
      'query-migrate': [{}, { status: 'setup' }, { status: 'active' }, { status: 'completed' }],
    })
    await saveState(machine.qmp, '/t/state', { memory })
    expect(machine.asked).toEqual([
      'stop {}',
      capabilities(ignoreShared),
      'migrate {"uri":"file:/t/state"}',
      'query-migrate {}',
    ])
  })

  test.each([
    [{ status: 'failed', 'error-desc': 'No space left on device' }, /state: No space left on device$/],
    [{ status: 'failed' }, /state: failed$/],
    [{ status: 'cancelled' }, /state: cancelled$/],
  ])('says why it failed: %j', async (answer, message) => {
    using machine = await qemu({ 'query-migrate': [{ status: 'active' }, answer] })
    const saving = saveState(machine.qmp, '/t/state', { memory: 'memory-file' })
    await expect(saving).rejects.toThrow(message)
    await expect(saving).rejects.toSatisfy(
      (error) => error instanceof InfraError && error.code === 'state-not-saved',
    )
  })

  test('ends when it is interrupted', async () => {
    using machine = await qemu({ 'query-migrate': [{ status: 'active' }] })
    await expect(
      saveState(machine.qmp, '/t/state', { memory: 'memory-file', signal: AbortSignal.timeout(50) }),
    ).rejects.toThrow('aborted due to timeout')
  })
})

describe('loadState', () => {
  test.each([
    ['memory-file', true],
    ['state-file', false],
  ] as const)('waits until the machine is no longer coming in (%s)', async (memory, ignoreShared) => {
    using machine = await qemu({
      'query-status': [{ status: 'inmigrate' }, { status: 'inmigrate' }, { status: 'paused' }],
      'query-migrate': [{ status: 'active' }],
    })
    await loadState(machine.qmp, '/t/state', { memory })
    expect(machine.asked).toEqual([
      capabilities(ignoreShared),
      'migrate-incoming {"uri":"file:/t/state"}',
      'query-status {}',
      'query-migrate {}',
      'query-status {}',
      'query-migrate {}',
      'query-status {}',
    ])
  })

  test.each([
    [{ status: 'failed', 'error-desc': 'Unknown section' }, /the saved state: Unknown section$/],
    [{ status: 'failed' }, /the saved state: it gives no reason$/],
  ])('says why it failed: %j', async (answer, message) => {
    using machine = await qemu({ 'query-status': [{ status: 'inmigrate' }], 'query-migrate': [{}, answer] })
    const loading = loadState(machine.qmp, '/t/state', { memory: 'state-file' })
    await expect(loading).rejects.toThrow(message)
    await expect(loading).rejects.toMatchObject({ code: 'state-not-loaded' })
  })

  test('ends when it is interrupted', async () => {
    using machine = await qemu({ 'query-status': [{ status: 'inmigrate' }], 'query-migrate': [{}] })
    await expect(
      loadState(machine.qmp, '/t/state', { memory: 'memory-file', signal: AbortSignal.timeout(50) }),
    ).rejects.toThrow('aborted due to timeout')
  })
})
