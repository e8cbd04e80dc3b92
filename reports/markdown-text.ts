// Text in Markdown in which nothing of a guest means anything, and the signs of verdicts.

import { oneLine } from '../harness/hostile-text.ts'
import type { Verdict } from '../harness/model.ts'

export const signs: Readonly<Record<Verdict, string>> = {
  passed: '✅',
  flaky: '🟡',
  warned: '⚠️',
  failed: '❌',
  infra: '🟠',
  skipped: '⚪',
  missing: '❓',
}

/** A fence longer than any run of backticks inside. */
export function fenced(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map((run) => run[0].length))
  const fence = '`'.repeat(longest + 1)
  return `${fence}text\n${text}\n${fence}`
}

/** One line as code, whatever backticks it holds; a pipe would end a table's cell. */
export function codeSpan(text: string): string {
  const line = oneLine(text)
  return `<code>${escapeMarkdown(escapeHtml(line))}</code>`
}

/** One line of prose in which nothing is Markdown, HTML, a mention or a table's cell. */
export function markdownLine(text: string): string {
  return escapeMarkdown(escapeHtml(oneLine(text)))
}

/** Text between tags, or in an attribute. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}

function escapeMarkdown(text: string): string {
  return text
    .replaceAll(/[\\`*_{}[\]()~|!]/g, (sign) => `\\${sign}`)
    .replaceAll('@', '&#64;')
    .replaceAll('://', ':&#47;&#47;')
    .replaceAll(/(?<!&)#(?=[\dA-Za-z])/g, '&#35;')
}
