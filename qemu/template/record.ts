// What is written down beside a template's files, and reading it back: whatever is not exactly that is no template.

import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { FileSeal } from '../../harness/file-checksum.ts'

/** Raised when older records can no longer be used; they are then not found, and pruned. */
export const RECORD_VERSION = 2

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
  /** What it is about, as `TemplateRecord.facts`. */
  readonly facts: TemplateRecord['facts']
  /** ISO 8601. */
  readonly at: string
}

/** Where it lies in a template's folder. */
export const RECORD_FILE = 'template.json'

/** Writes the record into a template's folder, with a checksum: it is read before anything else is trusted. */
export async function writeRecord(folder: string, record: TemplateRecord): Promise<void> {
  const text = JSON.stringify({ record, sha256: sumOf(record) })
  await writeFile(join(folder, RECORD_FILE), text, { mode: 0o400 })
}

/** The record of a template's folder; undefined when there is none that can be used. */
export async function readRecord(folder: string, key?: string): Promise<TemplateRecord | undefined> {
  try {
    const { record, sha256 } = JSON.parse(await readFile(join(folder, RECORD_FILE), 'utf8')) as {
      readonly record: TemplateRecord
      readonly sha256: string
    }
    const whole = record.version === RECORD_VERSION && sha256 === sumOf(record)
    return whole && (key === undefined || record.key === key) ? record : undefined
  } catch {
    return undefined
  }
}

function sumOf(record: TemplateRecord): string {
  return createHash('sha256').update(JSON.stringify(record)).digest('hex')
}

/** A refusal that was written down; undefined when there is none. */
export async function readRefusal(path: string): Promise<Refusal | undefined> {
  try {
    const { reason, facts = {}, at } = JSON.parse(await readFile(path, 'utf8')) as Partial<Refusal>
    return typeof reason === 'string' && typeof at === 'string' ? { reason, facts, at } : undefined
  } catch {
    return undefined
  }
}
