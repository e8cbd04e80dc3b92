import { defineConfig } from 'vitest/config'

// Four projects: `unit` needs nothing but Node and takes seconds; `cli` runs the real command line over fake machines, one
// process after another; `browser` opens reports in a headless Chromium; `machine` boots real machines and runs one file at a
// time.
// SIGNALBOX_TEST_REPORT names a file for the results as JSON, for CI to count.

const report = process.env['SIGNALBOX_TEST_REPORT']

// Several minutes each on an emulated machine: with them CI would not end in its time. SIGNALBOX_LONG_TESTS=1 runs them with the
// others, and naming one of them: SIGNALBOX_LONG_TESTS=1 npx vitest run --project machine harness/cli/clusters.machine.test.ts
const long = ['clusters', 'cluster', 'control', 'external', 'updates'].map(
  (name) => `harness/cli/${name}.machine.test.ts`,
)

export default defineConfig({
  test: {
    reporters: report === undefined ? ['default'] : ['default', ['json', { outputFile: report }]],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{harness,platforms,qemu,reports,tests}/**/*.test.ts'],
          exclude: ['**/*.machine.test.ts', 'harness/cli/*.test.ts'],
          // Ends what hangs; a busy host only takes longer.
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'cli',
          include: ['harness/cli/*.test.ts'],
          exclude: ['**/*.machine.test.ts', '**/*.browser.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'browser',
          include: ['harness/cli/*.browser.test.ts'],
          fileParallelism: false,
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
          fileParallelism: false,
          testTimeout: 900_000,
          hookTimeout: 900_000,
        },
      },
    ],
  },
})
