import { expect, test } from 'vitest'
import { locationOf } from './source-location.ts'

const stack = (...places: readonly string[]): string =>
  ['Error: it', ...places.map((place) => `    at async work (file://${place})`)].join('\n')
const harness = `${import.meta.dirname}/registry.ts:1:2`

test('is the first frame outside of harness and dependencies', () => {
  const found = locationOf(
    stack(harness, '/p/node_modules/lib/index.js:3:4', '/p/tests/a.ts:5:6', '/p/b.ts:7:8'),
  )
  expect(found).toEqual({ file: '/p/tests/a.ts', line: 5, column: 6 })
})

test('is in a dependency where nothing else is: the tests of an installed package', () => {
  const place = '/p/node_modules/signalbox/dist/tests/a.js'
  expect(locationOf(stack(harness, `${place}:5:6`))).toEqual({ file: place, line: 5, column: 6 })
  expect(locationOf(stack(harness, `${place}:5:6`), place)).toEqual({ file: place, line: 5, column: 6 })
})

test('is nowhere without a frame, and where the stack does not pass the file asked for', () => {
  expect(locationOf(undefined)).toBeUndefined()
  expect(locationOf(stack(harness))).toBeUndefined()
  expect(
    locationOf(stack('/p/b.ts:7:8', '/p/node_modules/lib/index.js:3:4'), '/p/tests/a.ts'),
  ).toBeUndefined()
  expect(locationOf(stack('/p/b.ts:7:8', '/p/tests/a.ts:5:6'), '/p/tests/a.ts')).toMatchObject({
    file: '/p/b.ts',
  })
})
