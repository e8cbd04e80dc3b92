// The commands of the gate: usage, help, options. A part of the table of commands.

import type { CommandRow } from './command-table.ts'
import { collect, historyOption, jsonOption, wholeNumber, type OptionRow } from './option-table.ts'

const decisionsOption: OptionRow = {
  flags: '-o, --output <folder>',
  help: 'where decisions are kept, one folder of evidence each',
  default: 'signalbox-decisions',
  env: 'SIGNALBOX_DECISIONS',
}

const publicKeyOption: OptionRow = {
  flags: '-k, --key <file>',
  help: 'public key (PEM) that the decision must be signed with',
  env: 'SIGNALBOX_GATE_PUBLIC_KEY',
}

const privateKeyOption: OptionRow = {
  flags: '-k, --key <file>',
  help: 'private key (PEM, Ed25519 or ECDSA) to sign with',
  env: 'SIGNALBOX_GATE_KEY',
}

const nowOption: OptionRow = {
  flags: '--now <time>',
  help: 'the clock that decides, ISO 8601; default: now',
}

const files = (flags: string, help: string): OptionRow => ({ flags, help, parse: collect })

/** `signalbox gate ...`. */
export const gateTable: CommandRow = {
  usage: 'gate',
  help: 'whether an image may be promoted to a channel: policies, decisions that can be explained, signed and replayed',
  commands: [
    {
      usage: 'init',
      help: 'write a policy to begin with',
      options: [
        { flags: '--channel <name>', help: 'alpha, beta, stable or lts', default: 'beta' },
        { flags: '-o, --output <file>', help: 'where to; default: gate-CHANNEL.yaml' },
      ],
      action: async () => (await import('./commands/gate/init.ts')).gateInit,
    },
    {
      usage: 'lint <policy...>',
      help: 'what is wrong with policies: unknown keys, rules that are never reached, selectors that match nothing',
      options: [
        files('-r, --runs <path...>', 'run records whose plans the selectors must match'),
        jsonOption,
      ],
      action: async () => (await import('./commands/gate/lint.ts')).gateLint,
    },
    {
      usage: 'decide',
      help: 'promote, hold or need-more-results; exits 0, 1 or 2 (2 without a decision on standard output: wrong usage)',
      options: [
        { flags: '--channel <name>', help: 'the channel to promote to' },
        files(
          '--image <image...>',
          'what is promoted: a digest (sha256:...), a version, or the image itself; several architectures are several images',
        ),
        files('-r, --runs <path...>', 'run records: run.json, run folders, folders of them'),
        { flags: '--policy <file>', help: 'the policy of the channel' },
        files('--baseline <path...>', 'run records of the image that is promoted now'),
        historyOption,
        files('--waivers <path...>', 'signed waivers, or folders of them'),
        files('--approvals <path...>', 'signed approvals, or folders of them'),
        files('--attestations <path...>', 'signed statements about image or runs (DSSE), or folders of them'),
        {
          flags: '--canary <file>',
          help: 'what instances of the channel below report: {"channel", "version", "instances", "errors"}',
        },
        { ...privateKeyOption, help: `${privateKeyOption.help}; without one the decision is not signed` },
        nowOption,
        decisionsOption,
        jsonOption,
      ],
      examples: [
        'signalbox gate decide --channel beta --image 4500.1.0 --runs signalbox-results --policy gate-beta.yaml --key ci.pem',
      ],
      action: async () => (await import('./commands/gate/decide.ts')).gateDecide,
    },
    {
      usage: 'verify <folder>',
      help: 'decide anew from the evidence, byte for byte, and check signatures; exits 0, or 1 when anything deviates',
      options: [publicKeyOption, jsonOption],
      action: async () => (await import('./commands/gate/verify.ts')).gateVerify,
    },
    {
      usage: 'backtest',
      help: 'which past decisions another policy would change; exits 0, or 1 when it would change one',
      options: [
        { flags: '--policy <file>', help: 'the policy to try, for the decisions of its channel' },
        { flags: '--since <span>', help: 'how far back: 90d, 12h', default: '90d' },
        nowOption,
        decisionsOption,
        jsonOption,
      ],
      action: async () => (await import('./commands/gate/backtest.ts')).gateBacktest,
    },
    {
      usage: 'promote <folder> [command...]',
      help: 'verify a decision, and if it is "promote" run a command or call a webhook; never without a right signature. Nebraska servers are not supported yet: call one from a command',
      options: [
        publicKeyOption,
        { flags: '--webhook <url>', help: 'call it with the decision, signed by HMAC-SHA256' },
        {
          flags: '--secret-file <file>',
          help: 'the secret that the webhook knows too',
          env: 'SIGNALBOX_WEBHOOK_SECRET_FILE',
        },
        {
          flags: '--retries <n>',
          help: 'more calls when the webhook fails or answers 5xx, 408 or 429',
          parse: wholeNumber(0, 20),
          default: 5,
        },
        { flags: '--dry-run', help: 'verify, and print what would be done', default: false },
      ],
      examples: [
        'signalbox gate promote signalbox-decisions/20261128-141500-beta-1a2b3c4d5e6f --key ci.pub -- ./publish.sh beta',
        'signalbox gate promote FOLDER --key ci.pub --webhook https://release.example.org/hook --secret-file hook.secret',
      ],
      action: async () => (await import('./commands/gate/promote.ts')).gatePromote,
    },
    {
      usage: 'waive <test>',
      help: 'write and sign a waiver: this test may fail on this target in this way; a second person must sign it too',
      options: [
        { flags: '--target <name>', help: 'the target, as the decision names it' },
        { flags: '--fingerprint <id>', help: 'of the failure, as the decision shows it' },
        { flags: '--reason <text>', help: 'why it may fail' },
        { flags: '--tracker <url>', help: 'where the bug is tracked' },
        { flags: '--author <name>', help: 'your name among the signers of the policy' },
        { flags: '--approver <name>', help: 'the name of who is to approve it' },
        { flags: '--expires <span>', help: 'for how long: 30d', default: '30d' },
        { flags: '--uses <n>', help: 'for how many promotions', parse: wholeNumber(1, 1000), default: 1 },
        privateKeyOption,
        nowOption,
        { flags: '-o, --output <file>', help: 'the waiver; a file that is not there yet' },
      ],
      action: async () => (await import('./commands/gate/waive.ts')).gateWaive,
    },
    {
      usage: 'countersign <file>',
      help: 'approve a waiver of another person: sign it too',
      options: [privateKeyOption],
      action: async () => (await import('./commands/gate/waive.ts')).gateCountersign,
    },
    {
      usage: 'approve',
      help: 'write and sign an approval: you are for the promotion of an image to a channel',
      options: [
        { flags: '--channel <name>', help: 'the channel' },
        files('--image <digest...>', 'digests of the images'),
        { flags: '--comment <text>', help: 'what others should know' },
        { flags: '--expires <span>', help: 'for how long it counts; default: always' },
        privateKeyOption,
        nowOption,
        { flags: '-o, --output <file>', help: 'the approval; a file that is not there yet' },
      ],
      action: async () => (await import('./commands/gate/approve.ts')).gateApprove,
    },
    {
      usage: 'keygen <name>',
      help: 'make a pair of Ed25519 keys: NAME.pem, which stays with you, and NAME.pub for policies',
      action: async () => (await import('./commands/gate/keygen.ts')).gateKeygen,
    },
  ],
}
