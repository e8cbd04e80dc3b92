// `run.json`: the summary in its published shape (`run-summary.ts`, `record/run-schema.ts`). Guest text stays as it was, but no
// control character is written raw, so that printing the file on a terminal is harmless.

import type { Summary } from './run-summary.ts'

/** Bidirectional and C1 controls, line separators, invisible tags: JSON would leave these raw. */
const RAW =
  /[\u007F-\u009F\u061C\u200B\u200E\u200F\u2028-\u202E\u2060-\u206F\uFEFF\uFFF9-\uFFFB\u{E0000}-\u{E007F}]/gu

/** The summary as JSON, two spaces deep, with a final newline. */
export function jsonText(summary: Summary): string {
  return safeJson(summary)
}

/** Any value so. */
export function safeJson(value: object): string {
  return `${JSON.stringify(value, undefined, 2).replaceAll(RAW, escapeUnits)}\n`
}

function escapeUnits(text: string): string {
  return text
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('')
}
