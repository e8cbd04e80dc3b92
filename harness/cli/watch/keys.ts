// Single keys from a person's terminal, between runs. While a run has the terminal nobody reads here.

export type Key = 'quit' | 'all' | 'failed' | 'again' | 'interrupt'

const meanings: ReadonlyMap<string, Key> = new Map([
  ['q', 'quit'],
  ['a', 'all'],
  ['f', 'failed'],
  ['\r', 'again'],
  ['\n', 'again'],
  ['\u0003', 'interrupt'],
  ['\u0004', 'quit'],
])

/** Waits for a key that means something; the terminal is as before afterwards. */
export async function nextKey(stdin: NodeJS.ReadStream, signal: AbortSignal): Promise<Key> {
  const { promise, resolve, reject } = Promise.withResolvers<Key>()
  const onData = (bytes: Buffer): void => {
    for (const character of bytes.toString()) {
      const key = meanings.get(character)
      if (key !== undefined) return resolve(key)
    }
  }
  const onEnd = (): void => resolve('quit')
  const onAbort = (): void => reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  stdin.setRawMode(true)
  stdin.on('data', onData)
  stdin.on('end', onEnd)
  stdin.resume()
  try {
    return await promise
  } finally {
    stdin.off('data', onData)
    stdin.off('end', onEnd)
    stdin.pause()
    stdin.setRawMode(false)
    signal.removeEventListener('abort', onAbort)
  }
}
