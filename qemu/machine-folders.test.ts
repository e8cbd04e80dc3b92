// A machine's folders: recorded before they exist, private, gone afterwards; and the errors of hosts that refuse them.

import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readLedger, recordInLedger } from '../harness/ledger.ts'
import { createMachineFolders } from './machine-folders.ts'
import { reapDeadMachines } from './reap.ts'

let root = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'folders-'))
  process.env['SIGNALBOX_RUNTIME'] = join(root, 'run')
  process.env['SIGNALBOX_CACHE'] = join(root, 'cache')
})
afterEach(() => {
  rmSync(root, { recursive: true })
  delete process.env['SIGNALBOX_RUNTIME']
  delete process.env['SIGNALBOX_CACHE']
})

test('private, in the ledger, and gone when disposed', async () => {
  const folders = await createMachineFolders()
  expect(readLedger()).toMatchObject([
    { kind: 'qemu', id: `qemu-${folders.id}`, ownerAlive: true, data: { uuid: folders.uuid } },
  ])
  for (const path of [folders.runtime, folders.storage]) expect(statSync(path).mode & 0o777).toBe(0o700)
  await folders[Symbol.asyncDispose]()
  await folders[Symbol.asyncDispose]()
  expect([existsSync(folders.runtime), existsSync(folders.storage), readLedger()]).toEqual([false, false, []])
})

test('a place that cannot be written is named, and nothing is left', async () => {
  const file = join(root, 'file')
  writeFileSync(file, '')
  process.env['SIGNALBOX_CACHE'] = join(file, 'cache')
  await expect(createMachineFolders()).rejects.toMatchObject({
    name: 'InfraError',
    code: 'folder-not-writable',
    message: expect.stringContaining(file),
    hint: expect.stringContaining('SIGNALBOX_CACHE'),
  })
  expect(readLedger()).toEqual([])
})

test('a folder that somebody else put there is not used', async () => {
  mkdirSync(join(root, 'run'))
  symlinkSync('/tmp', join(root, 'run', 'm'))
  await expect(createMachineFolders()).rejects.toMatchObject({ code: 'folder-not-ours' })
})

test('reaping a forged entry deletes nothing but machine folders', async () => {
  const precious = join(root, 'precious')
  mkdirSync(precious)
  const dead = { pid: 1, startTicks: '0', bootId: 'another boot' }
  recordInLedger('qemu', 'qemu-0123abcd', { uuid: 'u', runtime: precious, storage: root }, dead)
  recordInLedger('qemu', 'qemu-..', { uuid: 'v', runtime: join(root, 'm', '..'), storage: '/' }, dead)
  recordInLedger('other', 'other-1', { runtime: precious }, dead)
  expect((await reapDeadMachines()).flatMap(({ folders }) => folders)).toEqual([])
  expect(readdirSync(root)).toContain('precious')
  expect(readLedger().map(({ kind }) => kind)).toEqual(['other'])
})
