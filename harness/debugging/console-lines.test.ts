import { expect, it } from 'vitest'
import { createFeed } from '../../platforms/fake/feed.ts'
import { showConsole } from './console-lines.ts'

/** What is printed while a console says things, at times that `tick` moves on. */
function watch(origin: 'cold' | 'fork', earlier: readonly string[]) {
  const console = createFeed()
  for (const line of earlier) console.push(line)
  const printed: string[] = []
  let at = 0
  const print = (lines: readonly string[]): void => void printed.push(...lines)
  showConsole(
    { name: 'm0', console, origin },
    print,
    (text) => text,
    () => at,
  )
  return { console, printed, tick: (ms: number) => (at += ms) }
}

it('shows a boot from its first line, but not what a fork has from its template', () => {
  expect(watch('cold', ['Linux version 6']).printed).toEqual(['m0 | Linux version 6'])
  const { console, printed } = watch('fork', ['Linux version 6'])
  console.push('mine')
  expect(printed).toEqual(['m0 | mine'])
})

it('makes lines harmless', () => {
  const { console, printed } = watch('cold', [])
  console.push('\u001B]0;owned\u0007\u001B[31mall is well\u202E')
  expect(printed).toEqual(['m0 | all is well'])
})

it('shows 200 lines a second of a flood, and says how many it left out', () => {
  const { console, printed, tick } = watch('cold', [])
  for (let line = 0; line < 1000; line += 1) console.push('x')
  expect(printed).toHaveLength(200)
  tick(1000)
  console.push('after')
  expect(printed.slice(200)).toEqual(['m0 | [800 lines are only in its console.txt]', 'm0 | after'])
})
