// The one table of every option: flag, environment variable, config key, default, unit, help and validation. The parser,
// `--help` and the README's table come from it.

import { flavourNames, flavours } from '../../qemu/image/flavours.ts'
import type { ConfigKey } from '../config/config.ts'
import type { Architecture, DistroName, Firmware } from '../model.ts'
import { updateModes } from '../snapshot/golden.ts'
import { amount, collect, collectWhole, part, percent, wholeNumber } from './parse-option.ts'

export { age, collect, collectWhole, wholeNumber } from './parse-option.ts'
export type { DebugFlags, RunFlags, SelectionFlags, TargetFlags } from './flags.ts'

/** Flavours and what they bring, as help shows them. */
export const flavourHelp = flavourNames
  .map((name) => `${name} (${flavours[name].features.join(', ')})`)
  .join(' or ')

export interface OptionRow {
  /** As commander reads it: `-j, --jobs <n>`. */
  readonly flags: string
  readonly help: string
  readonly env?: string
  readonly default?: string | number | boolean | readonly string[]
  readonly choices?: readonly string[]
  readonly parse?: (value: string, previous: unknown) => unknown
  /** Its key in signalbox.config.ts, declared with its type in harness/config/config.ts; false: has none. */
  readonly config?: ConfigKey | false
  /** In a config, relative to the config's folder. */
  readonly isPath?: true
  /** Words that a config may hold; on the command line whoever uses the word says which there are. */
  readonly known?: readonly string[]
}

/** A row that must say which config key it has; false is for what makes sense on the command line only. */
export type ConfigurableRow = OptionRow & { readonly config: ConfigKey | false }

export const distros = ['reference', 'flatcar', 'fcos'] as const satisfies readonly DistroName[]
export const architectures = ['x86_64', 'arm64', 'riscv64'] as const satisfies readonly Architecture[]
export const firmwares = ['direct', 'bios', 'uefi', 'uefi-secure'] as const satisfies readonly Firmware[]
export const tpmWords = ['on', 'off'] as const

/** Where results go, and where those of earlier runs are. */
export const outputOption: ConfigurableRow = {
  flags: '-o, --output <folder>',
  help: 'where results go, one folder a run',
  default: 'signalbox-results',
  env: 'SIGNALBOX_OUTPUT',
  config: 'output',
  isPath: true,
}

/** Where the history is. */
export const historyOption: ConfigurableRow = {
  flags: '--history <place>',
  help: 'a file, or postgres://user@host/database; default: history.sqlite in the user data folder',
  env: 'SIGNALBOX_HISTORY',
  config: 'history',
  isPath: true,
}

/** Where tests come from, and which. */
export const selectionOptions: readonly ConfigurableRow[] = [
  {
    flags: '-t, --tag <tag...>',
    help: 'only tests with one of these tags; !tag leaves tests out',
    parse: collect,
    env: 'SIGNALBOX_TAGS',
    config: 'tags',
  },
  {
    flags: '--tests <folder...>',
    help: 'folders with test files, instead of the built-in tests',
    parse: collect,
    env: 'SIGNALBOX_TESTS',
    config: 'tests',
    isPath: true,
  },
  {
    flags: '--external <folder>',
    help: 'a project whose executables (in tests/kola, else anywhere in it) are tests, instead of the built-in ones; repeatable',
    parse: collect,
    env: 'SIGNALBOX_EXTERNAL',
    config: 'external',
    isPath: true,
  },
  {
    flags: '--last-failed [folder]',
    help: 'only tests that were not green in that run (failed, flaky, infra, missing); default: the latest in --output',
    config: false,
  },
  {
    flags: '--changed [ref]',
    help: 'only tests of files that changed since a commit, or that import one; default: HEAD, with new files',
    config: false,
  },
  {
    flags: '--shard <i/n>',
    help: 'only the i-th of n parts, balanced by --durations, else by what tests need; hosts need know nothing of each other',
    parse: part,
    env: 'SIGNALBOX_SHARD',
    config: false,
  },
  {
    flags: '--durations <path>',
    help: 'how long tests take: an earlier run, its run.json, or a durations.json; the same for all shards',
    env: 'SIGNALBOX_DURATIONS',
    config: false,
  },
  outputOption,
  {
    flags: '--known-failures <file...>',
    help: "files of tests that are known to fail, ours or kola's denylist; default: signalbox-known-failures.yaml, where there is one",
    parse: collect,
    env: 'SIGNALBOX_KNOWN_FAILURES',
    config: 'knownFailures',
    isPath: true,
  },
  {
    flags: '--ignore-known-failures',
    help: 'judge every test as if no failure were known',
    default: false,
    config: false,
  },
]

/** What is tested. */
export const targetOptions: readonly ConfigurableRow[] = [
  {
    flags: '--target <name...>',
    help: "targets of the config, by name or glob; !name leaves one out; the options below replace each one's own",
    parse: collect,
    env: 'SIGNALBOX_TARGETS',
    config: 'defaultTargets',
  },
  {
    flags: '-p, --platform <name>',
    help: 'where machines come from',
    default: 'qemu',
    env: 'SIGNALBOX_PLATFORM',
    config: 'platform',
  },
  {
    flags: '--set <name=value...>',
    help: 'a setting of the platform, as "signalbox platform list" shows them; repeatable; secrets come from the environment',
    parse: collectWhole,
    config: 'platformSettings',
  },
  {
    flags: '-i, --image <path>',
    help: 'disk image or image folder to test; default: the reference image',
    env: 'SIGNALBOX_IMAGE',
    config: 'image',
    isPath: true,
  },
  {
    flags: '--distro <name>',
    help: "the image's distro profile; default: what the image says",
    env: 'SIGNALBOX_DISTRO',
    config: 'distro',
    known: distros,
  },
  {
    flags: '--arch <name>',
    help: "the image's architecture: x86_64, arm64 or riscv64; default: what the image says, else the host's",
    env: 'SIGNALBOX_ARCH',
    config: 'architecture',
    known: architectures,
  },
  { flags: '--channel <name>', help: "the image's channel", env: 'SIGNALBOX_CHANNEL', config: 'channel' },
  {
    flags: '--image-version <version>',
    help: "the image's version, where the image does not say",
    env: 'SIGNALBOX_IMAGE_VERSION',
    config: 'imageVersion',
  },
  {
    flags: '--flavour <name>',
    help: `the reference image with more programs: ${flavourHelp}; built when needed`,
    env: 'SIGNALBOX_FLAVOUR',
    config: 'flavour',
    known: flavourNames,
  },
  {
    flags: '--update-to <path>',
    help: 'the version that tests of updates update to: an image folder, or a payload of update_engine; default: of the reference image, the next one, built when needed',
    env: 'SIGNALBOX_UPDATE_TO',
    config: 'updateTo',
    isPath: true,
  },
  {
    flags: '--update-version <version>',
    help: 'the version of --update-to, where it does not say',
    env: 'SIGNALBOX_UPDATE_VERSION',
    config: 'updateVersion',
  },
  {
    flags: '--firmware <name>',
    help: 'direct, bios, uefi or uefi-secure; default: what the image prefers',
    env: 'SIGNALBOX_FIRMWARE',
    config: 'firmware',
    known: firmwares,
  },
  {
    flags: '--tpm <how>',
    help: 'on: every machine has a TPM; off: none has, and tests of one are skipped; default: those whose test asks for one',
    env: 'SIGNALBOX_TPM',
    config: 'tpm',
    known: tpmWords,
  },
  {
    flags: '--surroundings <name...>',
    help: 'what is around the machines here, for tests that need it: internet, nvidia-gpu',
    parse: collect,
    env: 'SIGNALBOX_SURROUNDINGS',
    config: 'surroundings',
  },
]

/** How a run goes. */
export const runOptions: readonly ConfigurableRow[] = [
  {
    flags: '-j, --jobs <n>',
    help: 'most jobs at once; default: what memory and CPUs admit',
    parse: wholeNumber(1, 1000),
    env: 'SIGNALBOX_JOBS',
    config: 'jobs',
  },
  {
    flags: '--retries <n>',
    help: 'more attempts after a product failure',
    parse: wholeNumber(0, 20),
    default: 0,
    env: 'SIGNALBOX_RETRIES',
    config: 'retries',
  },
  {
    flags: '--infra-retries <n>',
    help: 'more attempts after an infrastructure fault',
    parse: wholeNumber(0, 20),
    default: 1,
    env: 'SIGNALBOX_INFRA_RETRIES',
    config: 'infraRetries',
  },
  {
    flags: '--retry-isolated',
    help: 'what has failed is tried once more at the end, alone, when the host is quiet: load flakes pass then, bugs do not',
    default: false,
    env: 'SIGNALBOX_RETRY_ISOLATED',
    config: 'retryIsolated',
  },
  {
    flags: '--quiet-wait <seconds>',
    help: 'most to wait for a quiet host, in all, with --retry-isolated',
    parse: wholeNumber(0, 86_400),
    default: 60,
    env: 'SIGNALBOX_QUIET_WAIT',
    config: 'quietWaitSeconds',
  },
  {
    flags: '--repeat <n>',
    help: 'run each test so often, on fresh machines, and report how often it passes',
    parse: wholeNumber(1, 1000),
    config: false,
  },
  {
    flags: '--no-fork',
    help: 'boot every machine, instead of forking those that were booted once',
    env: 'SIGNALBOX_NO_FORK',
    default: true,
    config: 'fork',
  },
  {
    flags: '--audit-fork <percent>',
    help: 'share of the forked tests that also run on a cold boot; verdicts that differ are reported; 5 where CI is set',
    parse: percent,
    env: 'SIGNALBOX_AUDIT_FORK',
    config: 'auditFork',
  },
  {
    flags: '-x, --fail-fast',
    help: 'start nothing new after the first failure; the same as --max-failures 1',
    default: false,
    config: 'failFast',
  },
  {
    flags: '--max-failures <n>',
    help: 'start nothing new after so many tests have failed',
    parse: wholeNumber(1),
    env: 'SIGNALBOX_MAX_FAILURES',
    config: 'maxFailures',
  },
  { flags: '--fail-on-flaky', help: 'a flaky test fails the run', default: false, config: 'failOnFlaky' },
  {
    flags: '--max-machines <n>',
    help: 'most machines at the same time, where the platform makes them elsewhere',
    parse: wholeNumber(1, 10_000),
    env: 'SIGNALBOX_MAX_MACHINES',
    config: 'maxMachines',
  },
  {
    flags: '--max-cost <dollars>',
    help: 'refuse to start what would cost more, and make no machine beyond it',
    parse: amount,
    env: 'SIGNALBOX_MAX_COST',
    config: 'maxCost',
  },
  {
    flags: '--boot-timeout <seconds>',
    help: 'until a machine must be ready; default: 60, times how much slower guests run here ("signalbox doctor" shows it)',
    parse: wholeNumber(1, 86_400),
    env: 'SIGNALBOX_BOOT_TIMEOUT',
    config: 'bootTimeoutSeconds',
  },
  {
    flags: '-u, --update-snapshots [mode]',
    help: 'write golden files of machine states: all, changed (without a mode), missing (the default: a test whose file was missing fails), none',
    choices: updateModes,
    env: 'SIGNALBOX_UPDATE_SNAPSHOTS',
    config: false,
  },
]

/** What happens to failed machines, and to people who look on. */
export const debugOptions: readonly OptionRow[] = [
  {
    flags: '--on-failure <what>',
    help: 'what happens to the machines of a failed attempt before they are destroyed: nothing; a shell in them, on this terminal; or keep them running',
    choices: ['nothing', 'shell', 'keep'],
    env: 'SIGNALBOX_ON_FAILURE',
  },
  { flags: '--keep', help: 'the same as --on-failure keep; "signalbox ssh" reaches them', default: false },
  {
    flags: '--save-failed',
    help: 'save the machines of a failed attempt, memory and disks, beside its results; "signalbox resume" brings them up again',
    default: false,
  },
  {
    flags: '--save-limit <MiB>',
    help: 'most that saved machines of a run may take; what is not saved is said',
    parse: wholeNumber(1),
    default: 8192,
    env: 'SIGNALBOX_SAVE_LIMIT',
  },
  {
    flags: '--debug',
    help: 'one job, no timeouts, no retries, live consoles, the SSH line of each machine, a shell on failure',
    default: false,
  },
  { flags: '--console', help: 'show the serial consoles of machines live', default: false },
]

/** What a machine is like that no test asks for. The defaults are those of a test. */
export const machineOptions: readonly ConfigurableRow[] = [
  {
    flags: '--memory <MiB>',
    help: 'memory a machine',
    parse: wholeNumber(64),
    default: 1024,
    config: 'memoryMiB',
  },
  {
    flags: '--append-ignition <file...>',
    help: 'Ignition or Butane that every machine gets besides what its test gives it',
    parse: collect,
    env: 'SIGNALBOX_APPEND_IGNITION',
    config: 'appendIgnition',
    isPath: true,
  },
  { flags: '--cpus <n>', help: 'CPUs a machine', parse: wholeNumber(1, 255), default: 2, config: 'cpus' },
]

/** Every option that a config may give a default for, and those that say why not. */
export const configurableOptions: readonly ConfigurableRow[] = [
  ...selectionOptions,
  ...targetOptions,
  ...runOptions,
  ...machineOptions,
  historyOption,
]

/** Of every command that has an option with a config key. */
export const configOption: OptionRow = {
  flags: '--config <file>',
  help: 'the config; default: signalbox.config.{ts,mts,js,mjs,json} here or in the nearest folder above',
  env: 'SIGNALBOX_CONFIG',
}

export const jsonOption: OptionRow = { flags: '--json', help: 'print JSON for programs', default: false }
