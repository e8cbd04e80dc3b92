// Pages in a headless Chromium that tell what went wrong in them and where they wanted to go, and the proof that a page holds
// nothing that acts.

import type { Browser, Page } from 'playwright-core'
import { expect } from 'vitest'

/** Opens an empty page of 1280 by 900. `isOwn`: addresses that it may ask for; all else is added to `troubles`. */
export async function watchedPage(
  browser: Browser,
  troubles: string[],
  isOwn: (url: string) => boolean,
  options: Parameters<Browser['newContext']>[0] = {},
): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options })
  const page = await context.newPage()
  page.on('pageerror', (error) => troubles.push(`error: ${error.message}`))
  page.on('console', (message) => troubles.push(`console: ${message.text()}`))
  page.on('dialog', (dialog) => {
    troubles.push(`dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on('request', (request) => {
    if (!isOwn(request.url())) troubles.push(`request: ${request.url()}`)
  })
  page.on('popup', () => troubles.push('popup'))
  return page
}

/**
 * Looks at a page full of hostile texts, once it is complete and all of it is open: no text became an element, no link leads
 * elsewhere than `links` says, no character deceives. Returns the text that is shown.
 */
export async function expectInert(page: Page, links: RegExp): Promise<string> {
  await page.waitForFunction('document.querySelector("[aria-busy=true]") === null')
  for (const detail of await page.locator('details').all())
    await detail.evaluate((element) => element.setAttribute('open', ''))
  expect(await page.evaluate('window.owned')).toBeUndefined()
  // All elements are the page's own; none came out of a text.
  expect(
    await page
      .locator('body img, body iframe, main script, main style, form, base, link, object, embed, main meta')
      .count(),
  ).toBe(0)
  const hrefs = await page
    .locator('a[href]')
    .evaluateAll((all) => all.map((link) => link.getAttribute('href') ?? ''))
  expect(hrefs.filter((href) => !links.test(href))).toEqual([])
  const text = await page.evaluate<string>('document.body.innerText + document.title')
  expect(text).not.toMatch(/[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u200E\u200F\u202A-\u202E\u2066-\u2069]/)
  return text
}
