// The host's end of a machine's agent port over all its power cycles.

import type { Duplex } from 'node:stream'
import type { AgentPort } from '../../harness/machine.ts'
import { LineBuffer, readLines } from '../../qemu/index.ts'

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
      if (current?.writable === true) current.write(`${line}\n`)
    },
    attach: async (stream) => {
      current = stream
      await readLines(stream, lines)
      if (current === stream) current = undefined
    },
  }
}
