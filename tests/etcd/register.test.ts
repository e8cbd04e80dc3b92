import { expect, test } from 'vitest'
import { violation, type Operation } from './register.ts'

/** `write a 0..2`, `read a 3..4`, `write b 5..` (no answer), `read - 0..1` (nothing there); the clients do not matter. */
function history(text: string): readonly Operation[] {
  return text.split(', ').map((line, index) => {
    const [, kind, value = '', called, answered] = /^(\w+) (\S+) (\d+)\.\.(\d*)$/.exec(line) ?? []
    return {
      client: `m${index}`,
      kind: kind === 'read' ? 'read' : 'write',
      value: value === '-' ? undefined : value,
      called: Number(called),
      answered: answered === '' ? undefined : Number(answered),
    }
  })
}

test.each([
  ['one after the other', 'read - 0..1, write a 2..3, read a 4..5, write b 6..7, read b 8..9'],
  ['at the same time, either order', 'write a 0..9, write b 0..9, read a 10..11, read a 12..13'],
  ['a read beside the write sees the old value, then the new', 'write a 0..9, read - 1..2, read a 3..4'],
  ['an unanswered write that was done', 'write a 0..1, write b 2.., read b 5..6'],
  ['an unanswered write that was not done', 'write a 0..1, write b 2.., read a 5..6'],
  ['an unanswered write that is done late', 'write a 0..1, write b 2.., read a 5..6, read b 7..8'],
  ['a read without an answer', 'write a 0..1, read b 2..'],
])('linearizable: %s', (_, text) => {
  expect(violation(history(text))).toBeUndefined()
})

test.each([
  ['an acknowledged write is lost', 'write a 0..1, read - 2..3'],
  ['an old value comes back', 'write a 0..1, write b 2..3, read b 4..5, read a 6..7'],
  ['a read from the future', 'read a 0..1, write a 2..3'],
  ['a value that nobody wrote', 'write a 0..1, read c 2..3'],
  ['two readers do not agree', 'write a 0..20, write b 0..20, read a 1..2, read b 3..4, read a 5..6'],
  ['an unanswered write is done and undone', 'write a 0..1, write b 2.., read b 5..6, read a 7..8'],
])('a violation: %s', (_, text) => {
  expect(violation(history(text))).toContain('no order explains these')
})

test('a long history with many at once is judged at once', () => {
  const operations = Array.from({ length: 200 }, (_, index): Operation => {
    const start = Math.floor(index / 4) * 10
    return { client: `m${index % 4}`, kind: 'write', value: `${index}`, called: start, answered: start + 9 }
  })
  const last = { client: 'm0', kind: 'read', called: 1000, answered: 1001 } as const
  expect(violation([...operations, { ...last, value: '199' }])).toBeUndefined()
  expect(violation([...operations, { ...last, value: '3' }])).toContain('at best 200 of 201')
})

test('a client that gets no answer any more, again and again, makes it no longer', () => {
  const others = Array.from({ length: 150 }, (_, index): Operation => {
    const [called, answered] = [index * 10, index * 10 + 12]
    const client = `m${index % 2}`
    return index % 3 === 2
      ? { client, kind: 'read', value: `${index - 1}`, called: called + 3, answered: called + 9 }
      : { client, kind: 'write', value: `${index}`, called, answered: answered - 10 }
  })
  const unanswered = Array.from({ length: 60 }, (_, index): Operation => {
    return { client: 'm2', kind: 'write', value: `x${index}`, called: 5 + index * 3, answered: undefined }
  })
  expect(violation([...others, ...unanswered])).toBeUndefined()
  // One of them was done, late.
  const late = { client: 'm0', kind: 'read', value: 'x3', called: 5000, answered: 5001 } as const
  expect(violation([...others, ...unanswered, late])).toBeUndefined()
  const never = { ...late, value: 'y' }
  expect(violation([...others, ...unanswered, never])).toContain('at best 150 of 151')
})
