// Judges what clients saw of one register: is there an order of all operations, each between its call and its answer, in
// which every read returns what was written last? (Wing & Gong 1993, with the memory of Lowe 2017.) Pure.

/** One operation on the register. Times are of one clock, in any unit. */
export interface Operation {
  readonly client: string
  readonly kind: 'read' | 'write'
  /** Written or read; undefined is a register that nobody has written. */
  readonly value: string | undefined
  readonly called: number
  /** Undefined for a write that was not answered: it may have been done, or be done at any later time. */
  readonly answered: number | undefined
}

/** More than any history of a few clients takes; a search without end would be a test without a verdict. */
const MOST_STATES = 200_000

/**
 * Undefined when the history is linearizable; otherwise the operations of which one must be wrong, in words. Throws when that cannot be
 * found out.
 */
export function violation(history: readonly Operation[]): string | undefined {
  const answeredReads = history.filter(({ kind, answered }) => kind === 'read' && answered !== undefined)
  const wasRead = new Set(answeredReads.map(({ value }) => value))
  // A read that was not answered says nothing; and a write that was not, whose value nobody has read, need not have been done.
  const operations = history
    .filter(({ kind, value, answered }) => answered !== undefined || (kind === 'write' && wasRead.has(value)))
    .toSorted((a, b) => a.called - b.called)
  const required = operations.filter(({ answered }) => answered !== undefined).length
  const seen = new Set<string>()
  let longest: readonly Operation[] = []
  const stack: State[] = [{ done: new Set(), order: [], value: undefined }]
  for (let state = stack.pop(); state !== undefined; state = stack.pop()) {
    const answeredDone = state.order.filter(({ answered }) => answered !== undefined)
    if (answeredDone.length === required) return undefined
    if (answeredDone.length > longest.length) longest = answeredDone
    if (seen.size > MOST_STATES)
      throw new Error(`whether ${operations.length} operations are linearizable takes too long to find out`)
    stack.push(...successors(operations, state).filter((next) => isNew(seen, operations, next)))
  }
  const left = operations.filter(
    (operation) => operation.answered !== undefined && !longest.includes(operation),
  )
  return `no order explains these: ${left.slice(0, 5).map(show).join('; ')}; at best ${longest.length} of ${required} can be explained`
}

interface State {
  readonly done: ReadonlySet<number>
  readonly order: readonly Operation[]
  readonly value: string | undefined
}

/** What may come next: whatever was called before the first answer that is still to come. */
function successors(operations: readonly Operation[], { done, order, value }: State): readonly State[] {
  const limit = Math.min(
    ...operations.map(({ answered = Infinity }, index) => (done.has(index) ? Infinity : answered)),
  )
  const next = operations.flatMap((operation, index) => {
    if (done.has(index) || operation.called > limit) return []
    if (operation.kind === 'read' && operation.value !== value) return []
    return [{ done: new Set([...done, index]), order: [...order, operation], value: operation.value }]
  })
  // A read that fits changes nothing: whatever order there is, there is one that begins with it.
  const read = next.find((state) => state.order.at(-1)?.kind === 'read')
  return read === undefined ? next : [read]
}

function isNew(seen: Set<string>, operations: readonly Operation[], { done, value }: State): boolean {
  const key = `${operations.map((_, index) => (done.has(index) ? '1' : '0')).join('')} ${value}`
  if (seen.has(key)) return false
  seen.add(key)
  return true
}

const show = ({ client, kind, value, called, answered }: Operation): string =>
  `${client} ${kind === 'read' ? 'read' : 'wrote'} ${value ?? 'nothing'} in ${called}..${answered ?? ''}`
