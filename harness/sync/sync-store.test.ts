import { expect, test } from 'vitest'
import { describeBarrier, MOST_VALUE_BYTES, openSyncStore } from './sync-store.ts'

const machines = (): readonly string[] => ['m0', 'm1', 'm2']
const bytes = (text: string): Uint8Array => Buffer.from(text)
const at = (member: string, count = 2, token = `${member} call`) => ({ member, count, token })

test('values are kept as they are, and replaced', () => {
  const store = openSyncStore(machines)
  expect(store.get('a/b.c')).toBeUndefined()
  store.set('a/b.c', bytes('1'))
  store.set('a/b.c', new Uint8Array([0, 255]))
  expect(store.get('a/b.c')).toEqual(new Uint8Array([0, 255]))
})

test('what guests fill is bounded', () => {
  const store = openSyncStore(machines)
  store.set('big', new Uint8Array(MOST_VALUE_BYTES))
  expect(() => store.set('big', new Uint8Array(MOST_VALUE_BYTES + 1))).toThrow('at most 65536 bytes')
  for (let n = 1; n < 128; n += 1) store.set(`k${n}`, new Uint8Array(MOST_VALUE_BYTES))
  expect(() => store.set('more', bytes('x'))).toThrow('all values together')
  // Replacing makes room.
  store.set('big', bytes(''))
  store.set('more', bytes('x'))
  const small = openSyncStore(machines)
  for (let n = 0; n < 1000; n += 1) small.set(`k${n}`, bytes(''))
  expect(() => small.set('one-more', bytes(''))).toThrow('at most 1000 keys')
})

test.each(['', 'a b', 'a\n', '\u001B[31m', 'ä', 'x'.repeat(129)])('%j is no name', (name) => {
  const store = openSyncStore(machines)
  expect(() => store.set(name, bytes('x'))).toThrow(/is no name of a key/)
  expect(() => store.get(name)).toThrow(/is no name of a key/)
  expect(() => store.arrive(name, at('m0'))).toThrow(/is no name of a barrier/)
})

test('a barrier opens when all are there, for each that was there, and is closed again', () => {
  const store = openSyncStore(machines)
  expect(store.arrive('b', at('m0'))).toEqual({ kind: 'waiting', there: ['m0'], missing: ['m1', 'm2'] })
  expect(store.arrive('b', at('m0')).kind).toBe('waiting')
  expect(store.arrive('b', at('m1')).kind).toBe('passed')
  // The answer may be asked for again.
  expect(store.arrive('b', at('m0')).kind).toBe('passed')
  expect(store.arrive('b', at('m0')).kind).toBe('passed')
  expect(store.arrive('b', at('m0', 2, 'next round'))).toMatchObject({ kind: 'waiting', there: ['m0'] })
})

test('a member counts once: who arrives anew takes its own place', () => {
  const store = openSyncStore(machines)
  store.arrive('b', at('m0', 3, 'killed'))
  expect(store.arrive('b', at('m0', 3, 'again'))).toMatchObject({ there: ['m0'] })
  expect(store.arrive('b', at('m0/db', 3))).toMatchObject({ there: ['m0', 'm0/db'], missing: ['m1', 'm2'] })
  expect(store.arrive('b', at('m2', 3)).kind).toBe('passed')
})

test('who has given up is not there', () => {
  const store = openSyncStore(machines)
  store.arrive('b', at('m0'))
  store.leave('b', 'm0 call')
  store.leave('b', 'nobody')
  const state = store.arrive('b', at('m1'))
  expect(describeBarrier(state, 2)).toBe('1 of 2 there (m1); not there: m0, m2')
  // Nobody is left: the next may be for another number.
  store.leave('b', 'm1 call')
  expect(store.arrive('b', at('m2', 1)).kind).toBe('passed')
})

test('a barrier is for one number at a time', () => {
  const store = openSyncStore(machines)
  store.arrive('b', at('m0', 3))
  expect(() => store.arrive('b', at('m1', 2))).toThrow('barrier "b" is for 3 here, not for 2')
  for (const count of [0, -1, 1.5, Number.NaN, 1001]) {
    expect(() => store.arrive('c', at('m0', count))).toThrow('a barrier is for 1 to 1000')
  }
})

test('a wait sees what was there, what comes, and its end', async () => {
  const store = openSyncStore(machines)
  const look = () => store.get('k')
  const options = { title: 'the key', timeoutMs: 10_000 }
  const waiting = store.wait(look, options)
  store.set('other', bytes('x'))
  store.set('k', bytes('v'))
  expect(await waiting).toEqual(bytes('v'))
  expect(await store.wait(look, options)).toEqual(bytes('v'))
  const never = (): undefined => undefined
  await expect(
    store.wait(never, { title: 'godot', timeoutMs: 20, lastSeen: () => 'nobody' }),
  ).rejects.toThrow('waited 0.0 s for godot; last seen: nobody')
  const signal = AbortSignal.abort(new Error('enough'))
  await expect(store.wait(never, { ...options, signal })).rejects.toThrow('enough')
})
