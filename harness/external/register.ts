// Registers the external tests of folders, so that they are selected, planned and run as any other test.

import { registerTest } from '../registry.ts'
import type { Fixtures } from '../fixtures/fixtures.ts'
import { requireAttempt } from '../running/context.ts'
import type { ExternalTest } from './find.ts'
import { findExternalTests } from './find.ts'
import { needsOf, testTimeoutMs } from './needs.ts'
import { runExternalTest } from './run-test.ts'

/** For bringing a test to its machine and for ending it, beyond its own time; for a host with KVM. */
const MARGIN_MS = 60_000

const known = new Map<string, ExternalTest>()

export interface RegisteredFolders {
  /** What a person should look at. */
  readonly warnings: readonly string[]
  /** The executable of each test, absolute and without links, by the test's name. */
  readonly fileOf: ReadonlyMap<string, string>
  /** The folders, absolute and without links. */
  readonly roots: readonly string[]
}

/** Finds and registers the tests of all folders. */
export function registerExternalTests(folders: readonly string[]): RegisteredFolders {
  const found = folders.map(findExternalTests)
  const tests = found.flatMap((each) => each.tests)
  for (const test of tests) register(test)
  return {
    warnings: found.flatMap((each) => each.warnings),
    fileOf: new Map(tests.map(({ name, executable }) => [name, executable])),
    roots: [...new Set(tests.map(({ root }) => root))],
  }
}

function register(test: ExternalTest): void {
  const { name, kolaName, meta, config, file, line } = test
  const timeoutMs = testTimeoutMs(meta)
  known.set(name, test)
  registerTest({
    name,
    requirements: {
      ...needsOf(meta),
      timeoutMs: timeoutMs + MARGIN_MS,
      ...(kolaName === name ? {} : { aliases: [kolaName] }),
      ...(config === undefined ? {} : { ignition: config }),
    },
    location: { file, line, column: 1 },
    notesTimes: true,
    body: async ({ cluster }: Fixtures) => {
      const names = requireAttempt('an external test').companions ?? [name]
      const companions = names.flatMap((companion) => known.get(companion) ?? [])
      await runExternalTest({ test, companions, timeoutMs }, cluster)
    },
  })
}
