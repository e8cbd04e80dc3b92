// The folder of a decision's evidence: written whole or not at all, read with whatever is in it.

import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { codeOf, messageOf, UsageError } from '../../../harness/errors.ts'
import {
  ATTESTATIONS_FOLDER,
  DECISION_FILE,
  INPUTS_FOLDER,
  type Decided,
  type EvidenceFiles,
} from '../evidence-files.ts'

/** Where decisions go, and where those of the past are, when nothing else is said. */
export const DECISIONS_FOLDER = 'signalbox-decisions'

/** Writes it below `root` and returns its path: `<time>-<channel>-<12 digits of the decision's sha256>`. */
export async function writeEvidence(root: string, { decision, sha256, files }: Decided): Promise<string> {
  const time = decision.decidedAt.replaceAll(/[-:]|\.\d+Z$|Z$/g, '').replace('T', '-')
  const channel = decision.channel.replaceAll(/[^A-Za-z0-9._-]+/g, '_')
  const folder = join(root, `${time}-${channel}-${sha256.slice(0, 12)}`)
  try {
    await mkdir(root, { recursive: true })
    const fresh = await mkdtemp(join(root, '.new-'))
    try {
      for (const [name, bytes] of files) {
        await mkdir(dirname(join(fresh, name)), { recursive: true })
        await writeFile(join(fresh, name), bytes)
      }
      // The same decision, made again: it is the same but for signatures.
      await rm(folder, { recursive: true, force: true })
      await rename(fresh, folder)
    } finally {
      await rm(fresh, { recursive: true, force: true })
    }
  } catch (error) {
    throw new UsageError(`the decision cannot be written to ${root}: ${codeOf(error) ?? messageOf(error)}`, {
      code: 'output-not-writable',
      hint: 'choose another folder with --output',
    })
  }
  return folder
}

/** Reads the decision, all inputs and all attestations. Throws UsageError when the folder cannot be read. */
export async function readEvidence(folder: string): Promise<EvidenceFiles> {
  const found = new Map<string, Uint8Array>()
  const isThere = (await stat(folder).catch(() => undefined))?.isDirectory() === true
  if (!isThere)
    throw new UsageError(`there is no folder of evidence at ${folder}`, {
      code: 'evidence-missing',
      hint: `"signalbox gate decide" makes them in ${DECISIONS_FOLDER}`,
    })
  for (const file of [DECISION_FILE, ...(await filesOf(folder))]) {
    const bytes = await readFile(join(folder, file)).catch(() => undefined)
    if (bytes !== undefined) found.set(file, bytes)
  }
  return found
}

async function filesOf(folder: string): Promise<readonly string[]> {
  const parts = await Promise.all(
    [INPUTS_FOLDER, ATTESTATIONS_FOLDER].map(async (part) => {
      const entries = await readdir(join(folder, part), { withFileTypes: true, recursive: true }).catch(
        () => [],
      )
      return entries
        .filter((entry) => entry.isFile())
        .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    }),
  )
  return parts.flat().toSorted()
}

/** The folders of decisions below `root`, oldest first by name; none when there is no such folder. */
export async function findDecisions(root: string): Promise<readonly string[]> {
  const entries = await readdir(root, { withFileTypes: true }).catch(() => [])
  const folders = entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map(({ name }) => join(root, name))
    .toSorted()
  const found = await Promise.all(
    folders.map(async (folder) => (await stat(join(folder, DECISION_FILE)).catch(() => undefined))?.isFile()),
  )
  return folders.filter((_, index) => found[index] === true)
}
