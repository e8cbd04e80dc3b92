// Firmware variables in which Secure Boot is on and trusts one certificate: what a machine gets that boots an image signed by its
// own maker. The format of the store is virt-firmware's business; made once for each certificate, and kept.

import { createHash, randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheFolder } from '../harness/folders.ts'
import { runCommand } from '../harness/process.ts'

/** The program that enrols, and the package that brings it. */
export const ENROL_PROGRAM = 'virt-fw-vars'
export const ENROL_PACKAGE = 'python3-virt-firmware'

/** Owner of the enrolled entries (SignatureOwner in an EFI_SIGNATURE_DATA); any GUID does. */
const OWNER = '51b0aaaa-0000-4000-8000-7369676e616c'

/**
 * A copy of a variable store with the certificate as platform key (PK), key exchange key (KEK) and in `db`, and no other there; `dbx`
 * forbids nothing. Returns its path. Throws InfraError when the program is missing or refuses.
 */
export async function enrolledVariables(
  store: string,
  certificate: string,
  signal?: AbortSignal,
): Promise<string> {
  const hash = createHash('sha256').update(OWNER)
  for (const path of [store, certificate]) hash.update(await readFile(path))
  const folder = join(cacheFolder(), 'firmware')
  const path = join(folder, `${hash.digest('hex').slice(0, 20)}.fd`)
  if (existsSync(path)) return path
  await mkdir(folder, { recursive: true })
  // Machines of one process come here at the same moment.
  const fresh = `${path}.${randomUUID()}.new`
  await using undo = new AsyncDisposableStack()
  undo.defer(async () => await rm(fresh, { force: true }))
  const forget = ['PK', 'KEK', 'db', 'dbx'].flatMap((name) => ['--delete', name])
  const keys = ['--set-pk', '--add-kek', '--add-db'].flatMap((flag) => [flag, OWNER, certificate])
  await runCommand(
    ENROL_PROGRAM,
    ['--input', store, ...forget, '--output', fresh, ...keys, '--secure-boot'],
    {
      signal,
      timeoutMs: 120_000,
    },
  )
  // Whoever made it first is as good.
  await rename(fresh, path)
  return path
}
