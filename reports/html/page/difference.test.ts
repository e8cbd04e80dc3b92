// Where two attempts part.

import { expect, test } from 'vitest'
import type { TimelineItem } from '../data.ts'
import { alignItems, firstDifference, linesOnlyIn, normalised } from './difference.ts'

const command = (title: string, text = '', at = 0): TimelineItem => ({
  lane: 'command',
  at,
  end: at + 1,
  title,
  state: 'ok',
  ...(text === '' ? {} : { text }),
})
const line = (title: string): TimelineItem => ({ lane: 'journal', at: 0, title })

test('numbers, addresses and identifiers are the same', () => {
  expect(normalised('sshd[412]: from 10.0.2.2 port 51234 id 3f2a9c')).toBe(
    normalised('sshd[9]: from 10.0.2.15 port 2 id 77aabb'),
  )
  expect(normalised('unit a failed')).not.toBe(normalised('unit b failed'))
})

test('the first pair that differs is found behind those that do not', () => {
  const left = [command('cat /proc/1', 'pid 12'), command('id'), command('ls', 'a'), command('sync')]
  const right = [command('cat /proc/2', 'pid 99'), command('id'), command('ls', 'b'), command('sync')]
  const pairs = alignItems(left, right)
  expect(pairs.map(({ kind }) => kind)).toEqual(['same', 'same', 'changed', 'same'])
  expect(firstDifference(pairs, { left: 0, right: 0 })).toBe(pairs[2])
})

test('what is inside of a step comes before the step', () => {
  const step = (state: 'ok' | 'failed'): TimelineItem => ({
    lane: 'step',
    at: 0,
    end: 100,
    title: 's',
    state,
  })
  const zeros = { left: 0, right: 5000 }
  const right = [step('ok'), command('a', 'green', 50)].map((item) => ({
    ...item,
    at: item.at + 5000,
    end: 5000 + Number(item.end),
  }))
  const pairs = alignItems([step('failed'), command('a', 'red', 50)], right)
  expect(pairs.map(({ kind }) => kind)).toEqual(['changed', 'changed'])
  expect(firstDifference(pairs, zeros)).toBe(pairs[1])
})

test('what only one has does not shift what both have', () => {
  const pairs = alignItems(
    [command('a'), command('extra'), command('b')],
    [command('a'), command('b'), command('more')],
  )
  expect(pairs.map(({ kind, left, right }) => [kind, left?.title, right?.title])).toEqual([
    ['same', 'a', 'a'],
    ['only-left', 'extra', undefined],
    ['same', 'b', 'b'],
    ['only-right', undefined, 'more'],
  ])
})

test('what never ended differs from what did', () => {
  const open: TimelineItem = { lane: 'command', at: 0, end: null, title: 'a', state: 'ok' }
  expect(alignItems([open], [command('a')])[0]?.kind).toBe('changed')
})

test('lines that the other does not have, each kind once', () => {
  const own = [line('a 1'), line('oops 1'), line('oops 2'), line('b')]
  expect(linesOnlyIn(own, [line('a 7'), line('b')]).map(({ title }) => title)).toEqual(['oops 1'])
})
