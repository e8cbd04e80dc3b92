// How long the smoke suite takes on both architectures, as one command.

import { execCommand } from '../process.ts'
import { packageRoot } from '../package-root.ts'
import type { PlanDocument } from '../cli/commands/plan.ts'
import type { Benchmark } from './figure.ts'
import { benchSignalbox } from './signalbox.ts'

const chosen = ['--tag', 'smoke', '--target', 'qemu-x86_64-direct', 'qemu-arm64-uefi']

export const matrixSmoke: Benchmark = {
  name: 'matrix-smoke',
  unit: 's',
  better: 'lower',
  n: 1,
  asked: { atMost: 720 },
  help: 'the smoke suite on x86_64 and arm64 in one command, with images that are built, process start to exit',
  prepare: requireImages,
  async sample(report) {
    const { wallMs, events } = await benchSignalbox(['run', ...chosen, '--audit-fork', '0'])
    for (const event of events)
      if (event.type === 'run.finished')
        report(`  ${event.run}: ${(event.durationMs / 1000).toFixed(0)} s, ${event.verdicts.passed} passed`)
    return wallMs / 1000
  },
}

/** A build is not what is measured, and a run of one architecture is no matrix. */
async function requireImages(): Promise<void> {
  const { stdout, stderr } = await execCommand(
    process.execPath,
    ['harness/cli/bin.ts', 'plan', ...chosen, '--json'],
    { cwd: packageRoot, timeoutMs: 120_000 },
  )
  if (stdout === '') throw new Error(`matrix-smoke cannot be measured: ${stderr.trim()}`)
  const { targets } = JSON.parse(stdout) as PlanDocument
  const missing = targets.flatMap((target) =>
    target.kind === 'unusable'
      ? [`${target.name}: ${target.message}${target.hint === undefined ? '' : ` (${target.hint})`}`]
      : [],
  )
  if (missing.length > 0)
    throw new Error(`matrix-smoke needs a reference image of both architectures: ${missing.join('; ')}`)
}
