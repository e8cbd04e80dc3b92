// How a template is shown: as the cells of a row for people, and as JSON for programs.

import type { TemplateEntry } from '../../qemu/index.ts'

const MEBIBYTE = 1024 * 1024

/** The cells of one row of `template list`. */
export function templateLine(
  { id, record, place, bytes, lastUsedMs }: TemplateEntry,
  nowMs: number,
): Readonly<Record<(typeof templateColumns)[number], string>> {
  const { facts, createdAt } = record
  const fact = (name: string): string => String(facts[name] ?? '?')
  const machines = Number(facts['machines'] ?? 1)
  return {
    id,
    image: fact('image'),
    saved: facts['state'] === 'initrd' ? 'in its initrd' : 'when ready',
    memory: `${machines > 1 ? `${machines} x ` : ''}${fact('memoryMiB')} MiB`,
    cpus: fact('cpus'),
    qemu: `${fact('qemu')} ${fact('accelerator')}`,
    where: place.kind,
    size: mebibytes(bytes),
    age: spanOf(nowMs - Date.parse(createdAt)),
    used: `${spanOf(nowMs - lastUsedMs)} ago`,
  }
}

export const templateColumns = [
  'id',
  'image',
  'saved',
  'memory',
  'cpus',
  'qemu',
  'where',
  'size',
  'age',
  'used',
] as const

/** A template as JSON. */
export function templateRow(entry: TemplateEntry): Readonly<Record<string, unknown>> {
  const { id, record, place, folder, bytes, lastUsedMs, damage } = entry
  const { key, facts, createdAt } = record
  const lastUsedAt = new Date(lastUsedMs).toISOString()
  return {
    id,
    key,
    ...facts,
    where: place.kind,
    folder,
    bytes,
    createdAt,
    lastUsedAt,
    damage: damage ?? null,
  }
}

export function mebibytes(bytes: number): string {
  return `${Math.round(bytes / MEBIBYTE)} MiB`
}

/** `40 s`, `12 min`, `3 h`, `5 d`. */
export function spanOf(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3600) return `${Math.round(seconds / 60)} min`
  return seconds < 86_400 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`
}
