// Takes the stream of a runner apart: the output of tests, byte for byte, and the runner's own messages in it.

export type RunnerMessage =
  /** The time: microseconds of the guest's monotonic clock, to a hundredth of a second. */
  | { readonly kind: 'begins'; readonly atUs: number }
  | { readonly kind: 'ended'; readonly status: number; readonly atUs: number }
  | {
      readonly kind: 'asks'
      readonly what: 'reboot' | 'soft-reboot'
      readonly when: 'now' | 'prepare'
      readonly mark: string
    }

export interface SplitterSink {
  output(chunk: Buffer): void
  message(message: RunnerMessage): void
}

const LONGEST_MESSAGE = 64 * 1024

/** Splits what follows; messages are lines that begin with `nonce`, and the newline before is the runner's too. */
export function splitOutput(nonce: string, sink: SplitterSink): (chunk: Buffer) => void {
  const mark = Buffer.from(`\n${nonce} `)
  let pending: Buffer = Buffer.alloc(0)
  return (chunk) => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk])
    for (;;) {
      const at = pending.indexOf(mark)
      if (at === -1) break
      const end = pending.indexOf(10, at + mark.length)
      if (end === -1) {
        if (at > 0) sink.output(pending.subarray(0, at))
        pending = pending.subarray(at)
        // No message is so long: it is output that looks like one.
        if (pending.length <= LONGEST_MESSAGE) return
        break
      }
      if (at > 0) sink.output(pending.subarray(0, at))
      const message = parseMessage(pending.subarray(at + mark.length, end).toString('utf8'))
      pending = pending.subarray(end + 1)
      if (message !== undefined) sink.message(message)
    }
    // What may be the beginning of a mark waits for the rest of it.
    const keep = heldBack(pending, mark)
    if (pending.length > keep) sink.output(pending.subarray(0, pending.length - keep))
    pending = pending.subarray(pending.length - keep)
  }
}

function heldBack(bytes: Buffer, mark: Buffer): number {
  for (let length = Math.min(mark.length - 1, bytes.length); length > 0; length -= 1) {
    if (bytes.subarray(bytes.length - length).equals(mark.subarray(0, length))) return length
  }
  return 0
}

/** Reads what stands after the word of a test. */
export function parseMessage(text: string): RunnerMessage | undefined {
  const [, began] = /^begins (\d+\.\d+)$/.exec(text) ?? []
  if (began !== undefined) return { kind: 'begins', atUs: Number(began) * 1e6 }
  const [, status, ended] = /^ended (\d{1,3}) (\d+\.\d+)$/.exec(text) ?? []
  if (status !== undefined) return { kind: 'ended', status: Number(status), atUs: Number(ended) * 1e6 }
  const [, what, when, mark] = /^asks (reboot|soft-reboot) (now|prepare) ([A-Za-z0-9+/=]*)$/.exec(text) ?? []
  if (mark === undefined) return undefined
  return {
    kind: 'asks',
    what: what === 'soft-reboot' ? 'soft-reboot' : 'reboot',
    when: when === 'prepare' ? 'prepare' : 'now',
    mark: Buffer.from(mark, 'base64').toString('utf8'),
  }
}

export interface LineReader {
  push(chunk: Buffer): void
  /** The last line, when no newline ended it. */
  end(): void
}

const LONGEST_LINE = 64 * 1024

/** Makes lines of chunks; a line that does not end is cut into pieces. */
export function lineReader(onLine: (line: string) => void): LineReader {
  const decoder = new TextDecoder()
  let rest = ''
  return {
    push(chunk) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) onLine(line)
      if (rest.length > LONGEST_LINE) {
        onLine(rest)
        rest = ''
      }
    },
    end() {
      if (rest !== '') onLine(rest)
      rest = ''
    },
  }
}
