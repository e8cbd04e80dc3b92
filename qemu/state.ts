// Saves a running machine's state to a file and loads it into a new QEMU process (QEMU's own migration to and from
// `file:`). Where the guest's RAM lies in a memory file, only the devices are saved and the file is the RAM.

import { sleep } from '../harness/deadline.ts'
import { InfraError } from '../harness/errors.ts'
import type { QmpConnection } from './qmp.ts'

/** `memory-file`: the RAM stays in the machine's `MachineConfig.memoryFile`. `state-file`: it is saved with the rest. */
export type MemoryPlace = 'memory-file' | 'state-file'

export interface StateOptions {
  readonly memory: MemoryPlace
  readonly signal?: AbortSignal | undefined
}

/**
 * Stops the guest and writes its state. Afterwards the machine is paused, its disks are written out and released; `cont`
 * takes them back. Throws InfraError (`state-not-saved`) with QEMU's words, e.g. for a full disk.
 */
export async function saveState(qmp: QmpConnection, path: string, options: StateOptions): Promise<void> {
  const { signal } = options
  await qmp.execute('stop', {}, { signal })
  await setCapabilities(qmp, options)
  await qmp.execute('migrate', { uri: `file:${path}` }, { signal })
  for (;;) {
    const { status, 'error-desc': why } = await qmp.execute('query-migrate', {}, { signal })
    if (status === 'completed') return
    if (status === 'failed' || status === 'cancelled') throw notSaved(why ?? status)
    await sleep(3, signal)
  }
}

/**
 * Loads a state into a machine that was launched with `start: 'incoming'`; it stays paused until `cont`. Throws
 * InfraError (`state-not-loaded`): another QEMU, other devices, or a damaged file.
 */
export async function loadState(qmp: QmpConnection, path: string, options: StateOptions): Promise<void> {
  const { signal } = options
  await setCapabilities(qmp, options)
  await qmp.execute('migrate-incoming', { uri: `file:${path}` }, { signal })
  for (;;) {
    const { status } = await qmp.execute('query-status', {}, { signal })
    if (status !== 'inmigrate') break
    const { status: loading, 'error-desc': why } = await qmp.execute('query-migrate', {}, { signal })
    if (loading === 'failed') throw notLoaded(why ?? 'it gives no reason')
    await sleep(2, signal)
  }
}

async function setCapabilities(qmp: QmpConnection, { memory, signal }: StateOptions): Promise<void> {
  const capabilities = [
    { capability: 'x-ignore-shared', state: memory === 'memory-file' },
    // Every page at a fixed place: a page that was written twice takes no more room, and loading needs no parsing.
    { capability: 'mapped-ram', state: memory === 'state-file' },
  ]
  await qmp.execute('migrate-set-capabilities', { capabilities }, { signal })
}

function notSaved(why: string): InfraError {
  return new InfraError(`QEMU could not save the machine's state: ${why}`, {
    code: 'state-not-saved',
    hint: 'free space in /dev/shm and in the cache folder: signalbox template prune',
  })
}

function notLoaded(why: string): InfraError {
  return new InfraError(`QEMU could not load the saved state: ${why}`, {
    code: 'state-not-loaded',
    hint: 'the template is made anew on the next use: signalbox template prune --all',
  })
}
