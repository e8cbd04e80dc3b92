// The results folder: which runs are in it and how far each is. What was read of an event file is not read again.

import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { EVENT_FILE } from '../read-events.ts'
import type { RunProgress } from './data.ts'
import { parseEventLine } from './event-line.ts'
import { runHref } from './hrefs.ts'
import { liveItem } from './live-item.ts'
import { type Progress, startProgress } from './progress.ts'
import { openTail, type Tail } from './tail.ts'

/** The newest so many are looked at. */
const MOST = 40

/** A run that has no end and has written nothing for so long was killed; a boot writes more often, even an emulated one. */
const STOPPED_MS = 15 * 60_000

export interface FolderRun {
  /** Name of its folder. */
  readonly folder: string
  /** The runs in it by their ids: one, or one a target. */
  readonly runs: readonly string[]
  readonly progress: RunProgress
}

export interface RunFolders {
  readonly root: string
  /** Reads what is new, and tells of the newest runs, newest first. */
  newest(): Promise<readonly FolderRun[]>
  /** The folder of a run by its id or by its own name; undefined when it is not there. Never leads out of the root. */
  folderOf(run: string): Promise<string | undefined>
  /** How far the run of a folder is; undefined when it has no events. */
  look(folder: string): Promise<FolderRun | undefined>
}

interface Known {
  readonly tail: Tail
  readonly progress: Progress
  /** One reader at a time. */
  reading: Promise<void>
}

/** The runs below a folder, which need not be there yet. */
export function openRunFolders(root: string): RunFolders {
  const known = new Map<string, Known>()
  const names = async (): Promise<readonly string[]> => {
    const entries = await readdir(root, { withFileTypes: true }).catch(() => [])
    return entries
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .toSorted()
      .toReversed()
  }
  const look = async (folder: string): Promise<FolderRun | undefined> => {
    const path = join(root, folder, EVENT_FILE)
    const info = await stat(path).catch(() => undefined)
    if (info?.isFile() !== true) {
      known.delete(folder)
      return undefined
    }
    const here = known.get(folder) ?? startKnown(path)
    known.set(folder, here)
    here.reading = here.reading.then(async () => await readOn(here, () => known.delete(folder)))
    await here.reading
    const now = here.progress.now()
    if (now === undefined) return undefined
    const isQuiet = Date.now() - info.mtimeMs > STOPPED_MS
    const state = here.progress.isOver() ? 'ended' : isQuiet ? 'stopped' : 'live'
    return { folder, runs: here.progress.runs(), progress: { ...now, href: runHref(folder), state } }
  }
  return {
    root,
    look,
    async newest() {
      const found: FolderRun[] = []
      for (const name of (await names()).slice(0, MOST)) {
        const run = await look(name)
        if (run !== undefined) found.push(run)
      }
      return found.toSorted((a, b) => (a.progress.startedAt < b.progress.startedAt ? 1 : -1))
    },
    async folderOf(run) {
      const all = await names()
      // A run of several targets is in the folder of the first part of its id.
      return all.find((name) => name === run) ?? all.find((name) => run.startsWith(`${name}.`))
    },
  }
}

function startKnown(path: string): Known {
  return { tail: openTail(path), progress: startProgress(), reading: Promise.resolve() }
}

async function readOn({ tail, progress }: Known, forget: () => void): Promise<void> {
  for (;;) {
    const part = await tail.read()
    if (part === undefined) return forget()
    for (const { text } of part.lines) {
      const event = parseEventLine(text)
      const item = event === undefined ? undefined : liveItem(event)
      if (item !== undefined) progress.add(item)
    }
    if (part.left === 0) return
  }
}
