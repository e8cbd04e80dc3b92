// The file itself: a document that asks the network for nothing, runs one script and one style sheet, both named by their
// hashes, and holds its data as text that is no script.

import { createHash } from 'node:crypto'
import { extname, join } from 'node:path'
import type { PageIndex } from './data.ts'
import { linkScripts } from './link-scripts.ts'

/** The document of an index and its chunks. */
export async function pageText(index: PageIndex, chunks: readonly string[]): Promise<string> {
  const { script, style } = await pageCode()
  const policy = [
    "default-src 'none'",
    `script-src ${hashOf(script)}`,
    `style-src ${hashOf(style)}`,
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ')
  const blocks = chunks.map(
    (chunk, number) => `<script type="application/gzip" id="chunk-${number}">${chunk}</script>\n`,
  )
  return [
    '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n',
    `<meta http-equiv="Content-Security-Policy" content="${policy}">\n`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">\n',
    '<meta name="referrer" content="no-referrer">\n<meta name="color-scheme" content="light dark">\n',
    `<title>${escapeHtml(index.title)} · Signalbox</title>\n`,
    `<style>${style}</style>\n</head>\n<body>\n`,
    '<noscript>This report needs JavaScript; it is all in this file, and asks the network for nothing. ',
    'summary.md beside it says the same in short.</noscript>\n',
    `<script type="application/json" id="index">${jsonBlock(index)}</script>\n`,
    // The page can be used before its details are read from the disk.
    `<script>${script}</script>\n`,
    ...blocks,
    '</body>\n</html>\n',
  ].join('')
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

interface PageCode {
  readonly script: string
  readonly style: string
}

let code: Promise<PageCode> | undefined

/** The script and the style sheet, made once a process. */
async function pageCode(): Promise<PageCode> {
  code ??= readCode()
  return await code
}

async function readCode(): Promise<PageCode> {
  const folder = join(import.meta.dirname, 'page')
  const [script, { css }] = await Promise.all([
    linkScripts(join(folder, `main${extname(import.meta.filename)}`)),
    import('./style.ts'),
  ])
  for (const text of [script, css]) {
    if (/<\/(?:script|style)|<!--/i.test(text)) throw new Error('the code of the page would end its element')
  }
  return { script, style: css }
}

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`
}
