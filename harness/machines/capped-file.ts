// A text file that a guest cannot fill a disk with: after its limit it says so once and drops the rest.

import { createWriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'

export interface CappedFile extends AsyncDisposable {
  write(line: string): void
}

/** Opens a file for lines; `limitBytes` defaults to 64 MiB. A write error (disk full) is reported once. */
export function openCappedFile(
  path: string,
  onError: (error: Error) => void,
  limitBytes = 64 * 1024 * 1024,
): CappedFile {
  const stream = createWriteStream(path, { flags: 'a' })
  let bytes = 0
  let state: 'open' | 'full' | 'failed' = 'open'
  stream.on('error', (error) => {
    if (state !== 'failed') onError(error)
    state = 'failed'
  })
  return {
    write(line) {
      if (state !== 'open') return
      const text = `${line}\n`
      bytes += Buffer.byteLength(text)
      if (bytes > limitBytes || stream.writableLength > 16 * 1024 * 1024) {
        state = 'full'
        stream.write(`[signalbox: more than ${limitBytes} bytes; the rest was dropped]\n`)
        return
      }
      stream.write(text)
    },
    async [Symbol.asyncDispose]() {
      stream.end()
      await finished(stream).catch(() => undefined)
    },
  }
}
