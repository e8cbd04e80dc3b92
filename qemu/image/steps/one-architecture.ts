// Step: every program and library of the tree, and of the initrd's sources, is for the architecture that is built. While packages of
// another architecture are installed, programs of the host's are laid over theirs; none of them may stay.

import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { InfraError } from '../../../harness/errors.ts'
import { imageArchitectures } from '../architectures.ts'
import type { BuildContext } from './context.ts'

/** Programs for the kernel's own machine (EM_BPF). */
const BPF = 247

/** Throws an InfraError that names files of another architecture. */
export async function requireOneArchitecture({
  tree,
  architecture,
}: Pick<BuildContext, 'tree' | 'architecture'>): Promise<void> {
  const { elfMachine } = imageArchitectures[architecture]
  const foreign: string[] = []
  const entries = await readdir(join(tree, 'usr'), { recursive: true, withFileTypes: true })
  for (const entry of entries.filter((each) => each.isFile())) {
    const path = join(entry.parentPath, entry.name)
    const machine = await elfMachineOf(path)
    if (machine !== undefined && machine !== elfMachine && machine !== BPF) foreign.push(path)
  }
  if (foreign.length === 0) return
  const names = foreign.slice(0, 5).map((path) => path.slice(tree.length))
  const more = foreign.length > names.length ? ` and ${foreign.length - names.length} more` : ''
  throw new InfraError(`the tree is for ${architecture}, but not all of it: ${names.join(', ')}${more}`, {
    code: 'image-verification',
    hint: 'nothing was published; this is a fault of the recipe: see commands/foreign-install.sh',
  })
}

/** `e_machine` of a little-endian ELF file; undefined for any other file. */
async function elfMachineOf(path: string): Promise<number | undefined> {
  await using file = await open(path)
  const { buffer, bytesRead } = await file.read(Buffer.alloc(20), 0, 20, 0)
  if (bytesRead < 20 || buffer.toString('latin1', 0, 4) !== '\u007FELF') return undefined
  return buffer.readUInt16LE(18)
}
