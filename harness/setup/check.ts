// `npm run check`: format, lint, types and unit tests (the boundaries among them) in one command. The parts run two at
// a time; each one's output is shown whole, and the last line names what failed.

import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import PQueue from 'p-queue'
import { formatSeconds } from '../deadline.ts'
import { packageRoot } from '../package-root.ts'
import { execCommand } from '../process.ts'

interface Part {
  readonly name: string
  readonly command: readonly [string, ...string[]]
  /** What mends it, where a command does. */
  readonly mend?: string
}

// The longest first, so that two cores are busy to the end.
const parts: readonly Part[] = [
  { name: 'unit tests', command: ['vitest', 'run', '--project', 'unit'] },
  { name: 'lint', command: ['oxlint', '--type-aware'], mend: 'npx oxlint --type-aware --fix' },
  { name: 'types', command: ['tsc'] },
  { name: 'types of the page', command: ['tsc', '--project', 'reports/html/page/tsconfig.json'] },
  { name: 'format', command: ['oxfmt', '--check'], mend: 'npx oxfmt' },
]

async function runPart({ name, command: [program, ...args], mend }: Part): Promise<boolean> {
  const started = performance.now()
  const result = await execCommand(join(packageRoot, 'node_modules', '.bin', program), args, {
    cwd: packageRoot,
    timeoutMs: 1_800_000,
    env: process.stdout.isTTY ? { FORCE_COLOR: '1' } : { NO_COLOR: '1' },
  })
  const ok = result.failure === ''
  const seconds = formatSeconds(performance.now() - started)
  const output = `${result.stdout}\n${result.stderr}`.trim()
  process.stdout.write(`${ok ? 'ok    ' : 'FAILED'} ${name} (${[program, ...args].join(' ')}, ${seconds})\n`)
  if (!ok || program === 'vitest') process.stdout.write(`${output.replaceAll(/^/gm, '    ')}\n`)
  if (!ok && mend !== undefined) process.stdout.write(`    to mend what can be mended: ${mend}\n`)
  return ok
}

const queue = new PQueue({ concurrency: Math.min(2, availableParallelism()) })
const results = await queue.addAll(parts.map((part) => async () => ({ part, ok: await runPart(part) })))
const failed = results.filter((result) => !result.ok).map((result) => result.part.name)
process.stdout.write(failed.length === 0 ? 'check: all passed\n' : `check: FAILED: ${failed.join(', ')}\n`)
process.exitCode = failed.length === 0 ? 0 : 1
