// Which images a word means: a digest, a version that runs have tested, or an image file.

import { stat } from 'node:fs/promises'
import type { GateRun } from '../../reports/gate/index.ts'
import { UsageError } from '../errors.ts'
import type { TargetFlags } from './option-table.ts'
import { findImage } from './resolve-image.ts'

/** The digests, each once. Throws UsageError for a word that means no image, or images of several versions. */
export async function chooseImages(
  words: readonly string[],
  runs: readonly GateRun[],
): Promise<readonly string[]> {
  const known = [...new Map(runs.map(({ image }) => [image.digest, image])).values()]
  const digests: string[] = []
  for (const word of words) {
    if (/^sha256:[0-9a-f]{64}$/.test(word)) {
      digests.push(word)
      continue
    }
    const found = known.filter(
      ({ digest, version }) =>
        version === word || (/^(?:sha256:)?[0-9a-f]{8,}$/.test(word) && digest.includes(word)),
    )
    if (found.length > 0) digests.push(...found.map(({ digest }) => digest))
    else if ((await stat(word).catch(() => undefined)) !== undefined) digests.push(await digestOf(word))
    else throw unknownImage(word, known)
  }
  const chosen = [...new Set(digests)]
  const versions = new Set(
    known.filter(({ digest }) => chosen.includes(digest)).map(({ version }) => version),
  )
  if (versions.size > 1)
    throw new UsageError(`these images are of several versions: ${[...versions].join(', ')}`, {
      code: 'image-versions',
      hint: 'one decision is about one version',
    })
  return chosen.toSorted()
}

/** The profile does not change what the image is. */
async function digestOf(path: string): Promise<string> {
  const flags = { image: path, distro: 'reference', platform: 'qemu' } as TargetFlags
  return (await findImage(flags)).identity.digest
}

function unknownImage(word: string, known: readonly GateRun['image'][]): UsageError {
  const shown = known.map(({ digest, version }) => `${version} (${digest.slice(0, 19)})`)
  return new UsageError(`"${word}" is no digest, no version that these runs have tested, and no file`, {
    code: 'image-unknown',
    hint: shown.length === 0 ? 'the runs have tested no image' : `the runs have tested ${shown.join(', ')}`,
  })
}
