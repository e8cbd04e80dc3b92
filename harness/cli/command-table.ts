// The commands: usage, help, options, and how to load what runs them. Nothing is imported before it is needed.

import type { Settings } from './config/settings.ts'
import { gateTable } from './gate-table.ts'
import { historyCommand } from './history-commands.ts'
import { nightlyCommand } from './nightly-options.ts'
import { serveCommand } from './serve-options.ts'
import {
  debugOptions,
  jsonOption,
  machineOptions,
  outputOption,
  runOptions,
  selectionOptions,
  targetOptions,
  wholeNumber,
  age,
  collectWhole,
  type OptionRow,
  flavourHelp,
} from './option-table.ts'

/** Runs a command and returns the exit code. The flags hold what a config says where the command line says nothing. */
export type Action = (
  flags: Readonly<Record<string, unknown>>,
  positional: readonly unknown[],
  settings: Settings,
) => Promise<number>

export interface CommandRow {
  readonly usage: string
  readonly help: string
  readonly options?: readonly OptionRow[]
  readonly examples?: readonly string[]
  readonly commands?: readonly CommandRow[]
  readonly action?: () => Promise<Action>
}

/** All that decides what a run does. */
const wholeRunOptions: readonly OptionRow[] = [
  ...selectionOptions,
  ...targetOptions,
  ...machineOptions,
  ...runOptions,
  ...debugOptions,
]

export const commandTable: readonly CommandRow[] = [
  {
    usage: 'run [glob...]',
    help: 'run tests and write reports',
    options: [
      ...wholeRunOptions,
      {
        flags: '-w, --watch',
        help: 'run, then run again what saved test files and modules reach; keys say more',
        default: false,
      },
      {
        flags: '--plan',
        help: 'say what the run would do and start nothing, as "signalbox plan"',
        default: false,
      },
      { flags: '--list', help: 'list the tests and run none, as "signalbox list"', default: false },
      jsonOption,
    ],
    examples: [
      'signalbox run                          # every test, on the reference image',
      "signalbox run 'ignition.*' boot.usr     # by name, prefix or glob",
      'signalbox run cl.basic                  # by the name a test has in kola',
      'signalbox run tests/boot/usr.ts:12      # by file, folder or line',
      'signalbox run --tag smoke -j 1',
      'signalbox run --last-failed             # what was not green in the latest run',
      'signalbox run --changed=main            # what changed files reach',
      'signalbox run --shard 2/5 --durations nightly/run.json',
      'signalbox run --image flatcar_production_qemu_uefi_image.img --distro flatcar --firmware uefi',
      "signalbox run --target 'qemu-*' '!*-bios' # on targets of signalbox.config.ts, as one run",
    ],
    action: async () => (await import('./commands/run.ts')).run,
  },
  {
    usage: 'list [glob...]',
    help: 'list tests, and why one is skipped for the target',
    options: [
      ...selectionOptions,
      ...targetOptions,
      {
        flags: '--kola',
        help: "the tests of Flatcar's kola against those here: which run on the target, what others need",
        default: false,
      },
      jsonOption,
    ],
    action: async () => (await import('./commands/list.ts')).list,
  },
  {
    usage: 'plan [glob...]',
    help: 'what "run" with the same options would do: jobs, machines, memory, time, skips; starts nothing',
    options: [...wholeRunOptions, jsonOption],
    examples: [
      'signalbox plan                          # every test, on the reference image',
      'signalbox plan --shard 2/5 --durations nightly/run.json',
      "signalbox plan --target 'qemu-*' --json",
    ],
    action: async () => (await import('./commands/plan.ts')).plan,
  },
  nightlyCommand,
  {
    usage: 'config',
    help: 'what the options of a run come to, target by target, and where each value comes from',
    options: [...selectionOptions, ...targetOptions, ...machineOptions, ...runOptions, jsonOption],
    action: async () => (await import('./commands/config.ts')).config,
  },
  {
    usage: 'start',
    help: 'the whole main job: check the host, build or find the reference image, run the smoke suite, show the reports; a config gives how it goes, not what is tested',
    options: [outputOption, ...runOptions, ...debugOptions],
    action: async () => (await import('./commands/start.ts')).start,
  },
  {
    usage: 'update-test',
    help: 'update an image to another version, and back: offer, download, reboot, health, good, roll back, and the time of each',
    options: [
      {
        flags: '--from <path>',
        help: 'the image that is left; default: the reference image',
        env: 'SIGNALBOX_IMAGE',
      },
      {
        flags: '--to <path>',
        help: 'what it is updated to: an image folder, or a payload of update_engine; default: the next version of the reference image, built when needed',
        env: 'SIGNALBOX_UPDATE_TO',
      },
      { flags: '--to-version <version>', help: 'the version of --to, where it does not say' },
      ...targetOptions.filter(({ flags }) => /^--(distro|arch|channel|image-version|firmware) /.test(flags)),
      outputOption,
      ...runOptions,
      ...debugOptions,
      jsonOption,
    ],
    examples: [
      'signalbox update-test                                       # the reference image to its next version',
      'signalbox update-test --from images/1.0.0 --to images/1.1.0',
      'signalbox update-test --distro flatcar --from flatcar.img --image-version 4230.2.0 --to flatcar_production_update.gz --to-version 4230.2.1',
    ],
    action: async () => (await import('./commands/update-test.ts')).updateTest,
  },
  {
    usage: 'spawn',
    help: 'boot machines and open a shell in the first; of several targets, on the first',
    options: [
      ...targetOptions,
      { flags: '-n, --count <n>', help: 'how many machines', parse: (value) => Number(value), default: 1 },
      { flags: '-c, --ignition <file>', help: 'Ignition (JSON) or Butane (YAML) config for the machines' },
      {
        flags: '-d, --detach',
        help: 'leave them running and print how to reach them; end them with "signalbox gc --all"',
        default: false,
      },
      ...machineOptions,
      jsonOption,
    ],
    action: async () => (await import('./commands/spawn.ts')).spawn,
  },
  {
    usage: 'ssh [machine] [command...]',
    help: 'into a machine that --keep left running, by its name or a part of it; default: the only one of the latest run',
    options: [
      { flags: '--list', help: 'list the kept machines', default: false },
      { flags: '--end', help: 'end it; every machine that the name means', default: false },
      jsonOption,
    ],
    examples: [
      'signalbox ssh                                   # the only one of the latest run',
      'signalbox ssh 20261128-040000-abc123/boot.usr/m0',
      'signalbox ssh boot.usr -- journalctl -b -p err   # run a command instead of a shell',
      'signalbox ssh --end latest                       # end all of the latest run',
    ],
    action: async () => (await import('./commands/ssh.ts')).ssh,
  },
  {
    usage: 'resume [machine] [command...]',
    help: 'bring machines that --save-failed saved up again as they failed, and open a session; default: the only one of the latest run',
    options: [
      {
        flags: '--attempt <n>',
        help: 'of several attempts; default: the last',
        parse: wholeNumber(1),
      },
      {
        flags: '-d, --detach',
        help: 'leave them running; "signalbox ssh" reaches and ends them',
        default: false,
      },
      { ...outputOption, help: 'where runs are' },
    ],
    examples: [
      'signalbox resume                                    # the only one of the latest run',
      'signalbox resume latest/boot.usr/m0',
      'signalbox resume boot.usr -- journalctl -b -p err   # run a command instead of a shell',
    ],
    action: async () => (await import('./commands/resume.ts')).resume,
  },
  {
    usage: 'template',
    help: 'booted machines, saved once, that tests are forked from: list, remove, make ahead',
    commands: [
      {
        usage: 'list',
        help: 'templates, the room they take, and what is booted instead of forked',
        options: [jsonOption],
        action: async () => (await import('./commands/template.ts')).templateList,
      },
      {
        usage: 'prune',
        help: 'remove damaged and left-over templates, and try again what was refused',
        options: [
          {
            flags: '--all',
            help: 'also every template that no machine uses, and the marks of tests that must be booted',
            default: false,
          },
          jsonOption,
        ],
        action: async () => (await import('./commands/template.ts')).templatePrune,
      },
      {
        usage: 'build',
        help: 'make the template of a machine without a config of its own, so that no run has to; of several targets, for the first',
        options: [...targetOptions, ...machineOptions, jsonOption],
        action: async () => (await import('./commands/template-build.ts')).templateBuild,
      },
    ],
  },
  {
    usage: 'image',
    help: 'the reference image: build, list, inspect, remove',
    commands: [
      {
        usage: 'build',
        help: 'build the reference image, or find it in the cache',
        options: [
          {
            flags: '--arch <name>',
            help: "architecture to build for, x86_64, arm64 or riscv64; default: the host's",
          },
          { flags: '--image-version <version>', help: 'version to build', default: '1.0.0' },
          { flags: '--channel <name>', help: 'channel to put into os-release', default: 'stable' },
          { flags: '--flavour <name>', help: `more programs: ${flavourHelp}` },
          { flags: '--force', help: 'build even if the cache has it', default: false },
          jsonOption,
        ],
        action: async () => (await import('./commands/image.ts')).imageBuild,
      },
      {
        usage: 'list',
        help: 'images in the cache',
        options: [jsonOption],
        action: async () => (await import('./commands/image.ts')).imageList,
      },
      {
        usage: 'info [image]',
        help: 'what an image is: identity, files, root hash',
        options: [jsonOption],
        action: async () => (await import('./commands/image.ts')).imageInfo,
      },
      {
        usage: 'prune',
        help: 'remove all but the newest images',
        options: [
          {
            flags: '--keep <n>',
            help: 'how many to keep of each architecture',
            parse: (value) => Number(value),
            default: 2,
          },
          jsonOption,
        ],
        action: async () => (await import('./commands/image.ts')).imagePrune,
      },
    ],
  },
  {
    usage: 'platform',
    help: 'where machines come from',
    commands: [
      {
        usage: 'list [name]',
        help: 'platforms, what each can do, and what is missing to use it; of one, its settings too',
        options: [
          {
            flags: '--set <name=value...>',
            help: 'a setting of the named platform; repeatable',
            parse: collectWhole,
          },
          jsonOption,
        ],
        action: async () => (await import('./commands/platform-list.ts')).platformList,
      },
    ],
  },
  {
    usage: 'report',
    help: 'read the results of earlier runs',
    commands: [
      {
        usage: 'show [run]',
        help: 'show a run by its folder, events.jsonl or run.json; default: the latest',
        options: [
          {
            flags: '-f, --format <name>',
            help: 'list, tap, junit, json, ctrf, markdown, github or html',
            default: 'list',
          },
          {
            flags: '--baseline <folder>',
            help: 'for html: an earlier run, to compare with what was green there; default: the runs beside it',
          },
          {
            flags: '--decision <path>',
            help: 'for html: a decision of the gate to be shown on top: its decision.json, or the folder of its evidence',
          },
          {
            flags: '-o, --output <folder>',
            help: 'where runs are',
            default: 'signalbox-results',
            env: 'SIGNALBOX_OUTPUT',
            config: 'output',
            isPath: true,
          },
        ],
        action: async () => (await import('./commands/report.ts')).reportShow,
      },
      {
        usage: 'merge <folder...>',
        help: 'merge runs (shards, architectures, days) into one report',
        options: [
          { flags: '-o, --output <folder>', help: 'where the merged run goes', default: 'signalbox-merged' },
          {
            flags: '--decision <path>',
            help: 'for html: a decision of the gate to be shown on top: its decision.json, or the folder of its evidence',
          },
        ],
        action: async () => (await import('./commands/report.ts')).reportMerge,
      },
    ],
  },
  gateTable,
  historyCommand,
  serveCommand,
  {
    usage: 'schema <name>',
    help: 'print the JSON Schema of "run" (run.json) or "policy" (of the gate)',
    action: async () => (await import('./commands/schema.ts')).schema,
  },
  {
    usage: 'check-console <file...>',
    help: 'look for trouble in saved console logs',
    options: [jsonOption],
    action: async () => (await import('./commands/check-console.ts')).checkConsole,
  },
  {
    usage: 'doctor',
    help: 'what this host can do, and the command that mends each gap',
    options: [jsonOption],
    action: async () => (await import('./commands/doctor.ts')).doctor,
  },
  {
    usage: 'gc',
    help: 'remove what killed runs left behind',
    options: [
      {
        flags: '--all',
        help: 'also end machines that "spawn --detach", "run --keep" and "resume --detach" left running',
        default: false,
      },
      {
        flags: '-p, --platform <name>',
        help: 'what its runs left, of any host, by its tags: what has expired, and what runs of this host left whose process is gone',
      },
      {
        flags: '--set <name=value...>',
        help: 'a setting of the platform; repeatable',
        parse: collectWhole,
      },
      {
        flags: '--older-than <age>',
        help: 'with --platform: also everything that is older, like 5h or 90m; nothing that lives on uses it any more',
        parse: age,
      },
      { flags: '--dry-run', help: 'with --platform: say what would be removed', default: false },
      jsonOption,
    ],
    examples: [
      'signalbox gc                                          # what killed runs left on this host',
      'signalbox gc --platform aws --older-than 5h --dry-run',
    ],
    action: async () => (await import('./commands/gc.ts')).gc,
  },
]
