import { expect, test } from 'vitest'
import { chooseSaved, type SavedPlace } from './find-saved.ts'

const place = (name: string): SavedPlace => {
  const [run = '', of = '', n = '1', machine = ''] = name.split(' ')
  return { run, test: of, attempt: Number(n), machine, folder: `/results/${name}` }
}
const old = place('20260101-000000-aaaaaa boot.usr 1 m0')
const first = place('20260102-000000-bbbbbb etcd.join 1 m0')
const second = ['m10', 'm1', 'm0'].map((name) => place(`20260102-000000-bbbbbb etcd.join 2 ${name}`))
const other = place('20260102-000000-bbbbbb boot.usr 1 m0')
const all = [old, first, ...second, other]

const names = (places: readonly SavedPlace[]): readonly string[] =>
  places.map(({ attempt, machine }) => `${attempt} ${machine}`)

test.each([
  ['etcd.join', undefined, '2 m0'],
  ['latest/etcd.join', undefined, '2 m0'],
  ['etcd.join/m10', undefined, '2 m10'],
  ['etcd.join', 1, '1 m0'],
  ['etcd.join#1', undefined, '1 m0'],
  ['20260101-000000-aaaaaa/boot.usr/m0', undefined, '1 m0'],
])('%s with --attempt %s is %s', (wanted, attempt, entered) => {
  expect(names([chooseSaved(wanted, all, attempt).entered])).toEqual([entered])
})

test('all of the attempt come up, whichever is entered', () => {
  const chosen = chooseSaved('etcd.join/m10', all, undefined)
  expect(names(chosen.all)).toEqual(['2 m0', '2 m1', '2 m10'])
  expect(chosen.all.every(({ run }) => run === first.run)).toBe(true)
})

test.each([
  [undefined, undefined, /there are several saved machines/],
  ['latest', undefined, /"latest" means several/],
  ['etcd.join', 3, /attempt 3 of etcd\.join was not saved/],
  ['etcd.jion', undefined, /none of the saved machines is called/],
])('%s with --attempt %s is refused', (wanted, attempt, message) => {
  expect(() => chooseSaved(wanted, all, attempt)).toThrow(message)
})
