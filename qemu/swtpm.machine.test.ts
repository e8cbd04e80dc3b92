// A software TPM comes up, serves a machine, and goes with it.

import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { readLedger } from '../harness/ledger.ts'
import { createMachineFolders } from './machine-folders.ts'
import { startSoftwareTpm } from './swtpm.ts'
import { launchTest, lineWith, TEXT } from './test-machine.test.fixture.ts'

const folder = mkdtempSync(join(tmpdir(), 'tpm-'))
process.env['SIGNALBOX_RUNTIME'] = join(folder, 'run')
process.env['SIGNALBOX_CACHE'] = join(folder, 'cache')
afterAll(() => rmSync(folder, { recursive: true }))

test('a TPM over two power cycles', async () => {
  {
    await using folders = await createMachineFolders()
    for (let cycle = 0; cycle < 2; cycle += 1) {
      await using tpm = await startSoftwareTpm(folders)
      expect(
        readLedger()
          .map(({ kind }) => kind)
          .toSorted(),
      ).toEqual(['qemu', 'swtpm'])
      await using vm = await launchTest('halt', { tpmSocket: tpm.socket })
      await lineWith(vm.console.lines, TEXT)
      expect(existsSync(join(folders.storage, 'tpm', 'tpm2-00.permall'))).toBe(true)
    }
  }
  expect(readLedger()).toEqual([])
})
