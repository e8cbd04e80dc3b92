import { expect, it } from 'vitest'
import { UsageError } from '../errors.ts'
import { testsAt, type WrittenTest } from './place.ts'

const written = (
  name: string,
  file: string,
  line: number,
  more: Partial<WrittenTest> & { within?: number[] } = {},
): WrittenTest => ({
  test: {
    name,
    requirements: {},
    body: () => undefined,
    location: { file, line, column: 1 },
    ...(more.within === undefined ? {} : { within: more.within }),
  },
  file,
  loadedFrom: more.loadedFrom ?? file,
})
const all = [
  written('a.one', '/t/a.ts', 10, { within: [5] }),
  written('a.two', '/t/a.ts', 20, { within: [5, 18] }),
  written('a.loop-1', '/t/a.ts', 40),
  written('a.loop-2', '/t/a.ts', 40),
  written('b.one', '/t/sub/b.ts', 3),
  written('made', '/lib/make.ts', 7, { loadedFrom: '/t/sub/c.ts' }),
]

it.each<[string, string, number | undefined, readonly string[]]>([
  ['a file', '/t/a.ts', undefined, ['a.one', 'a.two', 'a.loop-1', 'a.loop-2']],
  ['a folder', '/t/sub', undefined, ['b.one', 'made']],
  ['a file whose tests another one writes', '/t/sub/c.ts', undefined, ['made']],
  ['the line a test begins on', '/t/a.ts', 10, ['a.one']],
  ['a line that several tests begin on', '/t/a.ts', 40, ['a.loop-1', 'a.loop-2']],
  ['a describe', '/t/a.ts', 5, ['a.one', 'a.two']],
  ['an inner describe', '/t/a.ts', 18, ['a.two']],
  ['a line in the middle of a test', '/t/a.ts', 13, ['a.one']],
  ['a line after the last test', '/t/a.ts', 99, ['a.loop-1', 'a.loop-2']],
])('%s', (_, path, line, names) => {
  const place = { text: 'given', path, ...(line === undefined ? {} : { line }) }
  expect(testsAt(all, place).map(({ name }) => name)).toEqual(names)
})

it.each<[string, string, number | undefined, RegExp, RegExp]>([
  [
    'a folder that is no part of a name',
    '/t/su',
    undefined,
    /there are no tests in given/,
    /did you mean "\/t\/sub\/b.ts"/,
  ],
  ['a line above all tests', '/t/a.ts', 2, /no test is written at given/, /on the lines 10, 20, 40/],
  ['a line of a file without tests', '/t/x.ts', 2, /no test is written at given/, /no test of that file/],
])('refuses %s and says where tests are', (_, path, line, message, hint) => {
  const place = { text: 'given', path, ...(line === undefined ? {} : { line }) }
  let error: unknown
  try {
    testsAt(all, place)
  } catch (thrown) {
    error = thrown
  }
  if (!(error instanceof UsageError)) throw new Error('it was found')
  expect(error.message).toMatch(message)
  expect(error.hint).toMatch(hint)
})
