import { defineConfig } from 'vitest/config'

// Three projects: `unit` needs nothing but Node and takes seconds; `cli` runs the real command line over fake machines, one
// process after another; `machine` boots real machines and runs one file at a time.
// SIGNALBOX_TEST_REPORT names a file for the results as JSON, for CI to count.

const report = process.env['SIGNALBOX_TEST_REPORT']

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
          exclude: ['**/*.machine.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'machine',
          include: ['{harness,platforms,qemu,reports,tests}/**/*.machine.test.ts'],
          globalSetup: ['harness/setup/machine-tests.global.ts'],
          fileParallelism: false,
          testTimeout: 900_000,
          hookTimeout: 900_000,
        },
      },
    ],
  },
})
