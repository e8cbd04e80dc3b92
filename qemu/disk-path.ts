// Paths to a disk that has several, taken away and given back while the machine runs, by QMP. Unlike a pulled disk the other
// paths go on.

import type { DiskConfig } from './machine-config.ts'
import { pathDevice } from './disk-arguments.ts'
import type { QmpConnection } from './qmp.ts'

/** Gives back a path that was taken away. */
export async function connectPath(
  qmp: QmpConnection,
  disks: readonly DiskConfig[],
  { index, path }: { readonly index: number; readonly path: number },
  call: { readonly signal?: AbortSignal | undefined },
): Promise<void> {
  const { driver, values } = pathDevice(disks, index, path)
  const given = Object.entries(values).filter(([, value]) => value !== undefined)
  await qmp.execute('device_add', { driver, ...Object.fromEntries(given) }, call)
}
