// The report of a matrix in a real browser: heads that can be read, what has to do with where a test ran, two to twelve columns,
// light and dark. SIGNALBOX_SCREENSHOTS names a folder to look at.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { htmlText, summarize } from '../../reports/index.ts'
import type { Target } from '../model.ts'
import { openBrowser } from '../setup/browser.ts'
import { watchedPage } from './browser.test.fixture.ts'
import { matrixRun, matrixTargets } from './matrix-run.test.data.ts'

const folder = mkdtempSync(join(tmpdir(), 'signalbox-matrix-'))
const shots = process.env['SIGNALBOX_SCREENSHOTS']
const troubles: string[] = []
let browser: Browser

beforeAll(async () => {
  browser = await openBrowser()
})
afterAll(async () => {
  await browser.close()
  rmSync(folder, { recursive: true, force: true })
})

async function open(
  name: string,
  targets: readonly Target[],
  colorScheme: 'light' | 'dark' = 'light',
): Promise<Page> {
  const events = matrixRun(targets)
  const path = join(folder, `${name}.html`)
  writeFileSync(path, await htmlText({ summary: summarize(events), events, folder: undefined }))
  const address = pathToFileURL(path).href
  const page = await watchedPage(browser, troubles, (url) => url.startsWith(address), { colorScheme })
  await page.goto(address)
  await page.locator('.rows .row').nth(4).waitFor()
  if (shots !== undefined) {
    mkdirSync(shots, { recursive: true })
    await page.screenshot({ path: join(shots, `${name}-${colorScheme}.png`) })
  }
  return page
}

const all = matrixTargets()
const two = all.filter(({ firmware, axes }) => firmware === 'uefi' && axes === undefined)

it('calls out what fails in one column only, and leads to its row', { timeout: 240_000 }, async () => {
  const page = await open('two', two)
  const findings = page.getByRole('region', { name: 'By target' })
  expect(await findings.getByRole('listitem').first().textContent()).toBe(
    '✕boot.basic, boot.reboots fail only on arm64',
  )
  expect(await findings.locator('summary').textContent()).toBe('1 test runs on none of these 2 targets')
  expect(await page.getByRole('columnheader').allTextContents()).toEqual([
    'Test',
    'arm64',
    'x86_64',
    'Cause',
    'Duration',
  ])
  await findings.getByRole('link', { name: 'boot.basic' }).click()
  await expect
    .poll(async () => await page.locator('.rows .cell.name > :first-child').allTextContents())
    .toEqual(['boot.basic'])
  await page.getByRole('button', { name: 'qemu-arm64-uefi-stable' }).click()
  await expect
    .poll(async () => await page.getByRole('searchbox').inputValue())
    .toContain('t:qemu-arm64-uefi-stable')
  await page.context().close()
})

it.each(['light', 'dark'] as const)(
  'heads ten columns so that they can be read: %s',
  { timeout: 240_000 },
  async (scheme) => {
    const page = await open('ten', all, scheme)
    const heads = page.locator('.head .cell.target button')
    expect(await heads.nth(1).locator('.part').allTextContents()).toEqual(['arm64', 'uefi-secure'])
    expect(await heads.count()).toBe(10)
    // Nothing of a head is cut off, and no row stands below it.
    const cut = await heads.evaluateAll(
      (buttons) =>
        buttons.filter(
          (button) =>
            button.scrollWidth > button.clientWidth + 1 || button.scrollHeight > button.clientHeight + 1,
        ).length,
    )
    expect(cut).toBe(0)
    const [head, row] = [
      await page.locator('.head').boundingBox(),
      await page.locator('.rows .row').first().boundingBox(),
    ]
    expect(row?.y ?? 0).toBeGreaterThanOrEqual((head?.y ?? 0) + (head?.height ?? 0) - 1)
    const texts = await page
      .getByRole('region', { name: 'By target' })
      .getByRole('listitem')
      .allTextContents()
    expect(texts.slice(0, 4)).toEqual([
      '✕boot.basic, boot.reboots fail on all 5 targets on arm64, and on no other',
      '✕selinux.applies fails on all 4 targets with uefi-secure, and on no other',
      '▲network.reboots has trouble of the platform only on qemu-x86_64-uefi-stable',
      '≈storage.persists is flaky on all 4 targets with a TPM, and on no other',
    ])
    await page.context().close()
  },
)

it('takes twenty columns without losing the names of tests', { timeout: 240_000 }, async () => {
  const page = await open('twenty', matrixTargets(['stable', 'beta']))
  await page.locator('main').evaluate((main) => {
    main.scrollLeft = 800
  })
  const name = page.locator('.rows .cell.name').first()
  expect((await name.boundingBox())?.x).toBeLessThan(30)
  await page.context().close()
  expect(troubles).toEqual([])
})
