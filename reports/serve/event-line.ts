// One line of an event file, or undefined when it holds no event that this version knows.

import type { SignalboxEvent } from '../../harness/events.ts'
import { eventShape } from '../event-shape.ts'

/** Reads it. */
export function parseEventLine(text: string): SignalboxEvent | undefined {
  try {
    const shape = eventShape(JSON.parse(text))
    return shape.kind === 'event' ? shape.event : undefined
  } catch {
    return undefined
  }
}
