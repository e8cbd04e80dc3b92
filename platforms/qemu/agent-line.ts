// The host's end of one of a machine's ports, to its agent or from its programs, over all its power cycles.

import type { Duplex } from 'node:stream'
import type { AgentPort } from '../../harness/machine.ts'
import { LineBuffer, readLines } from '../../qemu/index.ts'

/** What a guest that does not read may have waiting for it, bytes: it may ask as much as it likes. */
const MOST_WAITING = 4 * 1024 * 1024

export interface AgentLine extends AgentPort {
  /** Takes the port of a new power cycle. Resolves when it ended; never rejects. */
  attach(stream: Duplex): Promise<void>
}

/** Opens the line; nothing is sent until a machine is attached. */
export function openAgentLine(): AgentLine {
  const lines = new LineBuffer()
  let current: Duplex | undefined
  return {
    lines,
    send: (line) => {
      if (current?.writable === true && current.writableLength < MOST_WAITING) current.write(`${line}\n`)
    },
    attach: async (stream) => {
      current = stream
      await readLines(stream, lines)
      if (current === stream) current = undefined
    },
  }
}
