// The file itself: a document that asks the network for nothing, runs one script and one style sheet, both named by their
// hashes, and holds its data as text that is no script.

import { createHash } from 'node:crypto'
import { extname, join } from 'node:path'
import type { PageIndex } from './data.ts'
import { linkScripts } from './link-scripts.ts'

/** What a page of ours is made of. */
export interface PageParts {
  readonly title: string
  readonly code: PageCode
  /** Said where there is no JavaScript. */
  readonly noscript: string
  /** Elements with data: read by the script that comes after the first of them. */
  readonly data: string
  readonly more?: readonly string[]
}

/** The document of an index and its chunks. */
export async function pageText(index: PageIndex, chunks: readonly string[]): Promise<string> {
  return documentText({
    title: index.title,
    code: await reportCode(),
    noscript:
      'This report needs JavaScript; it is all in this file, and asks the network for nothing. summary.md beside it says the same in short.',
    data: dataBlock('index', index),
    // The page can be used before its details are read from the disk.
    more: chunks.map(
      (chunk, number) => `<script type="application/gzip" id="chunk-${number}">${chunk}</script>\n`,
    ),
  })
}

/** The whole document. */
export function documentText({ title, code, noscript, data, more = [] }: PageParts): string {
  return [
    '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n',
    `<meta http-equiv="Content-Security-Policy" content="${code.policy}">\n`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">\n',
    '<meta name="referrer" content="no-referrer">\n<meta name="color-scheme" content="light dark">\n',
    `<title>${escapeHtml(title)} · Signalbox</title>\n`,
    `<style>${code.style}</style>\n</head>\n<body>\n`,
    `<noscript>${escapeHtml(noscript)}</noscript>\n`,
    data,
    `<script>${code.script}</script>\n`,
    ...more,
    '</body>\n</html>\n',
  ].join('')
}

/** An element that holds data and is no script. */
export function dataBlock(id: string, value: unknown): string {
  return `<script type="application/json" id="${id}">${jsonBlock(value)}</script>\n`
}

/** JSON that cannot end its element, nor be taken for anything in it. */
export function jsonBlock(value: unknown): string {
  return JSON.stringify(value)
    .replaceAll('<', String.raw`\u003c`)
    .replaceAll('>', String.raw`\u003e`)
    .replaceAll('&', String.raw`\u0026`)
}

export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}

/** Script, style sheet, and the policy that admits these two and nothing else. */
export interface PageCode {
  readonly script: string
  readonly style: string
  /** A content security policy. */
  readonly policy: string
}

let report: Promise<PageCode> | undefined

/** Of the report; made once a process. */
export async function reportCode(): Promise<PageCode> {
  report ??= readCode('main')
  return await report
}

/** The code of a page: a module of `page/`, by its path there without its ending; more rules for the style and the policy. */
export async function readCode(
  entry: string,
  more: { readonly css?: string; readonly policy?: readonly string[] } = {},
): Promise<PageCode> {
  const [script, { css }] = await Promise.all([
    linkScripts(join(import.meta.dirname, 'page', `${entry}${extname(import.meta.filename)}`)),
    import('./style.ts'),
  ])
  const style = `${css}${more.css ?? ''}`
  for (const text of [script, style]) {
    if (/<\/(?:script|style)|<!--/i.test(text)) throw new Error('the code of the page would end its element')
  }
  const policy = [
    "default-src 'none'",
    `script-src ${hashOf(script)}`,
    `style-src ${hashOf(style)}`,
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
    ...(more.policy ?? []),
  ].join('; ')
  return { script, style, policy }
}

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`
}
