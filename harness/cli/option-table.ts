// The one table of every option: flag, environment variable, default, unit, help and validation. The parser, `--help`
// and the README's table come from it.

import { InvalidArgumentError } from 'commander'

export interface OptionRow {
  /** As commander reads it: `-j, --jobs <n>`. */
  readonly flags: string
  readonly help: string
  readonly env?: string
  readonly default?: string | number | boolean | readonly string[]
  readonly choices?: readonly string[]
  readonly parse?: (value: string, previous: unknown) => unknown
}

const wholeNumber =
  (min: number, max = Number.MAX_SAFE_INTEGER) =>
  (value: string): number => {
    const number = Number(value)
    if (!Number.isInteger(number) || number < min || number > max) {
      throw new InvalidArgumentError(
        `It must be a whole number from ${min}${max === Number.MAX_SAFE_INTEGER ? '' : ` to ${max}`}.`,
      )
    }
    return number
  }

/** `5%` or `5`, as a share of 1. */
const percent = (value: string): number => {
  const number = Number(value.replace(/%$/, ''))
  if (!(number >= 0 && number <= 100) || value.trim() === '')
    throw new InvalidArgumentError('It must be a percentage from 0 to 100.')
  return number / 100
}

const collect = (value: string, previous: unknown): readonly string[] => [
  ...(Array.isArray(previous) ? (previous as readonly string[]) : []),
  ...value.split(',').filter((part) => part !== ''),
]

/** Where tests come from, and which. */
export const selectionOptions: readonly OptionRow[] = [
  {
    flags: '-t, --tag <tag...>',
    help: 'only tests with one of these tags; !tag leaves tests out',
    parse: collect,
    env: 'SIGNALBOX_TAGS',
  },
  {
    flags: '--tests <folder...>',
    help: 'folders with test files, instead of the built-in tests',
    parse: collect,
    env: 'SIGNALBOX_TESTS',
  },
]

/** What is tested. */
export const targetOptions: readonly OptionRow[] = [
  {
    flags: '-p, --platform <name>',
    help: 'where machines come from',
    default: 'qemu',
    env: 'SIGNALBOX_PLATFORM',
  },
  {
    flags: '-i, --image <path>',
    help: 'disk image or image folder to test; default: the reference image',
    env: 'SIGNALBOX_IMAGE',
  },
  {
    flags: '--distro <name>',
    help: "the image's distro profile; default: what the image says",
    env: 'SIGNALBOX_DISTRO',
  },
  { flags: '--arch <name>', help: "the image's architecture: x86_64 or arm64", env: 'SIGNALBOX_ARCH' },
  { flags: '--channel <name>', help: "the image's channel", env: 'SIGNALBOX_CHANNEL' },
  {
    flags: '--image-version <version>',
    help: "the image's version, where the image does not say",
    env: 'SIGNALBOX_IMAGE_VERSION',
  },
  {
    flags: '--firmware <name>',
    help: 'direct, bios, uefi or uefi-secure; default: what the image prefers',
    env: 'SIGNALBOX_FIRMWARE',
  },
]

/** How a run goes. */
export const runOptions: readonly OptionRow[] = [
  {
    flags: '-j, --jobs <n>',
    help: 'most jobs at once; default: what memory and CPUs admit',
    parse: wholeNumber(1, 1000),
    env: 'SIGNALBOX_JOBS',
  },
  {
    flags: '-o, --output <folder>',
    help: 'where results go, one folder a run',
    default: 'signalbox-results',
    env: 'SIGNALBOX_OUTPUT',
  },
  {
    flags: '--retries <n>',
    help: 'more attempts after a product failure',
    parse: wholeNumber(0, 20),
    default: 0,
    env: 'SIGNALBOX_RETRIES',
  },
  {
    flags: '--infra-retries <n>',
    help: 'more attempts after an infrastructure fault',
    parse: wholeNumber(0, 20),
    default: 1,
    env: 'SIGNALBOX_INFRA_RETRIES',
  },
  {
    flags: '--no-fork',
    help: 'boot every machine, instead of forking those that were booted once',
    env: 'SIGNALBOX_NO_FORK',
    default: true,
  },
  {
    flags: '--audit-fork <percent>',
    help: 'share of the forked tests that also run on a cold boot; verdicts that differ are reported; 5 where CI is set',
    parse: percent,
    env: 'SIGNALBOX_AUDIT_FORK',
  },
  { flags: '-x, --fail-fast', help: 'start nothing new after the first failure', default: false },
  { flags: '--fail-on-flaky', help: 'a flaky test fails the run', default: false },
  {
    flags: '--boot-timeout <seconds>',
    help: 'until a machine must be ready; default: 60, times 8 where guests are emulated',
    parse: wholeNumber(1, 86_400),
    env: 'SIGNALBOX_BOOT_TIMEOUT',
  },
]

/** What a machine is like that no test asks for. The defaults are those of a test. */
export const machineOptions: readonly OptionRow[] = [
  { flags: '--memory <MiB>', help: 'memory a machine', parse: wholeNumber(64), default: 1024 },
  { flags: '--cpus <n>', help: 'CPUs a machine', parse: wholeNumber(1, 255), default: 2 },
]

export const jsonOption: OptionRow = { flags: '--json', help: 'print JSON for programs', default: false }

/** What `run` hands to its action, after parsing. */
export interface SelectionFlags {
  readonly tag?: readonly string[]
  readonly tests?: readonly string[]
}
export interface TargetFlags {
  readonly platform: string
  readonly image?: string
  readonly distro?: string
  readonly arch?: string
  readonly channel?: string
  readonly imageVersion?: string
  readonly firmware?: string
}
export interface RunFlags extends SelectionFlags, TargetFlags {
  readonly jobs?: number
  readonly output: string
  readonly retries: number
  readonly infraRetries: number
  readonly fork: boolean
  /** A share from 0 to 1. */
  readonly auditFork?: number
  readonly failFast: boolean
  readonly failOnFlaky: boolean
  readonly bootTimeout?: number
  readonly json: boolean
}
