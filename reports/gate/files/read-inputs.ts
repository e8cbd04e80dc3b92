// Files of all other kinds as inputs: the policy with the keys that it names, waivers, approvals, attestations, canary
// figures.

import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { codeOf, UsageError } from '../../../harness/errors.ts'
import { isPem } from '../assemble.ts'
import type { InputKind } from '../decision.ts'
import { inputFile, type InputFile } from '../input-file.ts'
import type { Policy } from '../policy.ts'
import { parsePolicy } from '../read-policy.ts'

/** A policy, and it and its keys as inputs. Throws UsageError. */
export async function readPolicyFiles(
  path: string,
): Promise<{ readonly policy: Policy; readonly files: readonly InputFile[] }> {
  const bytes = await readBytes(path, 'the policy')
  const policy = parsePolicy(bytes.toString('utf8'), path)
  const paths = [...new Set(Object.values(policy.signers).filter((value) => !isPem(value)))]
  const keys = await Promise.all(
    paths.map(async (key) =>
      inputFile('signer', key, await readBytes(join(dirname(path), key), 'the key of a signer')),
    ),
  )
  return { policy, files: [inputFile('policy', basename(path), bytes), ...keys] }
}

/** Files, and all JSON files of folders, in the order of their names. Throws UsageError. */
export async function readStatements(
  kind: Extract<InputKind, 'waiver' | 'approval' | 'attestation' | 'canary'>,
  paths: readonly string[],
): Promise<readonly InputFile[]> {
  const files = (await Promise.all(paths.map(jsonFilesAt))).flat()
  return await Promise.all(
    files.map(async (file) => inputFile(kind, basename(file), await readBytes(file, `the ${kind}`))),
  )
}

async function jsonFilesAt(path: string): Promise<readonly string[]> {
  if ((await stat(path).catch(() => undefined))?.isDirectory() !== true) return [path]
  const names = (await readdir(path)).filter((name) => name.endsWith('.json')).toSorted()
  return names.map((name) => join(path, name))
}

/** The bytes of a file. Throws UsageError that names it. */
export async function readBytes(path: string, what: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (error) {
    throw new UsageError(`${what} ${path} cannot be read: ${codeOf(error) ?? 'unknown error'}`, {
      code: 'gate-input',
    })
  }
}
