// The harness's end of the guard (see guard-process.ts).

import { spawn } from 'node:child_process'
import { join } from 'node:path'

export interface Guard extends Disposable {
  watch(group: number): void
  forget(group: number): void
}

const program = join(
  import.meta.dirname,
  `guard-process${import.meta.filename.endsWith('.ts') ? '.ts' : '.js'}`,
)

/** Starts the guard; it ends when it is disposed or when this process is gone. */
export function startGuard(): Guard {
  // In a session of its own: what kills the harness's process group must not kill it.
  const child = spawn(process.execPath, [program], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] })
  // Without it services still end with this process, but not what they started.
  child.on('error', () => undefined)
  child.stdin.on('error', () => undefined)
  child.unref()
  return {
    watch: (group) => void child.stdin.write(`+${group}\n`),
    forget: (group) => void child.stdin.write(`-${group}\n`),
    [Symbol.dispose]: () => void child.stdin.end(),
  }
}
