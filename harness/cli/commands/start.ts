// `signalbox start`, what `npm start` runs: the whole main job for somebody who sees the project for the first time.

import { colors, errorColors } from '../colors.ts'
import { inspectHost } from '../../../qemu/index.ts'
import type { RunFlags } from '../option-table.ts'
import { runTests } from './run.ts'

/** The tag of the tests that the main job runs. */
export const SMOKE = 'smoke'

/** The action of `start`. */
export async function start(flags: Readonly<Record<string, unknown>>): Promise<number> {
  const rows = await inspectHost()
  const missing = rows.filter(({ status }) => status === 'missing')
  if (missing.length > 0) {
    for (const { what, detail, remedy } of missing) {
      process.stderr.write(`${errorColors.red('missing:')} ${what}: ${detail}\n`)
      if (remedy !== undefined) process.stderr.write(`  ${remedy.join(' ')}\n`)
    }
    process.stderr.write('"signalbox doctor" shows the whole table\n')
    return 3
  }
  const runFlags = { ...flags, platform: 'qemu', tag: [SMOKE], json: false } as unknown as RunFlags
  const { exitCode, folder } = await runTests(runFlags, [])
  // From a clone the sources run, and only the npm script finds the right Node for them.
  const self = import.meta.filename.endsWith('.ts') ? 'npm run -s signalbox --' : 'npx signalbox'
  const next = [
    [`${self} list`, 'every test there is'],
    [`${self} run 'ignition.*'`, 'run some of them'],
    [`${self} spawn`, 'a shell in a machine of your own'],
  ] as const
  const width = Math.max(...next.map(([command]) => command.length))
  process.stdout.write(`\nResults: ${folder ?? 'none'}\n\nWorth trying next:\n`)
  for (const [command, why] of next)
    process.stdout.write(`  ${colors.bold(command.padEnd(width))}   ${colors.dim(why)}\n`)
  return exitCode
}
