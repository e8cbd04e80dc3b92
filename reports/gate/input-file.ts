// The files that a decision is made of, by content: each is known by the sha256 of its bytes.

import { createHash } from 'node:crypto'
import type { DecisionInput, InputKind } from './decision.ts'

export interface InputFile {
  readonly input: DecisionInput
  readonly bytes: Uint8Array
}

/** Makes one of bytes or text. */
export function inputFile(kind: InputKind, name: string, content: Uint8Array | string): InputFile {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content
  return { input: { kind, name, sha256: sha256Of(bytes), bytes: bytes.length }, bytes }
}

/** In the one order in which inputs count: nothing depends on the order in which they were given. */
export function inOrder(files: readonly InputFile[]): readonly InputFile[] {
  const key = ({ input: { kind, sha256, name } }: InputFile): string => `${kind}\0${sha256}\0${name}`
  return files.toSorted((a, b) => (key(a) < key(b) ? -1 : 1))
}

/** The hexadecimal sha256 of bytes. */
export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
