import { expect, it } from 'vitest'
import { measure, median, tableOf, type Asked, type Figure } from './figure.ts'

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
})

it('shows what is asked, and whether it is met', async () => {
  const prepared: string[] = []
  const take = async (name: string, asked: Asked | undefined): Promise<Figure> =>
    await measure(
      {
        name,
        unit: 's',
        better: 'lower',
        n: 1,
        help: '',
        ...(asked === undefined ? {} : { asked }),
        prepare: async () => await Promise.resolve(void prepared.push(name)),
        sample: async () => await Promise.resolve(3),
      },
      () => undefined,
    )
  const figures = [
    await take('low', { atMost: 2.5 }),
    await take('high', { atLeast: 3 }),
    await take('free', undefined),
  ]
  expect(prepared).toEqual(['low', 'high', 'free'])
  expect(figures.map(({ met }) => met)).toEqual([false, true, undefined])
  expect(tableOf(figures)).toBe(
    [
      'name  median  unit  n   min   max   asked  met',
      'low     3.00     s  1  3.00  3.00  <= 2.5   no',
      'high    3.00     s  1  3.00  3.00    >= 3  yes',
      'free    3.00     s  1  3.00  3.00',
    ].join('\n'),
  )
})
