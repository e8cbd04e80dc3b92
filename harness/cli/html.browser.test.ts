// The HTML report in a real browser: found by filters, walked through by keys, zoomed, compared; and nothing in it acts.

import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { greenAttempts, htmlText, summarize, wantedBaselines } from '../../reports/index.ts'
import { fingerprintOf } from '../../reports/record/index.ts'
import { openBrowser } from '../setup/browser.ts'
import { expectInert, watchedPage } from './browser.test.fixture.ts'
import { createCliWorld } from './cli.test.fixture.ts'
import { decision } from './html-decision.test.data.ts'
import { payloads } from './hostile-payloads.test.data.ts'
import { dayBefore, failure, hostileTest, twoTargets } from './html-run.test.data.ts'

const folder = mkdtempSync(join(tmpdir(), 'signalbox-html-'))
const address = pathToFileURL(join(folder, 'report.html')).href
let browser: Browser
let page: Page
/** What went wrong in the page, and where it wanted to go. */
let troubles: string[] = []

beforeAll(async () => {
  const events = twoTargets(folder)
  const summary = summarize(events)
  const before = join(folder, 'before')
  const baselines = greenAttempts(dayBefore(before), wantedBaselines(summary), before)
  writeFileSync(join(folder, 'report.html'), await htmlText({ summary, events, folder, baselines, decision }))
  browser = await openBrowser()
})
afterAll(async () => {
  await browser.close()
  rmSync(folder, { recursive: true, force: true })
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
  await watchedPage(browser, troubles, (url) => url === address || url.startsWith(`${address}#`), options)

const open = async (hash = ''): Promise<void> => {
  await page.goto(address + hash)
}
const names = async (): Promise<readonly string[]> =>
  await page.locator('.rows .cell.name > :first-child').allTextContents()
const resumes = '#/attempt?run=run-arm&test=update.resumes&n=2'

describe('the matrix', () => {
  it('has a row a test and a column a target, the worst first', async () => {
    await open()
    await page.locator('.rows .row').nth(4).waitFor()
    expect(await page.getByRole('columnheader').allTextContents()).toEqual([
      'Test',
      'qemu-arm64',
      'qemu-x86_64',
      'Cause',
      'Duration',
    ])
    expect((await names()).slice(0, 2).toSorted()).toEqual([
      'sly.<script>window.owned=1;alert(1)</script>',
      'update.resumes',
    ])
    expect(await page.getByRole('grid', { name: 'Tests by target' }).getAttribute('aria-rowcount')).toBe('6')
    await page
      .getByRole('link', { name: 'flaky after 2 attempts, 1.0 s, update.resumes on qemu-x86_64' })
      .waitFor()
  })

  it('is filtered by what the address says, and says what it is filtered by', async () => {
    await open(`#?q=${encodeURIComponent('s:failed t:qemu-arm64 @update')}`)
    await expect.poll(names).toEqual(['update.resumes'])
    expect(await page.getByRole('searchbox').inputValue()).toBe('s:failed t:qemu-arm64 @update')
    await page.getByRole('searchbox').fill('t:x86 boot')
    await expect.poll(names).toEqual(['boot.usr'])
    expect(new URLSearchParams(new URL(page.url()).hash.slice(2)).get('q')).toBe('t:x86 boot')
    await page.getByRole('searchbox').fill('')
    await page.getByRole('button', { name: '1 infra' }).click()
    await expect.poll(names).toEqual(['update.applies'])
    await page.getByRole('searchbox').fill('nothing is called so')
    await page.getByRole('link', { name: 'Show all' }).click()
    await expect.poll(async () => (await names()).length).toBe(5)
  })

  it('is walked through by keys, into an attempt and back', async () => {
    await open('#?q=update')
    await expect.poll(names).toEqual(['update.resumes', 'update.applies'])
    await page.locator('.rows [data-stop][tabindex="0"]').focus()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('ArrowRight')
    expect(await page.evaluate('document.activeElement.getAttribute("aria-label")')).toBe(
      'infra, 1.0 s, update.applies on qemu-x86_64',
    )
    await page.keyboard.press('ArrowUp')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { level: 1, name: 'update.resumes' }).waitFor()
    // Who reads by ear is told where they are.
    expect(await page.evaluate('document.activeElement.tagName')).toBe('H1')
    await page.goBack()
    await expect.poll(names).toEqual(['update.resumes', 'update.applies'])
  })

  it('has the decision of the gate on top', async () => {
    await open()
    const gate = page.getByRole('region', { name: "The gate's decision" })
    expect(await gate.getByRole('heading').textContent()).toBe('Hold: not promoted to beta')
    expect(await gate.textContent()).toContain('update.resumesqemu-arm64failed twice (newly red)')
    expect(await gate.locator('code').textContent()).toBe(
      "signalbox run update.resumes --image 'an image.raw'",
    )
  })
})

describe('an attempt', () => {
  it('has one timeline of everything, in the order of the clock', async () => {
    await open(resumes)
    const grid = page.getByRole('grid', { name: 'Everything that happened' })
    await page.getByRole('button', { name: /^Console/ }).waitFor()
    const rows = async (): Promise<readonly string[]> =>
      await grid.locator('.rows .row').evaluateAll((all) =>
        all.map((row) =>
          [...row.children]
            .slice(0, 3)
            .map((cell) => cell.textContent)
            .join(' | '),
        ),
      )
    await page.getByRole('searchbox', { name: 'Find in the timeline' }).fill('update')
    await expect
      .poll(rows)
      .toEqual([
        '0.120 s | console m0 | update_engine: payload hash mismatch',
        '0.120 s | console m1 | update_engine: payload hash mismatch',
        '0.170 s | journal m0 | ✕ systemd[1]: update_engine: payload hash mismatch',
        '0.170 s | journal m1 | ✕ systemd[1]: update_engine: payload hash mismatch',
        '0.210 s | step | ✕ start the update',
        '0.240 s | command m0 | update-client -check',
        '0.360 s | command m0 | update-client -status',
      ])
    await page.getByRole('row', { name: /update-client -status/ }).click()
    expect(await page.getByRole('region', { name: 'Chosen' }).textContent()).toContain('CURRENT_OP=stuck')
    await page.keyboard.press('ArrowUp')
    expect(await page.getByRole('region', { name: 'Chosen' }).textContent()).toContain('update-client -check')
    await page.getByRole('searchbox', { name: 'Find in the timeline' }).fill('')
    await page.getByRole('button', { name: /^Faults 1/ }).click()
    await expect
      .poll(async () => await grid.getAttribute('aria-rowcount'))
      .toBe(String(1 + (await total()) - 1))
  })

  const total = async (): Promise<number> => {
    const chips = await page.locator('.lane-chip').allTextContents()
    return chips.reduce((sum, text) => sum + Number(/\d+$/.exec(text)?.[0]), 0)
  }

  it('is zoomed and moved by keys and mouse, and says what is under the pointer', async () => {
    await open(resumes)
    const span = page.locator('.timeline .span')
    await expect.poll(async () => await span.textContent()).toContain('(1.0 s)')
    await page.locator('.board').focus()
    await page.keyboard.press('+')
    expect(await span.textContent()).toBe('0.244 s to 0.755 s (511 ms)')
    await page.keyboard.press('ArrowRight')
    expect(await span.textContent()).toBe('0.346 s to 0.857 s (511 ms)')
    await page.keyboard.press('0')
    await expect.poll(async () => await span.textContent()).toContain('(1.0 s)')
    const bar = page.locator('.lane.command .item').nth(1)
    const box = await bar.boundingBox()
    if (box === null) throw new Error('the command has no bar')
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2)
    expect(await page.locator('.tip').textContent()).toBe('update-client -status60 ms · at 0.360 s · m0')
    expect(await page.locator('.cursor').isVisible()).toBe(true)
    await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2)
    expect(await page.getByRole('region', { name: 'Chosen' }).textContent()).toContain('CURRENT_OP=stuck')
    await page.mouse.move(box.x - 40, box.y)
    await page.mouse.down()
    await page.mouse.move(box.x + 60, box.y, { steps: 4 })
    await page.mouse.up()
    await expect.poll(async () => await span.textContent()).not.toContain('(1.0 s)')
  })

  it('says what failed, how to run it again, and leads to the other attempts', async () => {
    await open(resumes)
    await page.getByRole('region', { name: 'Failure' }).waitFor()
    expect(await page.getByRole('region', { name: 'Failure' }).textContent()).toContain(
      'expected the update to resume',
    )
    expect(await page.getByRole('region', { name: 'Failure' }).textContent()).toContain(
      fingerprintOf(failure),
    )
    expect(
      await page.getByRole('table', { name: 'Metrics of update.resumes' }).getByRole('row').allTextContents(),
    ).toEqual(['memory.private (m0)62.5 MiB'])
    expect(await page.getByRole('region', { name: 'Run it again' }).locator('code').textContent()).toBe(
      "signalbox run update.resumes --platform qemu --image 'an image.raw'",
    )
    expect(
      await page.getByRole('navigation', { name: 'Attempts' }).getByRole('link').allTextContents(),
    ).toEqual(['✕ Attempt 1 failed, 1.0 s', '✕ Attempt 2 failed, 1.0 s'])
    expect(await page.getByRole('link', { name: 'console.txt' }).first().getAttribute('href')).toBe(
      './attempts/update.resumes/2/m0/console.txt',
    )
    await page
      .getByRole('navigation', { name: 'Other targets' })
      .getByRole('link', { name: 'qemu-x86_64' })
      .click()
    await page.getByText('attempt 2 passed · test flaky · qemu-x86_64').waitFor()
  })

  it('is compared with the last green one: where they part, and what only it has logged', async () => {
    await open(resumes)
    await page.getByRole('link', { name: 'Compare with green' }).click()
    const first = page.getByRole('region', { name: 'First difference' })
    await first.waitFor()
    // Not the step nor the phase that it is in.
    expect(await first.locator('.side').allTextContents()).toEqual([
      'command m0 at 0.360 s, took 60 msupdate-client -statusCURRENT_OP=stuck',
      'command m0 at 0.360 s, took 60 msupdate-client -statusCURRENT_OP=idle',
    ])
    expect(
      await page.getByRole('combobox', { name: 'Compare with' }).locator('option:checked').textContent(),
    ).toBe('qemu-arm64, attempt 1 of 2026-11-27 12:00: passed')
    expect(await page.locator('.lines .what').allTextContents()).toEqual([
      'update_engine: payload hash mismatch',
      'systemd[1]: update_engine: payload hash mismatch',
    ])
    expect(await page.locator('.pairs .changed').allTextContents()).toEqual(
      expect.arrayContaining([expect.stringContaining('update-client -status')]),
    )
  })

  it('that is not there is said', async () => {
    await open('#/attempt?run=none&test=none&n=1')
    await page.getByRole('heading', { name: 'No such attempt' }).waitFor()
  })
})

describe('hostile text', () => {
  const views = [
    '#/',
    '#/causes',
    '#/metrics',
    '#/about',
    `#/attempt?${new URLSearchParams({ run: 'run-arm', test: shownName(), n: '1' }).toString()}`,
    `#/compare?${new URLSearchParams({ run: 'run-arm', test: shownName(), n: '1' }).toString()}`,
    `#?q=${encodeURIComponent(payloads.join(' ').toWellFormed())}`,
    `#/attempt?run=${encodeURIComponent(payloads[0] ?? '')}&test=${encodeURIComponent(payloads[2] ?? '')}`,
  ]

  it.each(views)('does nothing in %s', async (hash) => {
    await open(hash)
    await page.locator('main h1, main .toolbar').first().waitFor()
    await expectInert(page, /^(?:#|\.\/)/)
  })

  it('of an attempt is shown as it is, line by line', async () => {
    await open(views[4] ?? '')
    await page.getByRole('button', { name: /^Console/ }).waitFor()
    for (const payload of ['<img src=x onerror="window.owned=3">', '<!--<script>', '__proto__']) {
      await page.getByRole('searchbox', { name: 'Find in the timeline' }).fill(payload)
      await page.locator('.happenings .row.console').first().waitFor()
      await page.locator('.happenings .row.console').first().click()
      expect(await page.locator('.pane .title').textContent()).toBe(payload)
    }
  })

  it('links no file that a browser would run', async () => {
    await open(views[4] ?? '')
    await page.locator('.files a').first().waitFor()
    const links = await page
      .locator('.files a')
      .evaluateAll((all) => all.map((link) => link.getAttribute('href') ?? ''))
    expect(links.filter((href) => /html|svg/.test(href))).toEqual([])
    expect(links).toContain('./javascript%3Awindow.owned%3D12//a.txt')
  })

  it('could not act if it were markup: the policy of the page forbids it', async () => {
    let asked = 0
    const server = createServer((_, response) => {
      asked += 1
      response.end('x')
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const bare = await (await browser.newContext()).newPage()
    await bare.goto(address)
    const tried = await bare.evaluate<readonly string[]>(`(async () => {
      const tried = []
      const attempt = async (name, act) => { try { await act(); tried.push(name) } catch {} }
      await attempt('innerHTML', () => { document.body.innerHTML = '<b>x</b>' })
      await attempt('fetch', () => fetch('http://127.0.0.1:${port}/fetch'))
      await attempt('script', () => new Promise((resolve, reject) => {
        const script = document.createElement('script'); script.textContent = 'window.owned = 13'; document.body.append(script); window.owned === 13 ? resolve() : reject()
      }))
      await attempt('image', () => new Promise((resolve, reject) => {
        const image = new Image(); image.onload = resolve; image.onerror = reject; image.src = 'http://127.0.0.1:${port}/image'
      }))
      await attempt('style', () => { const style = document.createElement('style'); style.textContent = '*{color:red}'; document.body.append(style); if (style.sheet === null || getComputedStyle(document.body).color !== 'rgb(255, 0, 0)') throw 0 })
      await attempt('eval', () => (0, eval)('1'))
      return tried
    })()`)
    await bare.context().close()
    server.close()
    expect(tried).toEqual([])
    expect(asked).toBe(0)
  })
})

it('follows the scheme of the reader', async () => {
  const ground = async (colorScheme: 'light' | 'dark'): Promise<string> => {
    const own = await freshPage({ colorScheme })
    await own.goto(address)
    const colour = await own.evaluate<string>('getComputedStyle(document.documentElement).backgroundColor')
    await own.context().close()
    return colour
  }
  expect(await ground('light')).toBe('rgb(246, 247, 249)')
  expect(await ground('dark')).toBe('rgb(20, 23, 28)')
})

it('is written with the other reports of a run, and made again from its events', async () => {
  using world = createCliWorld()
  const { exitCode, stdout } = await world.signalbox([
    'run',
    'outcome.passes',
    'outcome.hostile',
    ...world.target,
    ...world.corpus('outcomes'),
  ])
  expect(exitCode).toBe(1)
  expect(stdout).toContain('report.html')
  const own = await (await browser.newContext()).newPage()
  await own.goto(pathToFileURL(join(world.output, 'latest', 'report.html')).href)
  await expect
    .poll(async () => await own.locator('.rows .cell.name > :first-child').allTextContents())
    .toEqual(['outcome.hostile', 'outcome.passes'])
  await own.getByRole('link', { name: 'outcome.hostile', exact: true }).click()
  expect(await own.getByRole('region', { name: 'Run it again' }).locator('code').textContent()).toMatch(
    /^signalbox run outcome\.hostile --tests \S+ --platform fake --image \S+ --distro reference$/,
  )
  await own.context().close()
  const again = await world.signalbox(['report', 'show', '--format', 'html'])
  expect(again.stdout).toMatch(/^<!doctype html>/)
  expect(again.stderr).toBe('')
})

/** As the page names it. */
function shownName(): string {
  return hostileTest.replace('\u202E', '')
}
