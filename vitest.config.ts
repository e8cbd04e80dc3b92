import { defineConfig } from 'vitest/config'

// Two projects: `unit` needs nothing but Node; `machine` boots real machines and runs one file at a time.
export default defineConfig({
  test: {
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
          fileParallelism: false,
          testTimeout: 900_000,
          hookTimeout: 900_000,
        },
      },
    ],
  },
})
