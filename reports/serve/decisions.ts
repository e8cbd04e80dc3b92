// The decisions of the gate, read again only when their folders change: evidence is written whole and never changed.

import type { KeyObject } from 'node:crypto'
import { stat } from 'node:fs/promises'
import type { Decision } from '../gate/decision.ts'
import { findDecisions, readLedger } from '../gate/index.ts'

export interface Decisions {
  readonly decisions: readonly Decision[]
  /** Folders whose decision does not count, and why. */
  readonly warnings: readonly string[]
}

/** A reader of a folder of decisions, which need not be there. With a key only those count that it signed. */
export function decisionReader(root: string, key: KeyObject | undefined): () => Promise<Decisions> {
  let known: { readonly state: string; readonly found: Promise<Decisions> } | undefined
  const read = async (): Promise<Decisions> => {
    const { decisions, warnings } = await readLedger(root, key)
    return { decisions: decisions.map(({ decision }) => decision), warnings }
  }
  return async () => {
    const folders = await findDecisions(root)
    const times = await Promise.all(
      folders.map(async (folder) => (await stat(folder).catch(() => undefined))?.mtimeMs),
    )
    const state = JSON.stringify([folders, times])
    if (known?.state !== state) known = { state, found: read() }
    return await known.found
  }
}
