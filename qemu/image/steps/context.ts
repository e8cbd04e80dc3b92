// What every step of an image build gets: its folders, what is being built, and a way to run programs that reports their
// lines and obeys the build's abort signal.

import { join } from 'node:path'
import type { Architecture } from '../../../harness/model.ts'
import { runCommand, type CommandOptions } from '../../../harness/process.ts'
import { recipeFolder, sourceDateEpoch } from '../recipe.ts'
import type { SigningKey } from '../signing.ts'
import type { FlavourName } from '../flavours.ts'
import type { UsrVariantName } from '../variants.ts'

export interface BuildContext {
  /** Scratch folder of this build; removed at its end, however it ends. */
  readonly work: string
  /** The guest's tree while it is made. */
  readonly tree: string
  /** What becomes the image's folder. */
  readonly out: string
  /** Unpacked package sets, kept between builds. */
  readonly bases: string
  readonly version: string
  readonly channel: string
  readonly architecture: Architecture
  readonly key: string
  readonly variant: UsrVariantName | undefined
  readonly flavour: FlavourName | undefined
  /** Signs what the firmware starts. */
  readonly signingKey: SigningKey
  readonly force: boolean
  readonly signal: AbortSignal | undefined
  readonly onLine: (line: string) => void
}

/** What a program of the host needs. */
export type ProgramContext = Pick<BuildContext, 'signal' | 'onLine'>

/** Runs a host program for the build, timestamps pinned. Throws an InfraError with its last lines. */
export async function run(
  context: ProgramContext,
  file: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  return await runCommand(file, args, {
    signal: context.signal,
    onLine: context.onLine,
    ...options,
    env: { SOURCE_DATE_EPOCH: String(sourceDateEpoch), LC_ALL: 'C.UTF-8', ...options.env },
  })
}

/** Runs a program of the guest's tree inside it, with /proc and /dev in a mount namespace of its own. */
export async function runInTree(context: BuildContext, args: readonly string[]): Promise<string> {
  const script = join(recipeFolder, 'commands', 'in-tree.sh')
  const unshare = ['--mount', '--propagation', 'private', 'sh', script, context.tree]
  return await run(context, 'unshare', [...unshare, ...args])
}
