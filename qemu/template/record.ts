// What is written down beside a template's files, and reading it back: whatever is not exactly that is no template.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { FileSeal } from '../file-checksum.ts'

/** Raised when older records can no longer be used; they are then not found, and pruned. */
export const RECORD_VERSION = 1

export interface TemplateRecord {
  readonly version: typeof RECORD_VERSION
  /** `sha256` in hexadecimal over everything that decides what the machine is. */
  readonly key: string
  /** What people read in `template list`: image, memory, emulator. */
  readonly facts: Readonly<Record<string, string | number>>
  /** ISO 8601. */
  readonly createdAt: string
  /** Written by whoever saved it, for whoever forks it; never secrets. */
  readonly notes: Readonly<Record<string, string | number | readonly string[]>>
  /** By file name within the template's folder. */
  readonly files: Readonly<Record<string, FileSeal>>
}

/** A key of which no template can be made, and why; the file `<key>.refused`. */
export interface Refusal {
  readonly reason: string
  /** ISO 8601. */
  readonly at: string
}

/** The record of a template's folder; undefined when there is none that can be used. */
export async function readRecord(folder: string, key?: string): Promise<TemplateRecord | undefined> {
  try {
    const parsed = JSON.parse(
      await readFile(join(folder, 'template.json'), 'utf8'),
    ) as Partial<TemplateRecord>
    const whole =
      parsed.version === RECORD_VERSION &&
      typeof parsed.key === 'string' &&
      typeof parsed.files === 'object' &&
      typeof parsed.notes === 'object'
    return whole && (key === undefined || parsed.key === key) ? (parsed as TemplateRecord) : undefined
  } catch {
    return undefined
  }
}
