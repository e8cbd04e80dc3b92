// Tells a webhook of a promotion, signed with a shared secret as standardwebhooks.com has it (webhook-id, webhook-timestamp,
// webhook-signature: v1,<base64 HMAC-SHA256 of id.timestamp.body>). Called again with growing pauses; the id is the digest
// of the decision, so that the receiver acts once.

import { createHmac } from 'node:crypto'
import pRetry, { AbortError } from 'p-retry'
import { InfraError, messageOf } from '../../../harness/errors.ts'
import { oneLine } from '../../../harness/hostile-text.ts'

export interface WebhookCall {
  readonly url: string
  readonly secret: Uint8Array
  /** The sha256 of the decision: the idempotency key. */
  readonly id: string
  readonly body: string
}

export interface WebhookOptions {
  readonly retries: number
  /** Before the first retry, then twice as long each time. Default: 1000. */
  readonly pauseMs?: number
  /** Of one call. Default: 10000. */
  readonly timeoutMs?: number
  readonly onRetry?: (message: string) => void
}

/** The headers of a call at a moment. */
export function webhookHeaders(
  { secret, id, body }: Omit<WebhookCall, 'url'>,
  nowMs: number,
): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(nowMs / 1000))
  const signature = createHmac('sha256', secret).update(`${id}.${timestamp}.${body}`).digest('base64')
  return {
    'content-type': 'application/json',
    'idempotency-key': id,
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${signature}`,
  }
}

/** Calls it until it answers 2xx. Throws InfraError when it refuses, or never answers. */
export async function callWebhook(call: WebhookCall, options: WebhookOptions): Promise<void> {
  const { retries, pauseMs = 1000, timeoutMs = 10_000, onRetry } = options
  try {
    await pRetry(async () => await callOnce(call, timeoutMs), {
      retries,
      minTimeout: pauseMs,
      maxTimeout: Math.max(pauseMs, 30_000),
      randomize: true,
      onFailedAttempt: ({ error, retriesLeft }) => {
        if (retriesLeft > 0) onRetry?.(`${reasonOf(error)}; called again, at most ${retriesLeft} times more`)
      },
    })
  } catch (error) {
    throw new InfraError(`the webhook ${new URL(call.url).origin} was not told: ${reasonOf(error)}`, {
      code: 'webhook-failed',
      hint: 'run the same command again: the receiver knows the decision by its id',
      cause: error,
    })
  }
}

async function callOnce(call: WebhookCall, timeoutMs: number): Promise<void> {
  const response = await fetch(call.url, {
    method: 'POST',
    headers: webhookHeaders(call, Date.now()),
    body: call.body,
    // A redirect would carry a signed call to whom nobody named.
    redirect: 'manual',
    signal: AbortSignal.timeout(timeoutMs),
  })
  const text = (await response.text()).slice(0, 2000)
  if (response.ok) return
  const answer = `it answered ${response.status}${text === '' ? '' : `: ${oneLine(text, 160)}`}`
  if (response.status >= 500 || response.status === 408 || response.status === 429) throw new Error(answer)
  throw new AbortError(answer)
}

/** A failed fetch says why in its cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined
  return oneLine(cause === undefined ? messageOf(error) : `${messageOf(error)} (${messageOf(cause)})`, 200)
}
