// A fake machine's lines: kept whole, given to whoever listens, and written to a file where there is one.

import { appendFileSync } from 'node:fs'
import type { LineFeed } from '../../harness/machine.ts'

export interface FakeFeed extends LineFeed {
  push(line: string): void
}

/** Opens an empty feed. */
export function createFeed(path?: string): FakeFeed {
  const lines: string[] = []
  const listeners = new Set<(line: string) => void>()
  let bytes = 0
  return {
    get bytes() {
      return bytes
    },
    push(line) {
      bytes += line.length + 1
      lines.push(line)
      if (path !== undefined) appendFileSync(path, `${line}\n`)
      for (const listener of listeners) listener(line)
    },
    subscribe(onLine) {
      for (const line of lines) onLine(line)
      listeners.add(onLine)
      return () => listeners.delete(onLine)
    },
    tail: (n) => lines.slice(-n),
  }
}
