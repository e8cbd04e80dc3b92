// Figures of the history as the pages hold them.

import type { PassRate } from '../pass-rate.ts'
import type { Interval } from './data.ts'

/** Under a name, or nothing where it is not known: for objects whose fields are absent then. */
export function given<K extends string, V>(name: K, value: V | undefined): { readonly [N in K]?: V } {
  return (value === undefined ? {} : { [name]: value }) as { readonly [N in K]?: V }
}

/** A rate with its interval. */
export function intervalOf(rate: PassRate | undefined): { readonly rate?: Interval } {
  return given('rate', rate)
}

/** ISO 8601 UTC. */
export function timeOf(ms: number): string {
  return new Date(ms).toISOString()
}
