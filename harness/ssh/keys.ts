// The harness's SSH key: one ed25519 pair per user of this host, kept 0600 in the cache, so that a machine left
// running by an earlier command can still be entered. A cache that cannot be written gives a key in memory instead.

import { chmodSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { codeOf, messageOf } from '../errors.ts'
import { cacheFolder } from '../folders.ts'
import { ssh2Library } from './library.ts'
import { generateKeyText } from './openssh-key.ts'

/** Ends the public key's line, so that people recognise it in an `authorized_keys`. */
const COMMENT = 'signalbox'

export interface SshKey {
  /** OpenSSH PEM, no passphrase. Never log it. */
  readonly privateKey: string
  /** One `authorized_keys` line. */
  readonly publicKey: string
  /** Where the private key lies, for `ssh -i`; absent for a key in memory. */
  readonly path?: string
  /** What the user should know: the key could not be kept, or a broken one was replaced. */
  readonly notice?: string
}

/**
 * Returns this host's key, making it when there is none. Two processes that start together get the same key: the
 * first to link it into place wins. Never fails because of the cache: falls back to a key in memory with a notice.
 */
export function loadSshKey(folder: string = join(cacheFolder(), 'ssh')): SshKey {
  const path = join(folder, 'id_ed25519')
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const kept = readKey(path)
    if (kept !== undefined) return kept
    return createKey(folder, path)
  } catch (error) {
    const why = codeOf(error) ?? messageOf(error)
    return {
      ...generateKeyText(COMMENT),
      notice: `cannot keep the SSH key in ${folder} (${why}); using a new one for this process only`,
    }
  }
}

function createKey(folder: string, path: string): SshKey {
  const made = generateKeyText(COMMENT)
  const draft = join(folder, `.id_ed25519.${process.pid}.${randomBytes(4).toString('hex')}`)
  try {
    writeFileSync(draft, made.privateKey, { mode: 0o600, flag: 'wx' })
    try {
      // link(2), unlike rename(2), fails when another process was first.
      linkSync(draft, path)
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error
      const theirs = readKey(path)
      if (theirs !== undefined) return theirs
      renameSync(draft, path)
      return { ...made, path, notice: `the SSH key in ${path} was unreadable and has been replaced` }
    }
    return { ...made, path }
  } finally {
    rmSync(draft, { force: true })
  }
}

/** The kept key; `undefined` when there is none or it is not an ed25519 private key. */
function readKey(path: string): SshKey | undefined {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
  const parsed = ssh2Library().utils.parseKey(text)
  if (parsed instanceof Error || !parsed.isPrivateKey() || parsed.type !== 'ssh-ed25519') return undefined
  tighten(path)
  return {
    privateKey: text,
    publicKey: `${parsed.type} ${parsed.getPublicSSH().toString('base64')} ${COMMENT}`,
    path,
  }
}

/** ssh(1) refuses a private key that others can read. */
function tighten(path: string): void {
  try {
    chmodSync(path, 0o600)
  } catch {
    // A read-only cache: the key still works for us.
  }
}
