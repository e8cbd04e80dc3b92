// Many who want the same template at once: one builds it, the others wait and get it, and a builder that is killed keeps
// nobody waiting.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readLedger } from '../../harness/ledger.ts'
import { reapDeadMachines } from '../reap.ts'
import { removeLeftovers } from './evict.ts'
import { keyOf, requireDraft, requireTemplate, useTemplateWorld } from './template-world.test.fixture.ts'

const world = useTemplateWorld()
const KEY = keyOf(7)
const SLOW = { timeout: 30_000 }

interface Claimant extends AsyncDisposable {
  readonly pid: number
  /** The next thing it says. */
  heard(): Promise<Readonly<Record<string, unknown>>>
  tell(order: 'publish' | 'give-up'): void
  kill(): Promise<void>
}

function startClaimant(): Claimant {
  const script = join(import.meta.dirname, 'claim.test.fixture.ts')
  const child = spawn(process.execPath, [script, world.place.folder, KEY], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const exited = once(child, 'exit')
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL')
    await exited
  }
  return {
    pid: child.pid ?? 0,
    heard: async () => {
      const next = await lines.next()
      if (next.done === true) throw new Error('the claimant ended without a word')
      return JSON.parse(next.value) as Readonly<Record<string, unknown>>
    },
    tell: (order) => void child.stdin.write(`${order}\n`),
    kill,
    [Symbol.asyncDispose]: kill,
  }
}

test('two at once in one process: one builds, the other waits and gets it', async () => {
  await using draft = await world.draft(KEY)
  const waits = Promise.withResolvers<void>()
  const second = world.claim(KEY, { onWait: () => waits.resolve() })
  await waits.promise
  const { record } = await draft.publish({}, { made: 'by the first' })
  await draft[Symbol.asyncDispose]()
  expect(requireTemplate(await second).record).toEqual(record)
})

test('when the first gives up, the second may build', async () => {
  const first = await world.draft(KEY)
  const waits = Promise.withResolvers<void>()
  const second = world.claim(KEY, { onWait: () => waits.resolve() })
  await waits.promise
  await first[Symbol.asyncDispose]()
  await using draft = requireDraft(await second)
  expect(draft.folder).not.toBe(first.folder)
})

test('when the first finds that none can be made, the second is told', async () => {
  const first = await world.draft(KEY)
  const waits = Promise.withResolvers<void>()
  const second = world.claim(KEY, { onWait: () => waits.resolve() })
  await waits.promise
  await first.refuse('restless')
  await first[Symbol.asyncDispose]()
  expect(await second).toEqual({ kind: 'none', reason: 'restless' })
})

test('who waits can be interrupted; another key need not wait', async () => {
  await using draft = await world.draft(KEY)
  const abort = new AbortController()
  const second = world.claim(KEY, {
    signal: abort.signal,
    onWait: () => abort.abort(new Error('enough')),
  })
  await expect(second).rejects.toThrow('enough')
  await using other = await world.draft(keyOf(8))
  expect([existsSync(draft.folder), existsSync(other.folder)]).toEqual([true, true])
})

test('two processes: the other one gets what the first one built', SLOW, async () => {
  await using first = startClaimant()
  expect(await first.heard()).toMatchObject({ kind: 'draft' })
  await using second = startClaimant()
  expect(await second.heard()).toEqual({ kind: 'waits' })
  const waits = Promise.withResolvers<void>()
  const here = world.claim(KEY, { onWait: () => waits.resolve() })
  await waits.promise
  first.tell('publish')
  expect(await first.heard()).toEqual({ kind: 'done' })
  expect(await second.heard()).toEqual({ kind: 'template', facts: { by: first.pid } })
  expect(requireTemplate(await here).record.facts).toEqual({ by: first.pid })
  expect([await readdir(world.place.folder), readLedger()]).toEqual([[KEY], []])
})

test('a builder that is killed: who waits takes over at once', SLOW, async () => {
  await using first = startClaimant()
  const { folder: abandoned } = await first.heard()
  const waits = Promise.withResolvers<void>()
  const waiting = world.claim(KEY, { onWait: () => waits.resolve() })
  await waits.promise
  await first.kill()
  const killedAt = performance.now()
  await using draft = requireDraft(await waiting)
  expect(performance.now() - killedAt).toBeLessThan(2000)
  expect(existsSync(String(abandoned))).toBe(false)
  expect(readLedger().filter(({ ownerAlive }) => ownerAlive)).toMatchObject([
    { data: { folder: draft.folder } },
  ])
  await draft.publish({}, {})
  await draft[Symbol.asyncDispose]()
  await reapDeadMachines()
  expect([await readdir(world.place.folder), readLedger()]).toEqual([[KEY], []])
})

test("a builder that is killed: what it left is found, and nobody else's", SLOW, async () => {
  await using first = startClaimant()
  const { folder } = await first.heard()
  await using other = await world.draft(keyOf(8))
  expect([await removeLeftovers(world.place), await reapDeadMachines()]).toEqual([[], []])
  await first.kill()
  expect(await reapDeadMachines()).toMatchObject([{ kind: 'template', folders: [folder] }])
  expect([existsSync(String(folder)), existsSync(other.folder)]).toEqual([false, true])
  expect(readLedger()).toMatchObject([{ data: { folder: other.folder } }])
  await using draft = requireDraft(await world.claim(KEY))
  expect(draft.folder).not.toBe(folder)
})

test('without a reaper the next look at the place removes it', SLOW, async () => {
  await using first = startClaimant()
  const { folder } = await first.heard()
  await using other = await world.draft(keyOf(8))
  await first.kill()
  expect(await removeLeftovers(world.place)).toEqual([folder])
  expect([existsSync(String(folder)), existsSync(other.folder)]).toEqual([false, true])
})
