// The HTML report of 20,000 attempts: how long it takes to build, how large it is, and how soon it can be used in a browser.

import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { htmlText, summarize } from '../../reports/index.ts'
import type { SignalboxEvent } from '../events.ts'
import { openBrowser } from '../setup/browser.ts'
import type { Benchmark } from './figure.ts'
import { manyAttempts } from './many-attempts.ts'

let events: readonly SignalboxEvent[] = []
let folder = ''

async function prepare(): Promise<void> {
  if (folder !== '') return
  folder = await mkdtemp(join(tmpdir(), 'signalbox-bench-html-'))
  process.once('exit', () => void rm(folder, { recursive: true, force: true }))
  events = manyAttempts()
}

/** Events in memory to a file on the disk, as at the end of a run. */
async function build(): Promise<string> {
  const path = join(folder, 'report.html')
  await writeFile(path, await htmlText({ summary: summarize(events), events, folder }))
  return path
}

export const htmlBenchmarks: readonly Benchmark[] = [
  {
    name: 'html-20k-build',
    unit: 's',
    better: 'lower',
    n: 3,
    help: 'HTML report of 20,000 attempts, from events in memory to the file',
    asked: { atMost: 5 },
    prepare,
    async sample() {
      const started = performance.now()
      await build()
      return (performance.now() - started) / 1000
    },
  },
  {
    name: 'html-20k-open',
    unit: 's',
    better: 'lower',
    n: 5,
    help: 'that file in headless Chromium: from going there to a filter having been typed and answered',
    asked: { atMost: 1.5 },
    prepare,
    async sample() {
      const path = await built()
      await using browser = await openBrowser()
      const page = await browser.newPage()
      const started = performance.now()
      await page.goto(pathToFileURL(path).href, { waitUntil: 'commit' })
      await page.fill('#filter', 's:failed @smoke')
      await page.waitForFunction("document.querySelector('.toolbar .result')?.textContent.includes(' of ')")
      return (performance.now() - started) / 1000
    },
  },
  {
    name: 'html-20k-size',
    unit: 'MiB',
    better: 'lower',
    n: 1,
    help: 'that file, which has no logs',
    asked: { atMost: 15 },
    prepare,
    sample: async () => (await stat(await built())).size / 1024 / 1024,
  },
]

let path: Promise<string> | undefined

async function built(): Promise<string> {
  path ??= build()
  return await path
}
