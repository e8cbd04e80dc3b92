// Step: looks at the finished files as a stranger would, before the image is published: the partition table, the verity
// hash over what lies on the disk, the UKI's command line.

import { readFile, stat } from 'node:fs/promises'
import { InfraError } from '../../../harness/errors.ts'
import type { DiskLayout } from '../gpt-layout.ts'
import { readUkiSection } from '../uki.ts'
import { run, type BuildContext } from './context.ts'

export interface VerifiedFiles {
  readonly disk: string
  readonly usr: string
  readonly verity: string
  readonly uki: string
  readonly rootHash: string
}

/** Throws an InfraError that says what is wrong with the image. */
export async function verifyImage(
  context: BuildContext,
  files: VerifiedFiles,
  layout: DiskLayout,
): Promise<void> {
  await verifyTable(context, files.disk, layout)
  await run(context, 'veritysetup', ['verify', files.usr, files.verity, files.rootHash])
  await verifySlot(context, files, layout)
  const commandLine = readUkiSection(await readFile(files.uki), '.cmdline')
  const text = commandLine === undefined ? '' : Buffer.from(commandLine).toString('utf8')
  if (!text.includes(`usrhash=${files.rootHash}`))
    throw wrong(`the UKI's command line lacks the root hash: ${text}`)
}

async function verifyTable(context: BuildContext, disk: string, layout: DiskLayout): Promise<void> {
  await run(context, 'sgdisk', ['--verify', disk])
  const shown = await run(context, 'sgdisk', ['--print', disk])
  for (const { number, startMiB, sizeMiB, label } of layout.partitions) {
    const line = shown.split('\n').find((text) => new RegExp(`^\\s+${number}\\s`).test(text)) ?? ''
    const [, first, last] = line.trim().split(/\s+/)
    const start = startMiB * 2048
    if (Number(first) !== start || Number(last) !== start + sizeMiB * 2048 - 1 || !line.endsWith(label)) {
      throw wrong(
        `partition ${number} should be ${label} at ${startMiB} MiB, ${sizeMiB} MiB long; the table says: ${line.trim()}`,
      )
    }
  }
}

/** The slot on the disk holds what was verified, byte for byte. */
async function verifySlot(context: BuildContext, files: VerifiedFiles, layout: DiskLayout): Promise<void> {
  const pairs = [
    [files.usr, layout.partitions[1]],
    [files.verity, layout.partitions[2]],
  ] as const
  for (const [file, partition] of pairs) {
    const skip = (partition?.startMiB ?? 0) * 1024 * 1024
    const { size } = await stat(file)
    await run(context, 'cmp', [`--ignore-initial=0:${skip}`, `--bytes=${size}`, file, files.disk])
  }
}

function wrong(message: string): InfraError {
  return new InfraError(`the built image is wrong: ${message}`, {
    code: 'image-verification',
    hint: 'nothing was published; this is a fault of the recipe or of a host tool',
  })
}
