// Whether any process has a file of a folder open: QEMU keeps the disk of an image open for as long as a machine lives.

import { readdir, readlink, realpath } from 'node:fs/promises'
import { join } from 'node:path'

/** True when a process of this host (as far as we may look) has something below the folder open. */
export async function isInUse(folder: string): Promise<boolean> {
  // The kernel tells paths without symbolic links.
  const real = await realpath(folder).catch(() => folder)
  const processes = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name))
  const looks = processes.map(async (pid) => {
    const descriptors = await readdir(join('/proc', pid, 'fd')).catch(() => [])
    const targets = await Promise.all(
      descriptors.map((descriptor) => readlink(join('/proc', pid, 'fd', descriptor)).catch(() => '')),
    )
    return targets.some((target) => target.startsWith(`${real}/`))
  })
  return (await Promise.all(looks)).includes(true)
}
