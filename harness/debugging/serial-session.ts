// A person on a machine's serial console: keys go there as they are, bytes come back as they are, Ctrl-] leaves.

import type { SerialLine } from '../machine.ts'

/** Ctrl-], as in telnet(1). */
const LEAVE = 0x1d

/** Ends at Ctrl-], at the end of input, or when the signal aborts. */
export async function serialSession(serial: SerialLine, signal: AbortSignal): Promise<void> {
  const { stdin, stdout } = process
  const { promise: left, resolve: leave } = Promise.withResolvers<void>()
  const onData = (bytes: Buffer): void => {
    const at = bytes.indexOf(LEAVE)
    if (at !== 0) serial.send(at < 0 ? bytes : bytes.subarray(0, at))
    if (at >= 0) leave()
  }
  const onAbort = (): void => leave()
  const stop = serial.listen((bytes) => void stdout.write(bytes))
  signal.addEventListener('abort', onAbort, { once: true })
  if (stdin.isTTY) stdin.setRawMode(true)
  stdin.on('data', onData).once('end', leave)
  stdin.resume()
  // A login prompt shows itself again.
  serial.send(Buffer.from('\r'))
  try {
    await left
  } finally {
    stop()
    signal.removeEventListener('abort', onAbort)
    stdin.off('data', onData).off('end', leave)
    stdin.pause()
    if (stdin.isTTY) stdin.setRawMode(false)
    stdout.write('\r\n')
  }
}
