// What every platform that saves machines must do: they go on, and what was saved comes up in any later session, as often as
// one likes.

import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { PlatformMachine, PlatformSession, SavedMachine } from '../../harness/machine.ts'

export interface SavesSubject {
  readonly session: () => PlatformSession
  /** Another session of the same platform. */
  readonly open: () => Promise<PlatformSession>
  readonly create: (name: string) => Promise<PlatformMachine>
  /** A folder of this test's. */
  readonly folderFor: (name: string) => string
  /** Waits until it has printed what every boot of it prints. */
  readonly untilRunning: (machine: PlatformMachine) => Promise<void>
  readonly timeoutMs: number
}

const never = new AbortController().signal

/** Declares the cases within the suite of a platform. */
export function savesContract(subject: SavesSubject): void {
  const { session, open, create, folderFor, untilRunning, timeoutMs } = subject
  const savesOf = ({ saves }: PlatformSession): NonNullable<PlatformSession['saves']> =>
    saves ?? expect.unreachable('it saves no machines')

  test(
    'machines that are saved go on; a later session brings them up, twice, and changes nothing of what was saved',
    async () => {
      await using all = new AsyncDisposableStack()
      const machines = await Promise.all(['m0', 'm1'].map(async (name) => all.use(await create(name))))
      await Promise.all(machines.map(untilRunning))
      const saves = savesOf(session())
      const orders = machines.map((machine) => ({ machine, folder: folderFor(`${machine.name}-saved`) }))
      const estimate = await saves.estimate(machines)
      const saved = await saves.save(orders, never)
      expect(saved.map(({ spec }) => spec.name)).toEqual(['m0', 'm1'])
      expect(sizeOf(orders.map(({ folder }) => folder))).toBeLessThanOrEqual(estimate)
      for (const machine of machines) await runsOn(machine)

      await using later = await open()
      // As it is read from beside the results.
      const record = JSON.parse(JSON.stringify(saved[1])) as SavedMachine
      const folder = orders[1]?.folder ?? ''
      const before = contentOf(folder)
      expect(savesOf(later).refuses(record)).toBeUndefined()
      for (const time of ['first', 'second']) {
        const options = { folder: folderFor(time), signal: never }
        await using machine = await savesOf(later).resume(record, folder, options)
        expect(machine.name).toBe('m1')
        expect(machines.map(({ id }) => id)).not.toContain(machine.id)
        expect((await machine.ssh(never)).port).toBeGreaterThan(0)
        await runsOn(machine)
      }
      expect(contentOf(folder)).toEqual(before)
    },
    timeoutMs,
  )

  test(
    'what another version has saved is refused with a reason',
    async () => {
      await using machine = await create('m0')
      await untilRunning(machine)
      const [saved] = await savesOf(session()).save([{ machine, folder: folderFor('saved') }], never)
      const facts = Object.fromEntries(Object.keys(saved?.facts ?? {}).map((fact) => [fact, 'another']))
      const spec = saved?.spec ?? expect.unreachable('nothing was saved')
      expect(savesOf(session()).refuses({ spec, facts })).toMatch(/another/)
    },
    timeoutMs,
  )

  test(
    'a save that is aborted has its reason, and the machine goes on',
    async () => {
      await using machine = await create('m0')
      await untilRunning(machine)
      const reason = new Error('enough')
      const orders = [{ machine, folder: folderFor('saved') }]
      await expect(savesOf(session()).save(orders, AbortSignal.abort(reason))).rejects.toBe(reason)
      await runsOn(machine)
    },
    timeoutMs,
  )
}

/** Only one whose processors run boots anew after a reset. */
async function runsOn(machine: PlatformMachine): Promise<void> {
  const { bytes } = machine.console
  await machine.power('reset', never)
  await expect.poll(() => machine.console.bytes, { timeout: 30_000 }).toBeGreaterThan(bytes)
}

function contentOf(folder: string): readonly string[] {
  return readdirSync(folder)
    .toSorted()
    .map((name) => {
      const { size, mtimeMs } = statSync(join(folder, name))
      return `${name} ${size} ${mtimeMs}`
    })
}

function sizeOf(folders: readonly string[]): number {
  const files = folders.flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))
  return files.reduce((sum, path) => sum + statSync(path).blocks * 512, 0)
}
