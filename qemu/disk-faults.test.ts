// What QEMU is told so that a disk fails, by a scripted peer.

import { expect, test } from 'vitest'
import { faultableDrive } from './disk-faults.ts'
import { mendDisk, spoilDisk } from './hot-plug.ts'
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

async function saidBy(change: (qmp: QmpConnection) => Promise<void>): Promise<readonly unknown[]> {
  const said: unknown[] = []
  const { client } = await peer((request) => {
    said.push([request.execute, request.arguments])
    return { return: {} }
  })
  using qmp = await QmpConnection.negotiate(client)
  await change(qmp)
  return said
}

test.each([
  ['reads', added('read')],
  ['writes', added('write', 'write-zeroes', 'discard')],
  ['all', added('read', 'write', 'write-zeroes', 'discard')],
] as const)('to make %s fail', async (faults, layer) => {
  expect(await saidBy(async (qmp) => await spoilDisk(qmp, 'a', faults, {}))).toEqual([
    ['blockdev-add', layer],
    ['blockdev-reopen', reopened('hot-a-faults')],
  ])
})

test('to mend it', async () => {
  expect(await saidBy(async (qmp) => await mendDisk(qmp, 'a', {}))).toEqual([
    ['blockdev-reopen', reopened('hot-a-image')],
    ['blockdev-del', removed],
  ])
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
  await expect(spoilDisk(qmp, 'a', 'all', {})).rejects.toThrow('QEMU refused blockdev-reopen: in use')
  expect(said).toEqual(['blockdev-add', 'blockdev-reopen', 'blockdev-del'])
})
