// Whether this host can build the reference image: Linux, root, the tools. Says everything that is missing at once.

import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { InfraError } from '../../harness/errors.ts'
import type { Architecture } from '../../harness/model.ts'
import { hostArchitecture } from './architectures.ts'
import { cannotRun, whyNotForeign } from './foreign.ts'
import { hostPackages } from './recipe.ts'

const programs: readonly string[] = [
  'mmdebstrap', 'mkfs.erofs', 'veritysetup', 'sgdisk', 'sbsign', 'mkfs.vfat', 'mcopy', 'mkfs.ext4', 'debugfs', 'setfattr', 'zstd', 'xz', 'unshare', 'dpkg-query', 'dpkg', 'tar',
] // prettier-ignore

/** Throws an InfraError with the command that mends it. A build in a user namespace is not supported: it was never tried. */
export async function requireBuildHost(architecture: Architecture): Promise<void> {
  if (process.platform !== 'linux' || hostArchitecture() === undefined) {
    throw new InfraError(
      `the reference image is built on Linux on x86-64, arm64 or riscv64, not on ${process.platform} on ${process.arch}`,
      {
        code: 'image-build-host',
        hint: 'copy a built image folder from such a host and name it with --image',
      },
    )
  }
  if (process.getuid?.() !== 0) {
    throw new InfraError(
      'building the reference image needs root: its tree has files of many owners, device access and labels',
      {
        code: 'image-build-root',
        hint: 'run `sudo signalbox image build` once, or copy a built image folder; running tests needs no root',
      },
    )
  }
  const missing = await missingPrograms()
  if (missing.length > 0) {
    throw new InfraError(
      `building the reference image needs programs that this host lacks: ${missing.join(', ')}`,
      {
        code: 'image-build-tools',
        hint: `apt-get install --no-install-recommends ${hostPackages.join(' ')}`,
      },
    )
  }
  const foreign = await whyNotForeign(architecture)
  if (foreign !== undefined) throw cannotRun(architecture, foreign)
}

/** Programs of the build that are on no usual path. */
export async function missingPrograms(): Promise<readonly string[]> {
  const folders = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/sbin', '/usr/bin', '/bin']
  const isThere = async (name: string): Promise<boolean> => {
    const tries = folders.map(
      async (folder) =>
        await access(join(folder, name), constants.X_OK).then(
          () => true,
          () => false,
        ),
    )
    return (await Promise.all(tries)).includes(true)
  }
  const found = await Promise.all(programs.map(isThere))
  return programs.filter((_, index) => found[index] !== true)
}
