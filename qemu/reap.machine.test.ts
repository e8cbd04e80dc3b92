// SIGKILL of the process that owns machines: they die at once, and what is left on disk goes with the next reaping.

import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, expect, test } from 'vitest'
import { sleep, withDeadline } from '../harness/deadline.ts'
import { readLedger } from '../harness/ledger.ts'
import { identifyProcess, isAlive, type ProcessIdentity } from '../harness/process.ts'
import { createMachineFolders } from './machine-folders.ts'
import { reapDeadMachines, reapDetachedMachines } from './reap.ts'

const folder = mkdtempSync(join(tmpdir(), 'reap-'))
process.env['SIGNALBOX_RUNTIME'] = join(folder, 'run')
process.env['SIGNALBOX_CACHE'] = join(folder, 'cache')
afterAll(() => rmSync(folder, { recursive: true }))

interface Owned {
  readonly pid: number
  readonly runtime: string
  readonly storage: string
}

test('a killed owner takes its QEMU and swtpm along; reaping removes the rest, and only that', async () => {
  await using ours = await createMachineFolders()
  const owner = startOwner('tied')
  const owned = await firstLine(owner)
  const machine = identify(owned.pid)
  owner.kill('SIGKILL')
  await once(owner, 'exit')
  await gone(machine)
  expect(existsSync(owned.storage)).toBe(true)
  const reaped = await reapDeadMachines()
  expect(reaped.map(({ kind }) => kind).toSorted()).toEqual(['qemu', 'swtpm'])
  expect([existsSync(owned.runtime), existsSync(owned.storage)]).toEqual([false, false])
  expect(existsSync(ours.storage)).toBe(true)
  expect(readLedger().map(({ id }) => id)).toEqual([`qemu-${ours.id}`])
  expect(await reapDeadMachines()).toEqual([])
})

test('a QEMU that outlived its owner is killed by its uuid', async () => {
  const owner = startOwner('untied')
  const owned = await firstLine(owner)
  const machine = identify(owned.pid)
  owner.kill('SIGKILL')
  await once(owner, 'exit')
  expect(isAlive(machine)).toBe(true)
  const reaped = await reapDeadMachines()
  expect(reaped).toMatchObject([{ kind: 'qemu', killed: [owned.pid] }])
  expect(isAlive(machine)).toBe(false)
  expect(existsSync(owned.storage)).toBe(false)
})

test('a detached machine outlives its maker, and goes only when it is asked to', async () => {
  const owner = startOwner('detached')
  const owned = await firstLine(owner)
  const machine = identify(owned.pid)
  owner.kill('SIGKILL')
  await once(owner, 'exit')
  expect(await reapDeadMachines()).toEqual([])
  expect(isAlive(machine)).toBe(true)
  const reaped = await reapDetachedMachines()
  expect(reaped.map(({ kind }) => kind).toSorted()).toEqual(['qemu', 'swtpm'])
  expect(isAlive(machine)).toBe(false)
  expect(existsSync(owned.storage)).toBe(false)
  expect(readLedger()).toEqual([])
})

function startOwner(how: 'tied' | 'untied' | 'detached'): ChildProcess {
  const script = join(import.meta.dirname, 'reap-owner.test.fixture.ts')
  return spawn(process.execPath, [script, how], { stdio: ['ignore', 'pipe', 'inherit'] })
}

async function firstLine({ stdout }: ChildProcess): Promise<Owned> {
  if (stdout === null) throw new Error('no output')
  const [line] = (await once(createInterface({ input: stdout }), 'line')) as [string]
  return JSON.parse(line) as Owned
}

function identify(pid: number): ProcessIdentity {
  const identity = identifyProcess(pid)
  if (identity === undefined) throw new Error(`process ${pid} does not run`)
  return identity
}

async function gone(machine: ProcessIdentity): Promise<void> {
  await withDeadline({ phase: 'QEMU to die with its owner', timeoutMs: 5000 }, async ({ signal }) => {
    while (isAlive(machine)) await sleep(10, signal)
  })
}
