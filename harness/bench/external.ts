// What the harness adds to small external tests that share a machine: 200 scripts that do nothing, against the same scripts
// run by a loop in the same machine.

import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { EventOf, SignalboxEvent } from '../events.ts'
import type { Benchmark } from './figure.ts'
import { findEvent } from './moments.ts'
import { benchSignalbox } from './signalbox.ts'

const TESTS = 200

const NOOP = `#!/bin/sh
# kola: { "exclusive": false }
exit 0
`

// The last by name, so that it runs last; what it measured is the name of its subtest.
const BARE = `#!/bin/bash
# kola: { "exclusive": false, "timeoutMin": 5 }
begin=\${EPOCHREALTIME/./}
for program in "\${0%/*}"/kola-runext-noop-*; do "$program"; done
end=\${EPOCHREALTIME/./}
echo "1..1"
echo "ok 1 - $(((end - begin) / 1000)) ms"
`

export const externalOverhead: Benchmark = {
  name: 'external-overhead',
  unit: 'ms',
  better: 'lower',
  n: 1,
  help: `what a run of ${TESTS} external no-op tests on one shared machine adds to each, beyond running the script there`,
  asked: { atMost: 50 },
  async sample(report) {
    const folder = await mkdtemp(join(tmpdir(), 'signalbox-bench-external-'))
    try {
      const project = join(folder, 'bench')
      await mkdir(project)
      for (let number = 1; number <= TESTS; number += 1) {
        await writeScript(join(project, `noop-${String(number).padStart(3, '0')}`), NOOP)
      }
      await writeScript(join(project, 'zz-bare'), BARE)
      const { events } = await benchSignalbox(['run', '--external', project, '-j', '1'])
      const totalMs = spanMs(events)
      const bareMs = bareMsOf(events)
      report(
        `  ${(totalMs / TESTS).toFixed(1)} ms a test, ${(bareMs / TESTS).toFixed(1)} ms of them the script itself`,
      )
      return (totalMs - bareMs) / TESTS
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
}

async function writeScript(path: string, text: string): Promise<void> {
  await writeFile(path, text)
  await chmod(path, 0o755)
}

/** From the first body to the last verdict of the no-op tests: the upload included, the boot not. */
function spanMs(events: readonly SignalboxEvent[]): number {
  const first = findEvent(events, 'phase.started', ({ phase }) => phase === 'body')
  const verdicts = events.filter(
    (event): event is EventOf<'test.finished'> =>
      event.type === 'test.finished' && event.test.includes('.noop-'),
  )
  if (verdicts.length !== TESTS) throw new Error(`${verdicts.length} of ${TESTS} tests have a verdict`)
  return Math.max(...verdicts.map(({ ms }) => ms)) - first.ms
}

function bareMsOf(events: readonly SignalboxEvent[]): number {
  const { name } = findEvent(events, 'subtest.finished', ({ attempt }) => attempt.test.endsWith('.zz-bare'))
  return Number.parseInt(name, 10)
}
