import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, expect as vitestExpect, it } from 'vitest'
import { machineBrand } from '../fixtures/brand.ts'
import type { Machine } from '../fixtures/fixtures.ts'
import { inAttempt, type AttemptContext } from '../running/context.ts'
import type { MachineSnapshot, UpdateMode } from '../snapshot/index.ts'
import { snapshotOf } from '../snapshot/snapshot.test.data.ts'
import { expect } from './expect.ts'

const folder = mkdtempSync(join(tmpdir(), 'snapshots-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const golden = join(folder, 'drift-snapshots', 'fresh-reference-x86_64.json')
beforeEach(() => rmSync(join(folder, 'drift-snapshots'), { recursive: true, force: true }))

const machineIn = (...states: readonly MachineSnapshot[]): Machine => {
  let round = 0
  const snapshot = async (): Promise<MachineSnapshot> =>
    await Promise.resolve(states[Math.min(round++, states.length - 1)] ?? snapshotOf({}))
  return { [machineBrand]: true, name: 'm0', slowness: 1, snapshot } as unknown as Machine
}
let runs = 0
const inTest = async (
  updateSnapshots: UpdateMode,
  work: () => Promise<void>,
  runFolder = `run-${runs++}`,
): Promise<void> => {
  const context: AttemptContext = {
    ref: { test: 'a', n: 1 },
    plan: {
      test: 'a',
      location: { file: join(folder, 'drift.ts'), line: 1, column: 1 },
      tags: [],
      aliases: [],
      expectation: { kind: 'run' },
    },
    emit: () => undefined,
    signal: new AbortController().signal,
    runFolder,
    folder,
    failures: [],
    phase: 'body',
    step: undefined,
    holdDeadline: () => ({ [Symbol.dispose]: () => undefined }),
    updateSnapshots,
    counter: { steps: 0, attachments: 0, heldMs: 0 },
  }
  await inAttempt(context, work)
}
const good = snapshotOf({ units: { 'ssh.service': 'active running' } })
const bad = snapshotOf({ units: { 'ssh.service': 'failed failed' } })
const compare = async (machine: Machine): Promise<void> =>
  await expect(machine).toMatchSnapshot('fresh', { timeoutMs: 1, parts: ['units'] })

it('writes a missing golden file, fails for the whole run, and passes from the next on', async () => {
  for (let attempt = 0; attempt < 2; attempt += 1) {
    await vitestExpect(
      inTest('missing', async () => await compare(machineIn(good)), 'the same run'),
    ).rejects.toThrow(/there was no snapshot .*fresh-reference-x86_64\.json; it has been written/)
  }
  vitestExpect(JSON.parse(readFileSync(golden, 'utf8'))).toEqual({
    units: { 'ssh.service': 'active running' },
  })
  await inTest('missing', async () => await compare(machineIn(good)))
})

it('writes none where it must not', async () => {
  await vitestExpect(inTest('none', async () => await compare(machineIn(good)))).rejects.toThrow(
    'there is no snapshot',
  )
  await inTest(
    'all',
    async () =>
      await expect(machineIn(good))
        .not.toMatchSnapshot('other', { timeoutMs: 1 })
        .catch(() => undefined),
  )
  vitestExpect(existsSync(join(folder, 'drift-snapshots'))).toBe(false)
})

it('shows what differs as a diff, and keeps the whole state', async () => {
  await inTest('changed', async () => await compare(machineIn(good)))
  await vitestExpect(inTest('missing', async () => await compare(machineIn(bad)))).rejects.toThrow(
    /expected m0: the state of the snapshot "fresh"\nlast seen after .*\n.*units:\n- ssh.service: active running\n\+ ssh.service: failed failed$/s,
  )
  const kept = readFileSync(join(folder, 'attachments', '1-fresh-actual.json'), 'utf8')
  vitestExpect(kept).toContain('"ssh.service": "failed failed"')
})

it('waits for a machine that is still on its way', async () => {
  await inTest('changed', async () => await compare(machineIn(good)))
  await inTest('missing', async () => {
    await expect(machineIn(bad, bad, good)).toMatchSnapshot('fresh')
  })
})

it('takes a change over only when it is told to, and keeps what the file leaves out', async () => {
  await inTest('changed', async () => await compare(machineIn(good)))
  writeFileSync(golden, '{ "units": { "ssh.service": "/^active/" } }')
  await inTest(
    'changed',
    async () =>
      await compare(machineIn(snapshotOf({ units: { 'ssh.service': 'active exited', more: 'x' } }))),
  )
  vitestExpect(readFileSync(golden, 'utf8')).toBe('{ "units": { "ssh.service": "/^active/" } }')
  await inTest('changed', async () => await compare(machineIn(bad)))
  vitestExpect(JSON.parse(readFileSync(golden, 'utf8'))).toEqual({
    units: { 'ssh.service': 'failed failed' },
  })
})

it('compares a machine with another and with a state that was kept', async () => {
  await expect(machineIn(good)).toHaveStateOf(machineIn(good))
  await expect(machineIn(good)).toHaveStateOf(bad, { except: { units: ['ssh.service'] } })
  await vitestExpect(expect(machineIn(good)).toHaveStateOf(bad, { timeoutMs: 1 })).rejects.toThrow(
    'units: ssh.service: expected "failed failed", is "active running"',
  )
})
