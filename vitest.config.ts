import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

// Five projects: `unit` needs nothing but Node; `server` talks with real servers of others (sshd, an EC2 API); `cli` runs the real command line over fake machines and mostly waits, so that
// several files beside each other take less than half of the time; after them, one file at a time, `browser` opens pages in a headless
// Chromium and `machine` boots real machines.
// SIGNALBOX_TEST_REPORT names a file for the results as JSON, for CI to count.

const report = process.env['SIGNALBOX_TEST_REPORT']

// Several minutes each on an emulated machine: with them CI would not end in its time. SIGNALBOX_LONG_TESTS=1 runs them with the
// others, and naming one of them: SIGNALBOX_LONG_TESTS=1 npx vitest run --project machine harness/cli/clusters.machine.test.ts
const long = [
  'clusters',
  'cluster',
  'control',
  'defects',
  'external',
  'fork-faults',
  'fork-host',
  'suite',
  'targets',
].map((name) => `harness/cli/${name}.machine.test.ts`)

const together = { maxWorkers: Math.max(3, availableParallelism()), sequence: { groupOrder: 0 } }
const alone = (groupOrder: number) => ({ fileParallelism: false, sequence: { groupOrder } })

export default defineConfig({
  test: {
    reporters: report === undefined ? ['default'] : ['default', ['json', { outputFile: report }]],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{harness,platforms,qemu,reports,tests}/**/*.test.ts'],
          exclude: ['**/*.machine.test.ts', '**/*.server.test.ts', 'harness/cli/*.test.ts'],
          ...together,
          // Ends what hangs; a busy host only takes longer.
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'server',
          include: ['{harness,platforms,qemu,reports,tests}/**/*.server.test.ts'],
          ...together,
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
      {
        test: {
          name: 'cli',
          include: ['harness/cli/*.test.ts'],
          exclude: ['**/*.machine.test.ts', '**/*.server.test.ts', '**/*.browser.test.ts'],
          ...together,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'browser',
          include: ['harness/cli/*.browser.test.ts'],
          ...alone(1),
          testTimeout: 240_000,
          hookTimeout: 240_000,
          expect: { poll: { timeout: 120_000 } },
        },
      },
      {
        test: {
          name: 'machine',
          include: ['{harness,platforms,qemu,reports,tests}/**/*.machine.test.ts'],
          exclude: process.env['SIGNALBOX_LONG_TESTS'] === undefined ? long : [],
          globalSetup: ['harness/setup/machine-tests.global.ts'],
          ...alone(2),
          testTimeout: 900_000,
          hookTimeout: 900_000,
        },
      },
    ],
  },
})
