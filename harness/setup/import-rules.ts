// Which room may import which (design.md, "Rooms"), as data and one pure function. Read from top to bottom: the first
// rule whose pattern matches a file is its rule.

import picomatch from 'picomatch'

export interface Rule {
  /** Files the rule is for. */
  readonly files: string
  /** What they may import besides packages. */
  readonly mayImport: readonly string[]
  readonly because: string
}

/** Small leaves that know no machine and no test. */
const LEAVES = [
  'harness/{errors,deadline,process,ledger,folders,package-root,reseed-program,hostile-text,memory-text,file-checksum}.ts',
]

/** The seam between the harness and what provides machines. */
const SEAM = [...LEAVES, 'harness/{machine,platform,events,model,nearest}.ts']

export const rules: readonly Rule[] = [
  {
    files: 'harness/{cli,bench,setup}/**',
    mayImport: ['**'],
    because: 'the composition roots put everything together',
  },
  {
    files: 'harness/boundaries.test.ts',
    mayImport: ['harness/**'],
    because: 'it reads the sources through harness/setup',
  },
  {
    files: 'harness/**/*.test.ts',
    mayImport: [
      'harness/!(cli|bench|setup)/**',
      'harness/*.ts',
      'platforms/fake/**',
      'platforms/contract/**',
    ],
    because: "the harness's own tests run on the fake platform",
  },
  {
    files: 'harness/**',
    mayImport: ['harness/!(cli|bench|setup)/**', 'harness/*.ts'],
    because:
      'the harness knows machines as an interface: no platform, no report, no QEMU, no composition root',
  },
  {
    files: 'platforms/**',
    mayImport: ['platforms/**', 'qemu/**', ...SEAM],
    because: 'a platform knows the seam, not the runner behind it',
  },
  {
    files: 'qemu/image/**',
    mayImport: ['qemu/**', ...LEAVES, 'harness/model.ts'],
    because: 'the image recipe describes its images in the words of the model',
  },
  {
    files: 'qemu/**',
    mayImport: ['qemu/**', ...LEAVES],
    because: 'the QEMU driver is useful without the harness',
  },
  {
    files: 'reports/**',
    mayImport: [
      'reports/**',
      'harness/{events,model,verdict,plan-digest,errors,hostile-text,nearest,deadline}.ts',
    ],
    because: 'a report is a function of the events',
  },
  {
    files: 'tests/**',
    mayImport: ['tests/**', 'harness/index.ts'],
    because: 'an OS test sees what any author of tests sees',
  },
]

/** The rule for a file. Every source file has one. */
export function ruleFor(path: string): Rule {
  const found = rules.find(({ files }) => picomatch.isMatch(path, files))
  if (found === undefined) throw new Error(`${path} is in no room: see design.md, "Rooms"`)
  return found
}

/** Whether `from` may import the file `to`, after its rule. */
export function mayImport(from: string, to: string): boolean {
  return picomatch.isMatch(to, [...ruleFor(from).mayImport])
}

/** Files that are not part of the published package: they may use development dependencies. */
export function isDevelopmentFile(path: string): boolean {
  return picomatch.isMatch(path, ['**/*.test.ts', '**/*.test.*.ts', 'harness/{bench,setup}/**'])
}
