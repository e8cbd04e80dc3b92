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
    diesWithUs: true,
    ...options,
    env: { SOURCE_DATE_EPOCH: String(sourceDateEpoch), LC_ALL: 'C.UTF-8', ...options.env },
  })
}

/**
 * Runs a program, as root, in mount and process namespaces of its own: what it mounts and what it starts is gone with it, also when it
 * is killed or this process is. mmdebstrap, asked to end, leaves mounts behind.
 */
export async function runEnclosed(
  context: ProgramContext,
  file: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const namespaces = [
    '--mount',
    '--propagation',
    'private',
    '--pid',
    '--fork',
    '--kill-child',
    '--mount-proc',
  ]
  // unshare hands on no other signal; the kernel kills whatever is left in a process namespace without its first process.
  return await run(context, 'unshare', [...namespaces, file, ...args], { killSignal: 'SIGKILL', ...options })
}

/** Runs a program of the guest's tree inside it, with its own /proc and the host's /dev. */
export async function runInTree(context: BuildContext, args: readonly string[]): Promise<string> {
  const script = join(recipeFolder, 'commands', 'in-tree.sh')
  return await runEnclosed(context, 'sh', [script, context.tree, ...args])
}
