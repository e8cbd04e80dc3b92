import { defineConfig } from 'vitest/config'

// Two projects: `unit` needs nothing but Node; `machine` boots real machines and runs one file at a time.
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
          exclude: ['**/*.machine.test.ts'],
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
