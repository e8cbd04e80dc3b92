import { expect, it } from 'vitest'
import type { RegisteredTest } from '../registry.ts'
import { compareWithKola } from './twins.ts'

const selected = (name: string, aliases: readonly string[], skip?: string, distros?: readonly string[]) => ({
  test: { name, requirements: { aliases, distros } } as unknown as RegisteredTest,
  skip,
})

it('says of each test of kola what runs, what is needed, and that there is none', () => {
  const rows = compareWithKola(
    [
      selected('a.one', ['cl.a']),
      selected('a.two', ['cl.a', 'cl.b'], 'needs distro flatcar; this target has reference'),
      selected('c.one', ['cl.c']),
    ],
    'reference',
    [
      { name: 'cl.a', subject: 'x', needs: undefined },
      { name: 'cl.b', subject: 'x', needs: undefined },
      { name: 'cl.c', subject: 'x', needs: undefined },
      { name: 'cl.d', subject: 'y', needs: 'a card' },
    ],
  )
  expect(rows.map(({ name, state, tests, needs }) => [name, state, tests.join(' '), needs])).toEqual([
    ['cl.a', 'needs', 'a.one a.two', 'distro flatcar; this target has reference'],
    ['cl.b', 'needs', 'a.two', 'distro flatcar; this target has reference'],
    ['cl.c', 'runs', 'c.one', undefined],
    ['cl.d', 'none', '', 'a card'],
  ])
})

it('counts the twins for the OS of the target, where there are some', () => {
  const needsFlatcar = 'needs distro flatcar; this target has reference'
  const rows = compareWithKola(
    [
      selected('a.own', ['cl.a'], undefined, ['reference']),
      selected('a.other', ['cl.a'], needsFlatcar, ['flatcar']),
      selected('b.other', ['cl.b'], needsFlatcar, ['flatcar']),
    ],
    'reference',
    [
      { name: 'cl.a', subject: 'x', needs: undefined },
      { name: 'cl.b', subject: 'x', needs: undefined },
    ],
  )
  expect(rows.map(({ name, state, tests }) => [name, state, tests.join(' ')])).toEqual([
    ['cl.a', 'runs', 'a.own'],
    ['cl.b', 'needs', 'b.other'],
  ])
})
