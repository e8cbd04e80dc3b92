// The formats of `signalbox report show`, each a pure function from a summary to text.

import { ctrfText } from './ctrf.ts'
import { githubText } from './github.ts'
import { jsonText } from './json.ts'
import { junitText } from './junit.ts'
import { listText, type TextOptions } from './list-text.ts'
import { markdownText } from './markdown.ts'
import type { Summary } from './run-summary.ts'
import { tapText } from './tap.ts'

export type ReportFormat = 'list' | 'tap' | 'junit' | 'json' | 'ctrf' | 'markdown' | 'github'

/** Name -> text; only `list` looks at the options. */
export const reportFormats: Readonly<
  Record<ReportFormat, (summary: Summary, options?: TextOptions) => string>
> = {
  list: listText,
  tap: tapText,
  junit: junitText,
  json: jsonText,
  ctrf: ctrfText,
  markdown: markdownText,
  github: githubText,
}

/** Narrows a word from a command line. */
export function isReportFormat(word: string): word is ReportFormat {
  return Object.hasOwn(reportFormats, word)
}
