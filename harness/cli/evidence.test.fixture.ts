// What a run on real machines has left of its failed attempts, for the output of a test of ours that fails: its folder is gone after it.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { SignalboxEvent } from '../events.ts'

const MOST_ATTEMPTS = 3
const MOST_LINES = 60

/** The ends of the logs and attachments of the newest run's failed attempts; empty where there is none. */
export function evidenceOf(output: string): string {
  const run = join(output, 'latest')
  if (!existsSync(join(run, 'events.jsonl'))) return ''
  const events = readFileSync(join(run, 'events.jsonl'), 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as SignalboxEvent)
  return events
    .flatMap((event) =>
      event.type === 'attempt.finished' && event.outcome !== 'passed' && event.outcome !== 'skipped'
        ? [join('attempts', event.attempt.test, String(event.attempt.n))]
        : [],
    )
    .slice(-MOST_ATTEMPTS)
    .map((attempt) => endsOf(run, attempt))
    .join('')
}

function endsOf(run: string, attempt: string): string {
  const folder = join(run, attempt)
  if (!existsSync(folder)) return ''
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.txt'))
    .toSorted()
    .map((name) => {
      const lines = readFileSync(join(folder, name), 'utf8').trimEnd().split('\n')
      return `---- ${join(attempt, name)}\n${lines.slice(-MOST_LINES).join('\n')}\n`
    })
    .join('')
}
