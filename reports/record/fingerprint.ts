// What stays the same of a failure from run to run: its phase, its check and its message, without what differs by chance
// (numbers, times, addresses, identifiers, places of temporary files). Waivers and the history know a failure by it.

import { createHash } from 'node:crypto'
import { plainText } from '../../harness/hostile-text.ts'
import type { Failure } from '../../harness/model.ts'
import type { RecordedFailure } from '../run-summary.ts'

/** Raised when other messages become the same than before: then no older waiver fits by accident. */
const ALGORITHM = 'f1'

/** Characters of a message that count; what comes after differs more than it tells. */
const LONGEST_MESSAGE = 400

/** In this order: what holds another is replaced first. */
const replacements: readonly (readonly [RegExp, string])[] = [
  // An identifier of a run: 20261128-141500-1a2b3c.
  [/\b\d{8}-\d{6}-[0-9a-f]{6}\b/g, '<run>'],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, '<uuid>'],
  [/\b\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?:Z|[+-]\d{2}:?\d{2}| UTC)?)?/g, '<time>'],
  [/\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) {1,2}\d{1,2} \d{2}:\d{2}:\d{2}\b/g, '<time>'],
  [/\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b/gi, '<mac>'],
  [/\b\d{1,3}(?:\.\d{1,3}){3}(?:\/\d{1,2}|:\d{1,5})?\b/g, '<ip>'],
  [
    /\[?(?<![\w:])(?=[0-9a-f:]*::|(?:[0-9a-f]{1,4}:){7})(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?:%\w+)?(?![\w:])\]?(?::\d{1,5}|\/\d{1,3})?/gi,
    '<ip>',
  ],
  [/\b\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?\b/g, '<time>'],
  [/\b0x[0-9a-f]+\b/gi, '<hex>'],
  [/\b(?:sha\d{1,3}[:=-])?(?=[a-f]*\d)[0-9a-f]{8,}\b/gi, '<hex>'],
  // What systemd-run calls its units.
  [/\brun-(?:r[0-9a-f]+|p\d+-i\d+|u\d+)\b/g, 'run-<id>'],
  // The first folder below is chance; what is in it is not.
  [/(?<![\w.])\/(?:var\/tmp|tmp|dev\/shm|run\/user\/\d+)\/[^/\s'"`,;:)\]}>]+/g, '<tmp>'],
  // A place in a source file: path:12 and path:12:3.
  [/(\.\w{1,4}):\d+(?::\d+)?\b/g, '$1:<line>'],
  [/\bline \d+\b/gi, 'line <line>'],
  // A number with or without a unit; digits within a name (m0, ext4, /dev/vda1) belong to it.
  [
    /(?<![\w.-])[-+]?\d+(?:[.,]\d+)*(?:e[-+]?\d+)? ?(?:%|[kKMGT]i?B?\b|B\b|[mµun]?s\b|min\b|h\b|Hz\b)?(?![\w])/g,
    '<n>',
  ],
]

/** The message as it counts: one line, everything that differs by chance replaced by what it is (`<n>`, `<time>`). */
export function normaliseMessage(message: string): string {
  let text = plainText(message.slice(0, LONGEST_MESSAGE * 8))
  for (const [pattern, name] of replacements) text = text.replaceAll(pattern, name)
  return text.replaceAll(/\s+/g, ' ').trim().slice(0, LONGEST_MESSAGE).toWellFormed()
}

/** `f1-<16 hex digits>` over phase, check (the failure's code) and normalised message. */
export function fingerprintOf(failure: Pick<Failure, 'phase' | 'code' | 'message'>): string {
  const counted = [failure.phase, normaliseMessage(failure.code), normaliseMessage(failure.message)]
  return `${ALGORITHM}-${createHash('sha256').update(JSON.stringify(counted)).digest('hex').slice(0, 16)}`
}

/** The failure with its fingerprint. */
export function withFingerprint(failure: Failure): RecordedFailure {
  return { ...failure, fingerprint: fingerprintOf(failure) }
}

/** Of the failure that decided: the first that is not soft, else the first. */
export function mainFingerprint(failures: readonly RecordedFailure[]): string | undefined {
  return (failures.find(({ soft }) => soft !== true) ?? failures[0])?.fingerprint
}
