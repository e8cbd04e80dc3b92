// What commands of the gate share: options that must be there, keys, clocks, spans, files that must not be overwritten.

import type { KeyObject } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { readBytes, readPrivateKey, readPublicKey, spanMs } from '../../reports/gate/index.ts'
import { codeOf, messageOf, UsageError } from '../errors.ts'

/** The value of an option without which there is nothing to do. Throws UsageError. */
export function needed<T>(value: T | undefined, option: string): T {
  if (value === undefined)
    throw new UsageError(`${option} is missing`, { code: 'option-missing', hint: 'see --help' })
  return value
}

/** A private key by its path; undefined without one. */
export async function privateKeyAt(path: string | undefined): Promise<KeyObject | undefined> {
  return path === undefined
    ? undefined
    : readPrivateKey((await readBytes(path, 'the key')).toString('utf8'), path)
}

/** A public key by its path; undefined without one. */
export async function publicKeyAt(path: string | undefined): Promise<KeyObject | undefined> {
  return path === undefined
    ? undefined
    : readPublicKey((await readBytes(path, 'the key')).toString('utf8'), path)
}

/** The clock that decides, ISO 8601 in UTC. Throws UsageError. */
export function clockOf(now: string | undefined): string {
  const ms = now === undefined ? Date.now() : Date.parse(now)
  if (Number.isNaN(ms) || (now !== undefined && !/^\d{4}-\d\d-\d\dT.*(?:Z|[+-]\d\d:?\d\d)$/.test(now)))
    throw new UsageError(`--now: "${now}" is no time`, {
      code: 'bad-time',
      hint: 'expected ISO 8601 with a time zone, like 2026-11-28T14:00:00Z',
    })
  return new Date(ms).toISOString()
}

/** A span of time in milliseconds. Throws UsageError. */
export function spanOfFlag(text: string, option: string): number {
  const ms = spanMs(text)
  if (ms === undefined)
    throw new UsageError(`${option}: "${text}" is no span of time`, {
      code: 'bad-span',
      hint: 'expected days, hours or minutes, like 30d, 36h or 10min',
    })
  return ms
}

/** Writes a file that is not there yet. Throws UsageError when it is. */
export async function writeNew(
  path: string,
  text: string,
  options: { readonly mode?: number } = {},
): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, text, { flag: 'wx', ...options })
  } catch (error) {
    const exists = codeOf(error) === 'EEXIST'
    throw new UsageError(
      exists ? `${path} is there already` : `${path} cannot be written: ${codeOf(error) ?? messageOf(error)}`,
      { code: 'output-not-writable', hint: 'choose another with --output' },
    )
  }
}
