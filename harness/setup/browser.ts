// A headless Chromium for the project's own tests and benchmarks: the one that Debian installs, with no download.

import { accessSync, constants } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** Starts it; disposing ends it. Throws with what to install when there is none. */
export async function openBrowser(): Promise<Browser> {
  const executablePath = process.env['SIGNALBOX_CHROMIUM'] ?? PLACES.find(isExecutable)
  if (executablePath === undefined) {
    throw new Error('there is no Chromium on this host; "npm test" installs the Debian package "chromium"')
  }
  // Root has no sandbox in containers; what the pages hold is ours, or a payload that must not act anyway.
  return await chromium.launch({ executablePath, chromiumSandbox: process.getuid?.() !== 0 })
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
