// What QEMU is told so that a disk fails, by a scripted peer.

import { expect, test } from 'vitest'
import { faultableDrive } from './disk-faults.ts'
import { setDiskFaults } from './hot-plug.ts'
import { usePeers } from './qmp-peer.test.fixture.ts'
import { QmpConnection } from './qmp.ts'

const peer = usePeers()
const reopened = (file: string): object => ({
  options: [
    { driver: 'raw', 'node-name': 'hot-a-disk', file, discard: 'unmap', cache: { 'no-flush': true } },
  ],
})
const added = (...iotypes: readonly string[]): object => ({
  driver: 'blkdebug',
  'node-name': 'hot-a-faults',
  image: 'hot-a-image',
  'inject-error': iotypes.map((iotype) => ({ event: 'none', iotype, errno: 5 })),
})
const removed = { 'node-name': 'hot-a-faults' }

test('a drive has a layer whose lower one can be changed, by names that QEMU takes', () => {
  const drive = faultableDrive(`hot-${'s'.repeat(20)}`, '/m/hot,1.qcow2')
  expect(drive).toMatchObject({
    driver: 'raw',
    'file.driver': 'qcow2',
    'file.file.filename': '/m/hot,1.qcow2',
  })
  expect(`hot-${'s'.repeat(20)}-faults`.length).toBeLessThanOrEqual(31)
})

test.each([
  [
    'none',
    'reads',
    [
      ['blockdev-add', added('read')],
      ['blockdev-reopen', reopened('hot-a-faults')],
    ],
  ],
  ['reads', 'reads', []],
  [
    'reads',
    'all',
    [
      ['blockdev-reopen', reopened('hot-a-image')],
      ['blockdev-del', removed],
      ['blockdev-add', added('read', 'write', 'write-zeroes', 'discard')],
      ['blockdev-reopen', reopened('hot-a-faults')],
    ],
  ],
  [
    'writes',
    'none',
    [
      ['blockdev-reopen', reopened('hot-a-image')],
      ['blockdev-del', removed],
    ],
  ],
] as const)('from %s to %s', async (before, faults, expected) => {
  const said: unknown[] = []
  const { client } = await peer((request) => {
    said.push([request.execute, request.arguments])
    return { return: {} }
  })
  using qmp = await QmpConnection.negotiate(client)
  await setDiskFaults(qmp, { serial: 'a', before, faults }, {})
  expect(said).toEqual(expected)
})

test('what cannot be put below the drive is not left behind', async () => {
  const said: string[] = []
  const { client } = await peer(({ execute }) => {
    said.push(execute)
    return execute === 'blockdev-reopen'
      ? { error: { class: 'GenericError', desc: 'in use' } }
      : { return: {} }
  })
  using qmp = await QmpConnection.negotiate(client)
  const change = { serial: 'a', before: 'none', faults: 'all' } as const
  await expect(setDiskFaults(qmp, change, {})).rejects.toThrow('QEMU refused blockdev-reopen: in use')
  expect(said).toEqual(['blockdev-add', 'blockdev-reopen', 'blockdev-del'])
})
