// Expectations about the whole state of a machine: as a golden file says, or as that of another machine.

import { join } from 'node:path'
import { ExpectError } from '../expect-error.ts'
import type { Machine } from '../fixtures/fixtures.ts'
import { isMachine } from '../fixtures/brand.ts'
import { attachTo } from '../running/attachments.ts'
import { asStep, requireAttempt } from '../running/context.ts'
import {
  goldenText,
  mismatches,
  readGolden,
  renewGolden,
  snapshotDifferences,
  writeGolden,
  type Golden,
  type MachineSnapshot,
  type SnapshotExceptions,
  type SnapshotSection,
} from '../snapshot/index.ts'
import { UsageError } from '../errors.ts'
import type { MatcherOptions, RetriedMatcher } from './retry.ts'

export interface SnapshotExpectation extends MatcherOptions {
  /** The parts that a new golden file gets; default all. */
  readonly parts?: readonly SnapshotSection[]
}

export interface StateExpectation extends MatcherOptions {
  /** What may differ. */
  readonly except?: SnapshotExceptions
}

/** A machine may still be settling. */
const SNAPSHOT_TIMEOUT_MS = 15_000
/** A diff that nobody reads to the end is no help. */
const MOST_LINES = 60

const shown = (lines: readonly string[]): string =>
  lines.length <= MOST_LINES
    ? lines.join('\n')
    : [...lines.slice(0, MOST_LINES), `and ${lines.length - MOST_LINES} more lines`].join('\n')

/** Beside the test's file: `update-snapshots/fresh-reference-x86_64.json` for tests/drift/update.ts. */
function goldenPath(name: string, { distro, architecture }: MachineSnapshot): string {
  if (!/^[a-z0-9][\w.-]{0,80}$/.test(name))
    throw new UsageError(`"${name.slice(0, 80)}" cannot be the name of a snapshot`, {
      code: 'snapshot-name',
      hint: 'letters, digits, ., _ and -',
    })
  const { file } = requireAttempt('toMatchSnapshot()').plan.location
  return join(`${file.replace(/\.\w+$/, '')}-snapshots`, `${name}-${distro}-${architecture}.json`)
}

/** Golden files that were not there when a run began, behind its folder. */
const writtenNow = new Set<string>()

function firstWritten(path: string): ExpectError {
  return new ExpectError(
    'toMatchSnapshot',
    `there was no snapshot ${path}; it has been written: look at it, leave in it what must be so, and keep it with the test`,
  )
}

export const snapshotMatchers = {
  /**
   * The machine's state holds what the golden file of that name says. The file lies beside the test, one for each OS and
   * architecture, and is JSON: `{ "complete": ["listeners"], "listeners": { "tcp 0.0.0.0:22": "sshd" }, "units": { ... } }`. What it
   * does not name may be there, unless its part is in `complete`; a value between slashes is a regular expression. A file that is
   * not there is written, and the test fails; `--update-snapshots` writes those that do not match, and keeps what a file
   * leaves out.
   */
  toMatchSnapshot(machine: Machine, name: string, options: SnapshotExpectation = {}): RetriedMatcher {
    let golden: { readonly path: string; readonly content: Golden } | undefined
    return {
      expected: `the state of the snapshot "${name}"`,
      options: { timeoutMs: SNAPSHOT_TIMEOUT_MS, ...options },
      seenIsShort: false,
      async before(negated) {
        const snapshot = await machine.snapshot()
        const path = goldenPath(name, snapshot)
        const old = readGolden(path)
        const context = requireAttempt('toMatchSnapshot()')
        // A retry, or the boot that confirms a fork, is not to pass by what the first attempt has just written.
        const written = `${context.runFolder} ${path}`
        if (writtenNow.has(written)) throw firstWritten(path)
        const mode = negated ? 'none' : context.updateSnapshots
        const isStale = (): boolean =>
          old !== undefined &&
          (mode === 'all' || (mode === 'changed' && mismatches(old, snapshot).length > 0))
        if (old === undefined ? mode !== 'none' : isStale()) {
          const made = renewGolden(old, snapshot, options.parts)
          await asStep('test.step', `snapshot written: ${path}`, () => writeGolden(path, made))
          golden = { path, content: made }
          if (old === undefined && mode === 'missing') {
            writtenNow.add(written)
            throw firstWritten(path)
          }
          return
        }
        if (old === undefined && !negated)
          throw new ExpectError(
            'toMatchSnapshot',
            `there is no snapshot ${path}; --update-snapshots=missing writes it`,
          )
        golden = { path, content: old ?? { complete: [], sections: {} } }
      },
      async probe() {
        if (golden === undefined) throw new Error('the golden file has not been read')
        const lines = mismatches(golden.content, await machine.snapshot())
        return {
          pass: lines.length === 0,
          seen: `${golden.path} (-) against ${machine.name} (+)\n${shown(lines)}`,
        }
      },
      async after() {
        const content = goldenText({ complete: [], sections: (await machine.snapshot()).sections })
        await attachTo(requireAttempt('toMatchSnapshot()'), `${name}-actual.json`, content, {
          machine: machine.name,
        })
      },
    }
  },

  /** The machine is in the state of another one, or in a state that was kept. */
  toHaveStateOf(
    machine: Machine,
    other: Machine | MachineSnapshot,
    options: StateExpectation = {},
  ): RetriedMatcher {
    return {
      expected: isMachine(other) ? `the state of ${other.name}` : 'the state that was kept',
      options: { timeoutMs: SNAPSHOT_TIMEOUT_MS, ...options },
      seenIsShort: false,
      async probe() {
        const wanted = isMachine(other) ? await other.snapshot() : other
        const lines = snapshotDifferences(wanted, await machine.snapshot(), options.except)
        return { pass: lines.length === 0, seen: shown(lines) }
      },
    }
  },
} as const
