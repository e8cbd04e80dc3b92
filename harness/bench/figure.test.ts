import { expect, it } from 'vitest'
import { measure, median, tableOf } from './figure.ts'

it.each([
  [[], 0],
  [[3], 3],
  [[1, 2], 1.5],
  [[1, 2, 9], 2],
])('the median of %j is %d', (sorted, value) => {
  expect(median(sorted)).toBe(value)
})

it('takes n samples and keeps the extremes', async () => {
  const samples = [5, 1, 3]
  const figure = await measure(
    {
      name: 'x',
      unit: 's',
      better: 'lower',
      n: 3,
      help: '',
      sample: async () => await Promise.resolve(samples.pop() ?? 0),
    },
    () => undefined,
  )
  expect(figure).toEqual({ name: 'x', unit: 's', better: 'lower', n: 3, value: 3, min: 1, max: 5 })
  expect(tableOf([figure])).toBe('name  median  unit  n   min   max\nx       3.00     s  3  1.00  5.00')
})
