// Priority queues of the scheduler: a binary heap, and a heap in size classes that finds the first item small enough for
// the room there is without a look at every one that waits.

/** A binary heap: `push` and `pop` in O(log n). */
export interface Heap<T> {
  readonly size: number
  push(item: T): void
  /** The first item, which stays. */
  peek(): T | undefined
  pop(): T | undefined
}

/** Opens an empty heap. `before` is a strict total order; without one, equal items come out in any order. */
export function openHeap<T extends object>(before: (a: T, b: T) => boolean): Heap<T> {
  const items: T[] = []
  return {
    get size() {
      return items.length
    },
    peek: () => items[0],
    push(item) {
      let place = items.length
      items.push(item)
      while (place > 0) {
        const parentPlace = Math.floor((place - 1) / 2)
        const parent = items[parentPlace]
        if (parent === undefined || !before(item, parent)) break
        items[place] = parent
        place = parentPlace
      }
      items[place] = item
    },
    pop() {
      const first = items[0]
      const last = items.pop()
      if (last === undefined || items.length === 0) return first
      let place = 0
      for (;;) {
        let childPlace = 2 * place + 1
        let child = items[childPlace]
        const right = items[childPlace + 1]
        if (child !== undefined && right !== undefined && before(right, child)) {
          child = right
          childPlace += 1
        }
        if (child === undefined || !before(child, last)) break
        items[place] = child
        place = childPlace
      }
      items[place] = last
      return first
    },
  }
}

/** A heap whose items have sizes. */
export interface SizedHeap<T> {
  readonly size: number
  push(item: T): void
  /** Takes out the first item that fits. Of a size class only the first is asked about. */
  popFitting(fits: (item: T) => boolean): T | undefined
  clear(): void
}

/** Opens an empty heap in size classes: O(log n + classes) an operation, so `classOf` must yield few of them. */
export function openSizedHeap<T extends object>(
  before: (a: T, b: T) => boolean,
  classOf: (item: T) => number,
): SizedHeap<T> {
  const classes = new Map<number, Heap<T>>()
  let size = 0
  return {
    get size() {
      return size
    },
    push(item) {
      const key = classOf(item)
      const heap = classes.get(key) ?? openHeap(before)
      if (heap.size === 0) classes.set(key, heap)
      heap.push(item)
      size += 1
    },
    popFitting(fits) {
      let best: { readonly key: number; readonly heap: Heap<T>; readonly item: T } | undefined
      for (const [key, heap] of classes) {
        const item = heap.peek()
        if (item === undefined || (best !== undefined && !before(item, best.item)) || !fits(item)) continue
        best = { key, heap, item }
      }
      if (best === undefined) return undefined
      size -= 1
      best.heap.pop()
      if (best.heap.size === 0) classes.delete(best.key)
      return best.item
    },
    clear() {
      classes.clear()
      size = 0
    },
  }
}
