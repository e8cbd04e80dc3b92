// The stream of one run: its items from its beginning, or from where a browser has lost us, until it ends.

import { setTimeout as sleep } from 'node:timers/promises'
import { parseEventLine } from './event-line.ts'
import { watchGrowth } from './growth.ts'
import { liveItem } from './live-item.ts'
import { startProgress } from './progress.ts'
import { GREETING, messageText, STILL_HERE } from './sse.ts'
import { openTail } from './tail.ts'

/** Between two looks where the system does not tell. */
const LOOK_MS = 1000
const QUIET_MS = 15_000
/** A run of several targets may end one before it begins the next. */
const SETTLE_MS = 1500

/**
 * Messages `items` (an array of LiveItem; the id is where to go on) and at last `end`. `from`: the id of the last message
 * that arrived.
 */
export async function* liveStream(path: string, from: number, signal: AbortSignal): AsyncGenerator<string> {
  using growth = watchGrowth(path)
  const tail = openTail(path)
  const progress = startProgress()
  let quietMs = 0
  yield GREETING
  while (!signal.aborted) {
    const part = await tail.read()
    if (part === undefined) break
    const items = part.lines.flatMap(({ text, end }) => {
      const event = parseEventLine(text)
      const item = event === undefined ? undefined : liveItem(event)
      if (item === undefined) return []
      // What was before the place is only counted.
      progress.add(item)
      return end > from ? [item] : []
    })
    const last = part.lines.at(-1)?.end ?? 0
    if (items.length > 0) {
      yield messageText({ id: last, event: 'items', data: items })
      quietMs = 0
    }
    if (part.left > 0) continue
    const isOver = progress.isOver()
    const changed = await growth.changed(isOver ? SETTLE_MS : LOOK_MS, signal)
    if (changed || signal.aborted) {
      // Several lines at once are one message.
      if (!signal.aborted) await sleep(50, undefined, { signal }).catch(() => undefined)
      continue
    }
    if (isOver) {
      yield messageText({ event: 'end', data: progress.now()?.ends ?? [] })
      return
    }
    quietMs += LOOK_MS
    if (quietMs < QUIET_MS) continue
    quietMs = 0
    yield STILL_HERE
  }
  // The file is gone: nothing more will come.
  if (!signal.aborted) yield messageText({ event: 'end', data: ['its events are gone'] })
}
