// Notices when files change in content. Folders are watched rather than files, since many editors save a file by renaming
// another one over it; a burst of events is one change.

import { createHash } from 'node:crypto'
import { readFileSync, watch, type FSWatcher } from 'node:fs'
import { dirname, join, sep } from 'node:path'
import { codeOf } from '../../errors.ts'
import { isTestFile } from '../load-tests.ts'

/** How long it must be quiet after an event. */
const QUIET_MS = 120

/** How long a file may be away while an editor replaces it. */
const AWAY_MS = 400

export interface WatchedFiles {
  /** Absolute, without links. */
  readonly files: readonly string[]
  /** In which any new test file counts, too. */
  readonly folders: readonly string[]
}

export interface FileWatch extends Disposable {
  /** How many files are watched. */
  readonly size: number
  /** Watches these from now on; what was watched before stays known. */
  watch(what: WatchedFiles): void
  /** Waits for changes; gives those that nobody was given yet. */
  next(signal: AbortSignal): Promise<readonly string[]>
}

/** Watches nothing at first. `warn` is told which folder cannot be watched. */
export function openFileWatch(warn: (message: string) => void): FileWatch {
  const prints = new Map<string, string | undefined>()
  const watchers = new Map<string, FSWatcher>()
  const changed = new Set<string>()
  const dirty = new Set<string>()
  let folders: readonly string[] = []
  let timer: NodeJS.Timeout | undefined
  let onChange: (() => void) | undefined

  const look = (mayBeAway: boolean): void => {
    let someAreAway = false
    for (const file of dirty) {
      const print = printOf(file)
      if (print === undefined && mayBeAway && prints.get(file) !== undefined) {
        someAreAway = true
        continue
      }
      dirty.delete(file)
      if (print === prints.get(file)) continue
      prints.set(file, print)
      changed.add(file)
    }
    if (someAreAway) timer = setTimeout(() => look(false), AWAY_MS)
    else if (changed.size > 0) onChange?.()
  }
  const onEvent = (file: string): void => {
    const isNew = folders.some((folder) => file.startsWith(folder + sep) && isTestFile(folder, file))
    if (!prints.has(file) && !isNew) return
    dirty.add(file)
    clearTimeout(timer)
    timer = setTimeout(() => look(true), QUIET_MS)
  }
  const add = (folder: string, recursive: boolean): void => {
    const key = `${recursive ? 'all of ' : ''}${folder}`
    if (watchers.has(key) || watchers.has(`all of ${folder}`)) return
    try {
      const watcher = watch(folder, { recursive }, (_, name) => {
        if (name !== null) onEvent(join(folder, name))
      })
      watcher.on('error', (error) =>
        warn(`${folder} is no longer watched: ${codeOf(error) ?? error.message}`),
      )
      watchers.set(key, watcher)
    } catch (error) {
      warn(`${folder} cannot be watched: ${codeOf(error) ?? String(error)}`)
    }
  }
  return {
    get size() {
      return prints.size
    },
    watch(what) {
      folders = what.folders
      for (const folder of folders) add(folder, true)
      for (const file of what.files) {
        if (!prints.has(file)) prints.set(file, printOf(file))
        if (!folders.some((folder) => file.startsWith(folder + sep))) add(dirname(file), false)
      }
    },
    async next(signal) {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const onAbort = (): void => reject(signal.reason)
      signal.addEventListener('abort', onAbort, { once: true })
      onChange = resolve
      if (changed.size > 0) resolve()
      try {
        await promise
        return [...changed].toSorted()
      } finally {
        onChange = undefined
        signal.removeEventListener('abort', onAbort)
        if (!signal.aborted) changed.clear()
      }
    },
    [Symbol.dispose]() {
      clearTimeout(timer)
      for (const watcher of watchers.values()) watcher.close()
    },
  }
}

function printOf(file: string): string | undefined {
  try {
    return createHash('sha256').update(readFileSync(file)).digest('hex')
  } catch {
    return undefined
  }
}
