// The serial line of a fake machine: it asks who is there, and answers what is typed.

import type { SerialLine } from '../../harness/machine.ts'

export function createSerial(): SerialLine {
  const listeners = new Set<(bytes: Uint8Array) => void>()
  return {
    listen(onBytes) {
      listeners.add(onBytes)
      return () => listeners.delete(onBytes)
    },
    send(bytes) {
      const text = Buffer.from(bytes).toString('utf8').replaceAll('\r', '\r\nfake login: ')
      for (const onBytes of listeners) onBytes(Buffer.from(text))
    },
  }
}
