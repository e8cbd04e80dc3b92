// `signalbox gate init`: a policy to begin with, of the examples that the package has.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { UsageError } from '../../../errors.ts'
import { didYouMean } from '../../../nearest.ts'
import { packageRoot } from '../../../package-root.ts'
import { writeNew } from '../../gate-flags.ts'

/** The action of `gate init`. */
export async function gateInit(flags: Readonly<Record<string, unknown>>): Promise<number> {
  const { channel, output = `gate-${channel}.yaml` } = flags as { channel: string; output?: string }
  const folder = join(packageRoot, 'reports', 'gate', 'examples')
  const known = readdirSync(folder).map((name) => name.replace(/\.yaml$/, ''))
  if (!known.includes(channel))
    throw new UsageError(`there is no example for the channel ${channel}`, {
      code: 'unknown-channel',
      hint: didYouMean(channel, known),
    })
  await writeNew(output, readFileSync(join(folder, `${channel}.yaml`), 'utf8'))
  process.stdout.write(`${output}: a policy for ${channel}; change it, then: signalbox gate lint ${output}\n`)
  return 0
}
