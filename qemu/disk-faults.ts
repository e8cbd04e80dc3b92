// A plugged disk that fails at will: QEMU's blkdebug is put between the guest's drive and the image, and taken out again.

import type { QmpConnection } from './qmp.ts'

/** Which accesses of the guest end in an I/O error. */
export type DiskFaults = 'reads' | 'writes' | 'all'

type Call = { readonly signal?: AbortSignal | undefined }

// The layers of a drive, by their node names, of which QEMU takes 31 characters: a serial has 20.
const driveNode = (drive: string): string => `${drive}-disk`
const imageNode = (drive: string): string => `${drive}-image`
const faultsNode = (drive: string): string => `${drive}-faults`

const COMMON = { discard: 'unmap', 'cache.no-flush': true } as const

// The raw layer does nothing but hold its place: what is below it can be changed while the guest uses the drive. Below qcow2
// instead, blkdebug would spare what was never written and break what QEMU itself keeps there.
/** Options of `drive_add` for a drive of a qcow2 file that can be made to fail. */
export const faultableDrive = (drive: string, path: string): Readonly<Record<string, string | boolean>> => ({
  driver: 'raw',
  'node-name': driveNode(drive),
  ...COMMON,
  'file.driver': 'qcow2',
  'file.node-name': imageNode(drive),
  'file.discard': 'unmap',
  'file.file.driver': 'file',
  'file.file.filename': path,
})

const READS = ['read'] as const
// Not `flush`: QEMU flushes a drive before it changes what is below, and a disk that cannot be flushed could not be mended.
const WRITES = ['write', 'write-zeroes', 'discard'] as const
const kinds = { reads: READS, writes: WRITES, all: [...READS, ...WRITES] } as const

/** Makes a drive fail that does not. */
export async function putFaults(
  qmp: QmpConnection,
  drive: string,
  faults: DiskFaults,
  call: Call,
): Promise<void> {
  await qmp.execute(
    'blockdev-add',
    {
      driver: 'blkdebug',
      'node-name': faultsNode(drive),
      image: imageNode(drive),
      // EIO. The event `none` is the node's own creation: the rule is in force from the beginning to the end.
      'inject-error': kinds[faults].map((iotype) => ({ event: 'none', iotype, errno: 5 })),
    },
    call,
  )
  try {
    await putBelow(qmp, drive, faultsNode(drive), call)
  } catch (error) {
    await removeFaults(qmp, drive, {}).catch(() => undefined)
    throw error
  }
}

/** Mends a drive that fails. */
export async function takeFaults(qmp: QmpConnection, drive: string, call: Call): Promise<void> {
  await putBelow(qmp, drive, imageNode(drive), call)
  await removeFaults(qmp, drive, call)
}

/** Removes what made a drive fail, when the drive itself is gone. */
export async function removeFaults(qmp: QmpConnection, drive: string, call: Call): Promise<void> {
  await qmp.execute('blockdev-del', { 'node-name': faultsNode(drive) }, call)
}

// What is not given anew goes back to its default.
async function putBelow(qmp: QmpConnection, drive: string, file: string, call: Call): Promise<void> {
  const options = { driver: 'raw', 'node-name': driveNode(drive), file }
  const same = { discard: 'unmap', cache: { 'no-flush': true } } as const
  await qmp.execute('blockdev-reopen', { options: [{ ...options, ...same }] }, call)
}
