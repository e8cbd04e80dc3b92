// The serial console of a machine, as EC2 gives it: the last 64 KiB, asked for again and again, put together to one text.

import { GetConsoleOutputCommand } from '@aws-sdk/client-ec2'
import { sleep } from '../../harness/deadline.ts'
import type { ConsoleFeed } from '../../qemu/index.ts'
import type { Aws } from './clients.ts'

/** Fewer characters that are the same are a coincidence. */
const LEAST_OVERLAP = 48

export interface ConsoleReader extends AsyncDisposable {
  /** Reads until something new came after the end of the machine, for at most so long. */
  readEnd(waitMs: number): Promise<void>
}

/** Reads every `everyMs` into the feed, until it is disposed. */
export function readConsole(aws: Aws, instance: string, feed: ConsoleFeed, everyMs: number): ConsoleReader {
  const closing = new AbortController()
  let last = ''
  const read = async (latest: boolean): Promise<boolean> => {
    const now = await fetchConsole(aws, instance, latest, closing.signal)
    if (now === undefined) return false
    const more = newIn(last, now)
    if (now !== '') last = now
    if (more === '') return false
    feed.prepend(more)
    return true
  }
  const loop = (async () => {
    // The first words come soon, and tell most when a boot fails.
    for (let pauseMs = Math.min(1000, everyMs); !closing.signal.aborted; pauseMs = everyMs) {
      await read(true).catch(() => undefined)
      await sleep(pauseMs, closing.signal).catch(() => undefined)
    }
  })()
  let ended: Promise<void> | undefined
  return {
    async readEnd(waitMs) {
      const startedAt = performance.now()
      for (;;) {
        const isNew = await read(false).catch(() => false)
        const leftMs = waitMs - (performance.now() - startedAt)
        if (isNew || leftMs <= 0 || closing.signal.aborted) return
        await sleep(Math.min(10_000, leftMs), closing.signal).catch(() => undefined)
      }
    },
    async [Symbol.asyncDispose]() {
      ended ??= (async () => {
        closing.abort(new Error('the console is not read any more'))
        await loop
      })()
      await ended
    },
  }
}

/** What a later reading has beyond an earlier one; all of it when the two have nothing in common, as after a flood or a new boot. */
export function newIn(earlier: string, later: string): string {
  if (later.startsWith(earlier)) return later.slice(earlier.length)
  if (earlier.endsWith(later)) return ''
  // The window has moved on: its beginning is in the earlier one.
  for (
    let at = earlier.indexOf(later.slice(0, LEAST_OVERLAP));
    at !== -1 && later.length >= LEAST_OVERLAP;
    at = earlier.indexOf(later.slice(0, LEAST_OVERLAP), at + 1)
  ) {
    const tail = earlier.slice(at)
    if (later.startsWith(tail)) return later.slice(tail.length)
  }
  return later
}

// `latest` is of machines that run on Nitro; the other reading is what is left after the end.
async function fetchConsole(
  aws: Aws,
  InstanceId: string,
  latest: boolean,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { Output } = await aws.call(
    'read a console',
    async (options) =>
      await aws.ec2.send(
        new GetConsoleOutputCommand({ InstanceId, ...(latest ? { Latest: true } : {}) }),
        options,
      ),
    signal,
  )
  return Output === undefined ? undefined : Buffer.from(Output, 'base64').toString('utf8')
}
