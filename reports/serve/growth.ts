// Waits until a file or a folder changes: told by the system where it tells, else by looking again after a while.

import { watch } from 'node:fs'

export interface Growth extends Disposable {
  /** Resolves with true when there was a change since the last call; with false after `mostMs`, or when the signal aborts. */
  changed(mostMs: number, signal: AbortSignal): Promise<boolean>
}

/** Starts to watch. A change between two calls is not lost. */
export function watchGrowth(path: string): Growth {
  let isDirty = false
  let wake = (): void => undefined
  const note = (): void => {
    isDirty = true
    wake()
  }
  const watcher = startWatcher(path, note)
  return {
    async changed(mostMs, signal) {
      if (!isDirty && !signal.aborted) {
        const { promise, resolve } = Promise.withResolvers<void>()
        wake = resolve
        const timer = setTimeout(resolve, mostMs)
        signal.addEventListener('abort', wake, { once: true })
        await promise
        signal.removeEventListener('abort', wake)
        clearTimeout(timer)
        wake = () => undefined
      }
      const was = isDirty
      isDirty = false
      return was
    },
    [Symbol.dispose]() {
      watcher?.close()
    },
  }
}

/** Network file systems tell nothing, and the system may have no watches left: then only time passes. */
function startWatcher(path: string, note: () => void): { close(): void } | undefined {
  try {
    const watcher = watch(path, { persistent: false }, note)
    watcher.on('error', () => watcher.close())
    return watcher
  } catch {
    return undefined
  }
}
