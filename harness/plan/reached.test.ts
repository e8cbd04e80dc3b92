import { expect, it } from 'vitest'
import { reachedBy } from './reached.ts'

const graph = new Map(
  Object.entries({
    a: ['lib', 'other'],
    b: ['other'],
    lib: ['deep'],
    deep: ['lib', 'deeper'],
    c: [],
  }).map(([from, to]) => [from, new Set(to)]),
)
const files = ['a', 'b', 'c', 'd']

it.each<[string, readonly string[], Record<string, string>, readonly string[]]>([
  ['nothing', [], {}, []],
  ['a test file', ['c'], { c: 'c' }, []],
  ['a test file that imports nothing and that nothing imports', ['d'], { d: 'd' }, []],
  ['what one imports, in a circle', ['deeper'], { a: 'a lib deep deeper' }, []],
  ['what two import', ['other'], { a: 'a other', b: 'b other' }, []],
  ['the nearest of several', ['deep', 'lib'], { a: 'a lib' }, []],
  ['the file itself before its imports', ['lib', 'a'], { a: 'a' }, []],
  ['what nobody imports', ['x', 'b', 'w'], { b: 'b' }, ['w', 'x']],
])('a change of %s', (_, changed, byFile, outside) => {
  const reached = reachedBy(files, graph, new Set(changed))
  expect(Object.fromEntries([...reached.byFile].map(([file, way]) => [file, way.join(' ')]))).toEqual(byFile)
  expect(reached.outside).toEqual(outside)
})
