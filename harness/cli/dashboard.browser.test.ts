// The dashboard in a real browser, over a history of three weeks and a run that goes on: what it shows, and that nothing in it
// acts.

import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Decision } from '../../reports/gate/index.ts'
import { importRun, openHistory } from '../../reports/history/index.ts'
import { listenOnLoopback } from '../listen.ts'
import { openBrowser } from '../setup/browser.ts'
import { expectInert, watchedPage } from './browser.test.fixture.ts'
import { type CliWorld, createCliWorld } from './cli.test.fixture.ts'
import { DAYS, digestOf, nightlyRuns } from './dashboard-runs.test.data.ts'
import { decision } from './html-decision.test.data.ts'
import { payloads } from './hostile-payloads.test.data.ts'
import { hostileTest } from './html-run.test.data.ts'

let world: CliWorld
let browser: Browser
let page: Page
let server: ChildProcess
let port = 0
/** What went wrong in the page, and where it wanted to go. */
let troubles: string[] = []

const promotion: Decision = {
  ...decision,
  decision: 'promote',
  summary: 'promote 1.0.0',
  digests: [digestOf('1.0.0')],
  images: [
    {
      digest: digestOf('1.0.0'),
      distro: 'reference',
      version: '1.0.0',
      channel: 'beta',
      architecture: 'x86_64',
    },
  ],
  decidedAt: '2026-11-20T12:00:00.000Z',
  unsatisfied: [],
}

async function serve(): Promise<void> {
  const places = ['--history', join(world.folder, 'h.sqlite'), '--decisions', join(world.folder, 'decisions')]
  server = world.start(['serve', '--port', String(port), ...places])
  let text = ''
  for await (const chunk of server.stdout ?? []) {
    text += String(chunk)
    if (text.includes('Ctrl-C ends it.')) break
  }
  port = Number(/:(\d+)\//.exec(text)?.[1])
}

beforeAll(async () => {
  world = createCliWorld()
  await using history = await openHistory(join(world.folder, 'h.sqlite'))
  for (const run of nightlyRuns(Date.now())) await importRun(history, { run, source: 'nightly/run.json' })
  for (const [name, each] of [
    ['1-promoted', promotion],
    ['2-held', { ...decision, digests: [digestOf('2.0.0')] }],
  ] as const) {
    mkdirSync(join(world.folder, 'decisions', name), { recursive: true })
    writeFileSync(join(world.folder, 'decisions', name, 'decision.json'), JSON.stringify(each))
  }
  await serve()
  browser = await openBrowser()
})
afterAll(async () => {
  server.kill('SIGINT')
  await browser.close()
  world[Symbol.dispose]()
})

beforeEach(async () => {
  troubles = []
  page = await freshPage()
  return async () => {
    await page.context().close()
    expect(troubles).toEqual([])
  }
})

const freshPage = async (options?: Parameters<Browser['newContext']>[0]): Promise<Page> =>
  await watchedPage(browser, troubles, (url) => url.startsWith(`http://127.0.0.1:${port}/`), options)

const open = async (path = '/'): Promise<void> => {
  await page.goto(`http://127.0.0.1:${port}${path}`)
}
/** The rows of a table as texts. */
const rowsOf = async (name: string): Promise<readonly string[]> =>
  await page
    .getByRole('table', { name, exact: true })
    .locator('tbody tr')
    .evaluateAll((rows) => rows.map((row) => [...row.children].map((cell) => cell.textContent).join(' | ')))

describe('the overview', () => {
  it('says what is promoted where, and what stands before the next', async () => {
    await open()
    const beta = page.getByRole('region', { name: 'Channel beta' })
    expect(await beta.locator('.channel-head').textContent()).toContain('1.0.0')
    expect(await beta.locator('.channel-head').textContent()).toContain('since 2026-11-20 12:00:00 UTC')
    const gate = beta.getByRole('region', { name: "The gate's decision" })
    expect(await gate.getByRole('heading').textContent()).toBe('Hold: not promoted to beta')
    expect(await gate.textContent()).toContain('update.resumesqemu-arm64failed twice (newly red)')
    expect(await page.getByRole('region', { name: 'Channel stable' }).textContent()).toContain(
      'Tested, and not decided on: 2.0.0',
    )
    expect(await rowsOf('Latest runs')).toHaveLength(DAYS)
    await beta.getByRole('link', { name: 'compare with what is promoted' }).click()
    await page.getByRole('region', { name: 'Newly red' }).first().waitFor()
  })

  it('is walked through by keys, to a run that only the history has', async () => {
    await open()
    await page.keyboard.press('Tab')
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to content')
    await page.keyboard.press('Enter')
    expect(await page.evaluate('document.activeElement.id')).toBe('main')
    await page.getByRole('table', { name: 'Latest runs' }).getByRole('link').first().focus()
    await page.keyboard.press('Enter')
    await page.getByRole('grid', { name: 'Tests by target' }).waitFor()
    await page.getByRole('link', { name: 'ignition.files', exact: true }).click()
    await page.getByRole('region', { name: 'Failure' }).waitFor()
    await page.getByRole('link', { name: 'Trend' }).click()
    await page.getByRole('heading', { level: 1, name: 'ignition.files' }).waitFor()
    await page.getByRole('link', { name: 'Signalbox' }).click()
    await page.getByRole('region', { name: 'Channel beta' }).waitFor()
  })
})

it('a run streams in while it goes on, also past a restart of the server, until it ends', async () => {
  await open()
  const run = world.start([
    'run',
    'outcome.passes',
    'outcome.fails-a-command',
    'outcome.waits',
    ...world.target,
    ...world.corpus('outcomes'),
    ...world.corpus('waiting'),
  ])
  const ended = once(run, 'close')
  const live = page.locator('.live-run.live')
  await live.getByText('now: outcome.waits').waitFor()
  await live.getByRole('link').click()
  const states = async (): Promise<readonly string[]> =>
    (await rowsOf('Tests')).map((row) => row.split(' | ').slice(0, 2).join(' '))
  const soFar = ['outcome.waits ▶running', 'outcome.fails-a-command ✕failed', 'outcome.passes ✓passed']
  await expect.poll(states).toEqual(soFar)
  expect((await rowsOf('Tests'))[1]).toContain('/etc/missing')
  await page.getByText('2 of 3 tests').waitFor()

  server.kill('SIGINT')
  await once(server, 'close')
  await page.getByText('The connection is lost; it is tried again.').waitFor()
  // That nobody answered is the only thing that a browser may say here.
  troubles = troubles.filter((trouble) => !trouble.includes('net::ERR_'))
  await serve()
  await expect.poll(async () => await page.locator('.live-said').textContent()).toBe('Live')
  run.kill('SIGINT')
  await ended
  await page.getByText('The run has ended: interrupted by SIGINT.').waitFor()
  // Nothing came twice.
  await page.getByText('2 of 3 tests').waitFor()
  troubles = troubles.filter((trouble) => !trouble.includes('net::ERR_'))
  await page.getByRole('link', { name: 'Open its report' }).click()
  await page.getByRole('link', { name: 'outcome.fails-a-command', exact: true }).click()
  const file = await page.getByRole('link', { name: 'console.txt' }).first().getAttribute('href')
  const shown = await page.goto(new URL(file ?? '', page.url()).href)
  expect([shown?.status(), shown?.headers()['content-type']]).toEqual([200, 'text/plain; charset=utf-8'])
})

it('a test has a trend: rate with interval, duration, flake rank, failures that lead to their attempts', async () => {
  await open('/tests')
  const rows = await rowsOf('Tests')
  expect(rows).toHaveLength(7)
  expect(rows.find((row) => row.startsWith('update.resumes'))).toBe(
    'update.resumes | 80 %60.9 to 91.1 %, of 25 | 8.0 s | 0 | 5 | #1 | 0',
  )
  await page.getByRole('searchbox', { name: 'Filter tests' }).fill('RESUMES')
  await expect.poll(async () => await rowsOf('Tests')).toHaveLength(1)
  await page.getByRole('link', { name: 'update.resumes' }).click()
  const card = async (name: string): Promise<string | null> =>
    await page.getByRole('region', { name, exact: true }).textContent()
  expect(await card('Pass rate')).toContain('80 %')
  expect(await card('Flake rank')).toBe('Flake rank#1 of 1flaky in 5 of 20: 11.2 to 46.9 %')
  expect(await card('Took lately')).toContain('8.0 s')
  expect(await page.locator('.chart .interval').count()).toBe(DAYS)
  expect(await page.locator('.chart .time-point').count()).toBe(DAYS)
  expect(await rowsOf('Latest failures')).toEqual([
    expect.stringMatching(/ UTC \| .* \| f1-[0-9a-f]{16} \| \d+ times \| .*, 1\.0\.0$/),
  ])
  await page.getByRole('link', { name: '7 days' }).click()
  await expect.poll(async () => await page.locator('.chart .time-point').count()).toBeLessThan(9)
  await page.getByRole('table', { name: 'Latest failures' }).getByRole('link').click()
  await page.getByText('attempt 1 failed · test flaky').waitFor()
})

it('two images are compared: newly red, newly green, red in both, missing, slower', async () => {
  await open('/compare')
  await page.getByLabel('Before').selectOption(digestOf('1.0.0'))
  await page.getByLabel('After').selectOption(digestOf('2.0.0'))
  await page.getByRole('button', { name: 'Compare' }).click()
  await page.getByRole('table', { name: 'Newly red' }).waitFor()
  const tests = async (name: string): Promise<readonly string[]> =>
    (await rowsOf(name)).map((row) => row.split(' | ')[0] ?? '')
  expect(await tests('Newly red')).toEqual(['ignition.files'])
  expect(await tests('Red in both')).toEqual(['network.old', shownName()])
  expect(await tests('Missing: judged before, not any more')).toEqual(['docker.gone'])
  expect(await rowsOf('Durations and metrics that changed')).toEqual([
    'update.slow | qemu-x86_64-direct | duration | 3.0 s | 9.0 s | ▲ 3.0 times',
  ])
  await page.getByRole('button', { name: 'The other way round' }).click()
  await page.getByRole('table', { name: 'Newly green' }).waitFor()
  expect(await tests('Newly green')).toEqual(['ignition.files'])
  await page.getByRole('table', { name: 'Newly green' }).getByRole('link', { name: 'passed' }).click()
  await page.getByRole('heading', { level: 1, name: 'ignition.files' }).waitFor()
})

describe('hostile text', () => {
  const name = encodeURIComponent(hostileTest)
  const nasty = encodeURIComponent(payloads.join(' ').toWellFormed())
  const run = `/run/nightly-19/#/attempt?${new URLSearchParams({ run: 'nightly-19', test: shownName(), n: '1' }).toString()}`

  it.each([
    ['the overview', '/'],
    ['the tests', '/tests'],
    ['a trend', `/test?name=${name}`],
    ['a comparison', `/compare?before=1.0.0&after=2.0.0`],
    ['a comparison of payloads', `/compare?before=${nasty}&after=${nasty}`],
    ['a trend of payloads', `/test?name=${nasty}&target=${nasty}`],
    ['an attempt', run],
  ])('does nothing in %s', async (_, path) => {
    await open(path)
    await page.locator('main h1').first().waitFor()
    const text = await expectInert(page, /^(?:#|\.\/|\/(?!\/))/)
    expect(text).toMatch(/sly|<script>|compare/i)
  })

  it('of a test leads to its trend, by its very name', async () => {
    await open('/tests')
    await page.getByRole('link', { name: shownName() }).click()
    await page.getByRole('table', { name: 'Latest failures' }).waitFor()
    expect(await rowsOf('Latest attempts')).toHaveLength(DAYS)
  })
})

it('could not act if it were markup, nor ask anybody else; another page reads nothing', async () => {
  const bare = await (await browser.newContext()).newPage()
  await bare.goto(`http://127.0.0.1:${port}/`)
  const tried = await bare.evaluate<readonly string[]>(`(async () => {
    const tried = []
    const attempt = async (name, act) => { try { await act(); tried.push(name) } catch {} }
    await attempt('innerHTML', () => { document.body.innerHTML = '<b>x</b>' })
    await attempt('fetch', () => fetch('http://127.0.0.1:9/'))
    await attempt('script', () => new Promise((resolve, reject) => {
      const script = document.createElement('script'); script.textContent = 'window.owned = 13'; document.body.append(script); window.owned === 13 ? resolve() : reject()
    }))
    await attempt('image', () => new Promise((resolve, reject) => {
      const image = new Image(); image.onload = resolve; image.onerror = reject; image.src = '/run/x/y.png'
    }))
    await attempt('frame', () => new Promise((resolve, reject) => {
      const frame = document.createElement('iframe'); frame.onload = () => { try { frame.contentDocument.title ? resolve() : reject() } catch { reject() } }; frame.src = '/'; document.body.append(frame)
    }))
    await attempt('eval', () => (0, eval)('1'))
    return tried
  })()`)
  expect(tried).toEqual([])
  // A page of another origin, without a policy of its own.
  const other = createServer((_, response) => response.end('<!doctype html><title>evil</title>'))
  await using listening = await listenOnLoopback(other, 'the other page')
  await bare.goto(`http://localhost:${listening.port}/`)
  const got = await bare.evaluate<readonly string[]>(`(async () => {
    const address = 'http://127.0.0.1:${port}/'
    const fetched = await fetch(address, { mode: 'no-cors' }).then(() => 'fetched', () => 'refused')
    const streamed = await new Promise((resolve) => {
      const source = new EventSource(address + 'events')
      source.onopen = () => resolve('streamed')
      source.onerror = () => resolve('refused')
    })
    return [fetched, streamed]
  })()`)
  expect(got).toEqual(['refused', 'refused'])
  await bare.context().close()
})

it('follows the scheme of the reader', async () => {
  const ground = async (colorScheme: 'light' | 'dark'): Promise<string> => {
    const own = await freshPage({ colorScheme })
    await own.goto(`http://127.0.0.1:${port}/tests`)
    const colour = await own.evaluate<string>('getComputedStyle(document.documentElement).backgroundColor')
    await own.context().close()
    return colour
  }
  expect(await ground('light')).toBe('rgb(246, 247, 249)')
  expect(await ground('dark')).toBe('rgb(20, 23, 28)')
})

/** As the page names it. */
function shownName(): string {
  return hostileTest.replace('\u202E', '')
}
