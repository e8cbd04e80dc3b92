import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { expect, it } from 'vitest'
import { generateKeyText } from './openssh-key.ts'
import { waitForSsh } from './wait-ready.ts'

it('dials seldom while the machine can say that it is up, and at once when it does', async () => {
  // As QEMU's user network: it takes every connection, whether or not the guest listens.
  const server = createServer(() => void (dials += 1)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  let dials = 0
  const { port } = server.address() as AddressInfo
  const { privateKey } = generateKeyText('test')
  let hint = (): void => undefined
  let stopped = false
  const ended = new AbortController()
  const waiting = waitForSsh({
    endpoint: { host: '127.0.0.1', port },
    user: 'core',
    privateKey,
    timeoutMs: 60_000,
    signal: ended.signal,
    hints: (onHint) => {
      hint = onHint
      return () => void (stopped = true)
    },
  })
  const failed = expect(waiting).rejects.toThrow('enough')
  await expect.poll(() => dials).toBe(1)
  // Without hints the second dial comes after 0.6 s.
  await new Promise((resolve) => setTimeout(resolve, 1500))
  expect(dials).toBe(1)
  hint()
  await expect.poll(() => dials).toBe(2)
  ended.abort(new Error('enough'))
  await failed
  expect(stopped).toBe(true)
  server.close()
})
