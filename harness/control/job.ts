// One command in the guest as the host sees it: pieces of output, then the end.

import { oneLine } from '../hostile-text.ts'
import type { ControlOutcome } from './control-line.ts'
import { KEPT_BYTES } from './job-functions.ts'

export interface Job {
  /** Takes what follows the job's id on a line; what is nothing of a job's is passed over. */
  take(text: string): void
  readonly hasStarted: boolean
  started(): void
  /** Settles with the end that the guest told, or rejects as `fail` says. */
  readonly ended: Promise<ControlOutcome>
  fail(error: Error): void
  /** As far as is known. */
  outcome(): ControlOutcome
  lastLine(): string
}

interface End {
  readonly status: number
  readonly stdoutBytes: number
  readonly stderrBytes: number
}

/** Opens a job that nothing is known of yet. */
export function openJob(command: string): Job {
  const startedAt = performance.now()
  const { promise: ended, resolve, reject } = Promise.withResolvers<ControlOutcome>()
  ended.catch(() => undefined)
  const output = { o: [] as Buffer[], e: [] as Buffer[] }
  const kept = { o: 0, e: 0 }
  let end: End | undefined
  let hasStarted = false
  const outcome = (): ControlOutcome => {
    const stdoutBuffer = Buffer.concat(output.o)
    const stderrBuffer = Buffer.concat(output.e)
    const stdoutBytes = Math.max(end?.stdoutBytes ?? 0, stdoutBuffer.length)
    const stderrBytes = Math.max(end?.stderrBytes ?? 0, stderrBuffer.length)
    return {
      command,
      exitCode: end?.status ?? null,
      stdout: asText(stdoutBuffer),
      stderr: asText(stderrBuffer),
      stdoutBytes,
      stderrBytes,
      truncated: stdoutBytes > stdoutBuffer.length || stderrBytes > stderrBuffer.length,
      durationMs: performance.now() - startedAt,
      stdoutBuffer,
    }
  }
  return {
    ended,
    outcome,
    fail: reject,
    get hasStarted() {
      return hasStarted
    },
    started: () => (hasStarted = true),
    take(text) {
      const [, stream, piece = ''] = /^([oe]) ([A-Za-z0-9+/=]+)$/.exec(text) ?? []
      if (stream === 'o' || stream === 'e') {
        const bytes = Buffer.from(piece, 'base64')
        kept[stream] += bytes.length
        // The guest cuts; a guest that does not is cut here.
        if (kept[stream] <= KEPT_BYTES) output[stream].push(bytes)
        return
      }
      const [, status, stdoutBytes, stderrBytes] = /^= (\d{1,3}) (\d{1,15}) (\d{1,15})$/.exec(text) ?? []
      if (status === undefined || end !== undefined) return
      end = { status: Number(status), stdoutBytes: Number(stdoutBytes), stderrBytes: Number(stderrBytes) }
      resolve(outcome())
    },
    lastLine() {
      const { stdout, stderr } = outcome()
      return oneLine(lastOf(stderr) || lastOf(stdout))
    },
  }
}

function lastOf(text: string): string {
  return text.slice(-2048).trimEnd().split('\n').at(-1) ?? ''
}

// Without the one final newline; a character whose beginning was cut off is left out.
function asText(bytes: Buffer): string {
  let start = 0
  if (bytes.length === KEPT_BYTES) while (start < 3 && ((bytes[start] ?? 0) & 0xc0) === 0x80) start += 1
  const text = bytes.toString('utf8', start)
  return text.endsWith('\n') ? text.slice(0, -1) : text
}
