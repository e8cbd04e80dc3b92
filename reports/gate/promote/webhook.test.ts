// The webhook, against a real receiver: signed so that it can be checked, called again when it fails, not when it refuses.

import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it } from 'vitest'
import { callWebhook, type WebhookOptions } from './webhook.ts'

interface Received {
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

const secret = Buffer.from('a secret of both sides')
const body = JSON.stringify({ type: 'signalbox.promotion', channel: 'beta' })

/** Answers each call with the next status. */
async function receiver(
  statuses: readonly number[],
  answer = (response: ServerResponse) => void response.end(),
) {
  const received: Received[] = []
  const server = createServer((request, response) => {
    let text = ''
    request.on('data', (chunk: Buffer) => (text += chunk.toString()))
    request.on('end', () => {
      const status = statuses[received.length] ?? 500
      received.push({ headers: request.headers, body: text })
      response.statusCode = status
      if (status === 302) response.setHeader('location', '/elsewhere')
      answer(response)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const call = async (options: Partial<WebhookOptions> = {}): Promise<void> =>
    await callWebhook(
      { url: `http://127.0.0.1:${port}/hook`, secret, id: 'decision-1', body },
      { retries: 3, pauseMs: 1, ...options },
    )
  return { received, call, port, [Symbol.asyncDispose]: async () => await close(server) }
}

async function close(server: ReturnType<typeof createServer>): Promise<void> {
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
}

it('is told once, with a signature that the receiver can check', async () => {
  await using there = await receiver([200])
  await there.call()
  expect(there.received).toHaveLength(1)
  const { headers, body: got } = there.received[0] ?? expect.unreachable()
  expect(got).toBe(body)
  expect(headers['idempotency-key']).toBe('decision-1')
  expect(headers['webhook-id']).toBe('decision-1')
  const signed = `decision-1.${String(headers['webhook-timestamp'])}.${got}`
  expect(headers['webhook-signature']).toBe(
    `v1,${createHmac('sha256', secret).update(signed).digest('base64')}`,
  )
})

it.each([
  ['fails for a while', [500, 503, 200], 3, undefined],
  ['is busy', [429, 408, 200], 3, undefined],
  ['always fails', [500, 500, 500, 500], 4, /was not told: it answered 500/],
  ['refuses', [403], 1, /was not told: it answered 403/],
  ['sends it elsewhere', [302], 1, /was not told: it answered 302/],
])('a receiver that %s', async (_, statuses, calls, error) => {
  await using there = await receiver(statuses)
  const said: string[] = []
  const call = there.call({ onRetry: (message) => void said.push(message) })
  await (error === undefined ? call : expect(call).rejects.toThrow(error))
  expect(there.received).toHaveLength(calls)
  // Every call is about the same decision.
  expect(new Set(there.received.map(({ headers }) => headers['webhook-id']))).toEqual(new Set(['decision-1']))
  expect(said).toHaveLength(calls - 1)
})

it('a receiver that hangs, and one that is not there, are no success', async () => {
  const said: string[] = []
  const onRetry = (message: string): void => void said.push(message)
  const gone = await (async () => {
    await using there = await receiver([200], () => undefined)
    await expect(there.call({ retries: 1, timeoutMs: 50, onRetry })).rejects.toThrow(/was not told.*timeout/)
    expect(said).toHaveLength(1)
    return there.call
  })()
  await expect(gone({ retries: 1, onRetry })).rejects.toThrow(/ECONNREFUSED/)
  expect(said).toHaveLength(2)
})

it('an answer is shown as one safe line, and never the secret', async () => {
  await using there = await receiver([400], (response) => void response.end('no\n\u001B[2Jgo away'))
  const error = await there.call().catch((thrown: unknown) => thrown)
  expect(String(error)).toMatch(/it answered 400: no ⏎ go away/)
  expect(JSON.stringify(error)).not.toContain(secret.toString())
})
