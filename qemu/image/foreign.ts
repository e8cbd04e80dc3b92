// Running programs of another architecture while an image is built: the kernel hands them to QEMU's user emulation (binfmt_misc). A
// host that is set up for it is used as it is; otherwise the handler is registered for the time of the build.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { abortable } from '../../harness/deadline.ts'
import { InfraError, messageOf } from '../../harness/errors.ts'
import type { Architecture } from '../../harness/model.ts'
import { runCommand } from '../../harness/process.ts'
import { findProgram } from '../programs.ts'
import { imageArchitectures } from './architectures.ts'
import { recipeFolder } from './recipe.ts'

/** The Debian package with the emulators; their static builds run inside any tree. */
export const emulationPackage = 'qemu-user-static'

/** Whether this host runs programs of the architecture itself. */
export function isNative(architecture: Architecture, host: string = process.arch): boolean {
  return imageArchitectures[architecture].node === host
}

/** The user emulator of an architecture, or undefined when it is not installed. */
export function findUserEmulator(architecture: Architecture): string | undefined {
  const name = `qemu-${imageArchitectures[architecture].qemu}`
  // Debian 13 has the static build under the plain name; Debian 12 has a dynamic one there, which finds no libraries in a tree.
  return findProgram(`${name}-static`)
}

/** What is to be done on a host that cannot run programs of the architecture, as commands. */
export function howToEnable(architecture: Architecture): string {
  const name = imageArchitectures[architecture].qemu
  return [
    `apt-get install --no-install-recommends ${emulationPackage}`,
    'modprobe binfmt_misc',
    `a container without the right to mount needs its host to register qemu-${name} with the flag F`,
  ].join('; ')
}

/** Why no program of the architecture can be run here, or undefined. Looks only. */
export async function whyNotForeign(architecture: Architecture): Promise<string | undefined> {
  if (isNative(architecture)) return undefined
  if (findUserEmulator(architecture) === undefined) {
    return `qemu-${imageArchitectures[architecture].qemu}-static is not installed`
  }
  const systems = await readFile('/proc/filesystems', 'utf8').catch(() => '')
  if (/^nodev\s+binfmt_misc$/m.test(systems)) return undefined
  return 'the kernel has no binfmt_misc'
}

/** An entry of binfmt_misc, as the kernel shows it. */
export interface BinfmtEntry {
  readonly name: string
  readonly enabled: boolean
  readonly flags: string
  readonly magic: string
}

/** Entries out of `binfmt.sh show`. */
export function parseBinfmt(text: string): readonly BinfmtEntry[] {
  return text.split(/^entry /m).flatMap((part) => {
    const [name = '', ...lines] = part.split('\n')
    if (name === '') return []
    const field = (key: string): string =>
      lines.find((line) => line.startsWith(`${key} `) || line.startsWith(`${key}: `))?.split(/:? /)[1] ?? ''
    return [{ name, enabled: lines.includes('enabled'), flags: field('flags'), magic: field('magic') }]
  })
}

/** Whether an entry runs programs of the architecture in a tree that has no emulator: flag F, opened when it was registered. */
export function serves({ enabled, flags, magic }: BinfmtEntry, architecture: Architecture): boolean {
  return enabled && flags.includes('F') && magic === elfMagic(architecture).toString('hex')
}

/** The line that registers an emulator (Documentation/admin-guide/binfmt-misc.rst of the kernel). */
export function registration(name: string, architecture: Architecture, emulator: string): string {
  const escaped = (bytes: Uint8Array): string =>
    [...bytes].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')
  // Any OS ABI; e_type EXEC (2) or DYN (3).
  const mask = Buffer.alloc(20, 0xff)
  mask[7] = 0
  mask[16] = 0xfe
  return `:${name}:M::${escaped(elfMagic(architecture))}:${escaped(mask)}:${emulator}:OPF`
}

/** The beginning of an ELF file (64 bit, little endian) of the architecture, up to `e_machine`. */
function elfMagic(architecture: Architecture): Buffer {
  const header = Buffer.alloc(20)
  header.write('\u007FELF\u0002\u0001\u0001', 'latin1')
  header.writeUInt16LE(2, 16)
  header.writeUInt16LE(imageArchitectures[architecture].elfMachine, 18)
  return header
}

/** Programs of the architecture run on this host until it is disposed. Throws InfraError `foreign-execution`. */
export async function enableForeign(
  architecture: Architecture,
  signal: AbortSignal | undefined,
): Promise<AsyncDisposable> {
  const nothing: AsyncDisposable = { [Symbol.asyncDispose]: async () => await Promise.resolve() }
  if (isNative(architecture)) return nothing
  const why = await whyNotForeign(architecture)
  if (why !== undefined) throw cannotRun(architecture, why)
  const emulator = findUserEmulator(architecture) ?? ''
  const name = `signalbox-${imageArchitectures[architecture].qemu}-${process.pid}`
  try {
    const entries = parseBinfmt(await runCommand('unshare', binfmt('show'), { signal }))
    if (entries.some((entry) => serves(entry, architecture))) return nothing
    return await hold(binfmt('hold', name, registration(name, architecture, emulator)), signal)
  } catch (error) {
    signal?.throwIfAborted()
    throw cannotRun(architecture, `its handler cannot be registered: ${messageOf(error)}`)
  }
}

/** Runs the program until it is disposed. Resolves when it says that it holds what it is to hold. */
async function hold(args: readonly string[], signal: AbortSignal | undefined): Promise<AsyncDisposable> {
  const { execa } = await import('execa')
  const child = execa('unshare', args, { stdin: 'pipe', reject: false })
  const said = Promise.withResolvers<boolean>()
  child.stdout.once('data', () => said.resolve(true))
  void child.then(() => said.resolve(false))
  try {
    if (!(await abortable(said.promise, signal ?? new AbortController().signal))) {
      throw new Error((await child).stderr || 'it ended')
    }
  } catch (error) {
    child.stdin.end()
    throw error
  }
  return {
    async [Symbol.asyncDispose]() {
      child.stdin.end()
      await child
    },
  }
}

function binfmt(...args: readonly string[]): readonly string[] {
  return ['--mount', '--propagation', 'private', 'sh', join(recipeFolder, 'commands', 'binfmt.sh'), ...args]
}

/** The refusal, with what mends it. */
export function cannotRun(architecture: Architecture, why: string): InfraError {
  return new InfraError(
    `an ${architecture} image is built by running its packages' scripts, and this host (${process.arch}) cannot run ${architecture} programs: ${why}`,
    { code: 'foreign-execution', hint: howToEnable(architecture) },
  )
}
