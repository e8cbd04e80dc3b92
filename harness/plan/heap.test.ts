import { describe, expect, it } from 'vitest'
import { openHeap, openSizedHeap } from './heap.ts'

describe('a heap of 20,000', () => {
  interface Item {
    readonly weight: number
    readonly size: number
  }
  // A full cycle of a linear congruence: every number below 20,000 once, in disorder.
  const items = Array.from({ length: 20_000 }, (_, n): Item => {
    const weight = (n * 7841 + 13) % 20_000
    return { weight, size: weight % 10 }
  })

  it('sorts with few comparisons', () => {
    let comparisons = 0
    const heap = openHeap<Item>((a, b) => {
      comparisons += 1
      return a.weight > b.weight
    })
    for (const item of items) heap.push(item)
    const weights = items.map(() => heap.pop()?.weight)
    expect(weights).toEqual(items.map((_, n) => 19_999 - n))
    expect([heap.size, heap.pop(), heap.peek()]).toEqual([0, undefined, undefined])
    expect(comparisons).toBeLessThan(20_000 * 3 * Math.log2(20_000))
  })

  it('finds the first that fits with one look at each size', () => {
    let looks = 0
    const heap = openSizedHeap<Item>(
      (a, b) => a.weight > b.weight,
      ({ size }) => size,
    )
    for (const item of items) heap.push(item)
    const found = heap.popFitting(({ size }) => {
      looks += 1
      return size <= 3
    })
    expect([found?.weight, heap.size]).toEqual([19_993, 19_999])
    expect(looks).toBeLessThanOrEqual(10)
    expect(heap.popFitting(() => false)).toBeUndefined()
    heap.clear()
    expect([heap.size, heap.popFitting(() => true)]).toEqual([0, undefined])
  })
})
