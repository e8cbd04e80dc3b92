import { describe, expect, it } from 'vitest'
import { lineReader, splitOutput, type RunnerMessage } from './output.ts'

const NONCE = 'signalbox-abc'

/** Feeds a text in pieces of `size` bytes. */
function split(
  text: string,
  size: number,
): { readonly output: string; readonly messages: readonly RunnerMessage[] } {
  const out: Buffer[] = []
  const messages: RunnerMessage[] = []
  const feed = splitOutput(NONCE, {
    output: (chunk) => void out.push(Buffer.from(chunk)),
    message: (message) => void messages.push(message),
  })
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += size) feed(bytes.subarray(at, at + size))
  return { output: Buffer.concat(out).toString(), messages }
}

describe('the stream of a runner', () => {
  it.each([1, 2, 3, 7, 1000])('is taken apart in pieces of %i bytes', (size) => {
    const text = `\n${NONCE} begins 12.5\nhello\nno newline\n${NONCE} asks reboot prepare aXQncyAyCg==\nmore\n\n${NONCE} ended 77 13.25\n`
    expect(split(text, size)).toEqual({
      output: 'hello\nno newlinemore\n',
      messages: [
        { kind: 'begins', atUs: 12_500_000 },
        { kind: 'asks', what: 'reboot', when: 'prepare', mark: "it's 2\n" },
        { kind: 'ended', status: 77, atUs: 13_250_000 },
      ],
    })
  })

  it('is not fooled by what looks like a message', () => {
    const text = `x ${NONCE} ended 0 1.0\n\nsignalbox-other ended 0 1.0\n${NONCE}\n${NONCE} begone\n${NONCE} ended 0\n`
    const { output, messages } = split(text, 5)
    expect(messages).toEqual([])
    expect(output).toContain('signalbox-other ended 0 1.0')
  })

  it('holds no endless message back', () => {
    const { output, messages } = split(`\n${NONCE} ended ${'9'.repeat(200_000)}`, 4096)
    expect(messages).toEqual([])
    expect(output.length).toBeGreaterThan(100_000)
  })
})

it('lines are cut where they do not end', () => {
  const lines: string[] = []
  const reader = lineReader((line) => void lines.push(line))
  reader.push(Buffer.from('a\nb'))
  reader.push(Buffer.from('c\n'))
  reader.push(Buffer.alloc(200_000, 'x'))
  reader.push(Buffer.from('\nend'))
  reader.end()
  expect(lines[0]).toBe('a')
  expect(lines[1]).toBe('bc')
  expect(lines.at(-1)).toBe('end')
  expect(lines.join('')).toHaveLength(200_006)
})
