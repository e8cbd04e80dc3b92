// Spans of time and percentages, as a policy writes them and as a message shows them.

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
/** Milliseconds of a day. */
export const DAY_MS = 24 * HOUR_MS

const units: Readonly<Record<string, number>> = { min: MINUTE_MS, h: HOUR_MS, d: DAY_MS }

/** `14d`, `36h` or `30min` in milliseconds; undefined for anything else. */
export function spanMs(text: string): number | undefined {
  const [, count, unit = ''] = /^(\d{1,5}) ?(d|h|min)$/.exec(text.trim()) ?? []
  const scale = units[unit]
  return count === undefined || scale === undefined ? undefined : Number(count) * scale
}

/** `14 days`, `36 hours`, `30 minutes`: the biggest unit of which there are two, rounded down. */
export function spanText(ms: number): string {
  const [count, unit] =
    ms >= 2 * DAY_MS
      ? ([ms / DAY_MS, 'day'] as const)
      : ms >= 2 * HOUR_MS
        ? ([ms / HOUR_MS, 'hour'] as const)
        : ([ms / MINUTE_MS, 'minute'] as const)
  const whole = Math.floor(count)
  return `${whole} ${unit}${whole === 1 ? '' : 's'}`
}

/** `5%` as 0.05. The form has been checked. */
export function shareOf(text: string): number {
  return Number(text.replace(/ ?%$/, '')) / 100
}

/** 0.0512 as `5.12 %`, with at most two decimals. */
export function shareText(share: number): string {
  return `${Math.round(share * 10_000) / 100} %`
}
