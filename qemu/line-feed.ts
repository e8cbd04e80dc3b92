// Bytes from a guest as lines: a bounded history for whoever comes late, live lines for whoever listens. The bytes
// are hostile: endless lines are cut, bad UTF-8 is replaced, and nothing a guest sends makes the memory grow.

/** Live text from a machine (the same shape as the harness's seam). */
export interface LineFeed {
  /** Every line of the history and then live, until the returned function is called. */
  subscribe(onLine: (line: string) => void): () => void
  /** The last `n` lines so far, an unfinished one included. */
  tail(n: number): readonly string[]
  /** Bytes received so far. */
  readonly bytes: number
}

/** A line longer than this many characters is delivered in pieces. */
export const MAX_LINE = 8192

const HISTORY_CHARACTERS = 1024 * 1024
// What one stored line costs beyond its text, so that a flood of empty lines is bounded too.
const LINE_COST = 64

/** Turns chunks of bytes into a `LineFeed`. */
export class LineBuffer implements LineFeed {
  readonly #decoder = new TextDecoder('utf-8')
  readonly #subscribers = new Set<(line: string) => void>()
  #history: string[] = []
  #first = 0
  #cost = 0
  #forgotten = 0
  #partial = ''
  #bytes = 0

  get bytes(): number {
    return this.#bytes
  }

  push(chunk: Uint8Array): void {
    this.#bytes += chunk.length
    const pieces = (this.#partial + this.#decoder.decode(chunk, { stream: true })).split('\n')
    this.#partial = pieces.pop() ?? ''
    for (const piece of pieces) this.#addLong(piece)
    while (this.#partial.length > MAX_LINE) {
      this.#add(this.#partial.slice(0, MAX_LINE))
      this.#partial = this.#partial.slice(MAX_LINE)
    }
  }

  /** The source ended or the machine lost power: an unfinished line is a line. */
  endLine(): void {
    const rest = this.#partial + this.#decoder.decode()
    this.#partial = ''
    if (rest !== '') this.#addLong(rest)
  }

  /** All that is kept, the unfinished line included: pushed into a new buffer, it goes on where this one is. */
  snapshot(): string {
    const lines = this.#history.slice(this.#first).map((line) => `${line}\n`)
    return lines.join('') + this.#partial
  }

  subscribe(onLine: (line: string) => void): () => void {
    if (this.#forgotten > 0) onLine(`[signalbox: ${this.#forgotten} earlier lines are not kept in memory]`)
    for (const line of this.#history.slice(this.#first)) onLine(line)
    this.#subscribers.add(onLine)
    return () => this.#subscribers.delete(onLine)
  }

  tail(n: number): readonly string[] {
    if (n <= 0) return []
    const lines = this.#history.slice(Math.max(this.#first, this.#history.length - n))
    return (this.#partial === '' ? lines : [...lines, withoutReturn(this.#partial)]).slice(-n)
  }

  #addLong(line: string): void {
    if (line.length <= MAX_LINE) return this.#add(line)
    for (let at = 0; at < line.length; at += MAX_LINE) this.#add(line.slice(at, at + MAX_LINE))
  }

  #add(raw: string): void {
    const line = withoutReturn(raw)
    this.#history.push(line)
    this.#cost += line.length + LINE_COST
    this.#forget()
    for (const onLine of this.#subscribers) {
      try {
        onLine(line)
      } catch (error) {
        // A broken reader must not stop the others, nor the machine.
        this.#subscribers.delete(onLine)
        process.emitWarning(error instanceof Error ? error : String(error))
      }
    }
  }

  // The forgotten front is cut off in large steps: `shift` on each line would cost the whole array each time.
  #forget(): void {
    while (this.#cost > HISTORY_CHARACTERS) {
      this.#cost -= (this.#history[this.#first]?.length ?? 0) + LINE_COST
      this.#history[this.#first] = ''
      this.#first += 1
      this.#forgotten += 1
    }
    if (this.#first > 4096 && this.#first * 2 > this.#history.length) {
      this.#history = this.#history.slice(this.#first)
      this.#first = 0
    }
  }
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line
}
