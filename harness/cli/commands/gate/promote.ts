// `signalbox gate promote`: does what a promotion takes, after it has verified that it may.

import { realpathSync } from 'node:fs'
import { oneLine } from '../../../hostile-text.ts'
import {
  callWebhook,
  promotionBody,
  promotionEnvironment,
  promotionOf,
  readBytes,
  readEvidence,
  shellLine,
  verifyEvidence,
  type EvidenceFiles,
  type Promotion,
} from '../../../../reports/gate/index.ts'
import { InfraError, UsageError } from '../../../errors.ts'
import { execCommand } from '../../../process.ts'
import { needed, publicKeyAt } from '../../gate-flags.ts'

interface PromoteFlags {
  readonly key?: string
  readonly webhook?: string
  readonly secretFile?: string
  readonly retries: number
  readonly dryRun: boolean
}

/** The action of `gate promote <folder> [command...]`; exits 1 when the decision does not admit it. */
export async function gatePromote(
  given: Readonly<Record<string, unknown>>,
  positional: readonly unknown[],
): Promise<number> {
  const flags = given as unknown as PromoteFlags
  const [folder, command] = positional as readonly [string, readonly string[]]
  const key = needed(await publicKeyAt(flags.key), '--key FILE (nothing is promoted unverified)')
  const webhook = await webhookOf(flags)
  if (command.length > 0 === (webhook !== undefined))
    throw new UsageError('say what promotes: a command after --, or --webhook URL', {
      code: 'promote-how',
      hint: 'signalbox gate promote FOLDER --key ci.pub -- ./publish.sh',
    })
  const files = await readEvidence(folder)
  const verification = verifyEvidence(files, key)
  const promotion = promotionOf(verification)
  if (typeof promotion === 'string') {
    const lines = [
      `not promoted: ${promotion}`,
      ...verification.deviations.map(
        ({ file, code, message }) => `  ${oneLine(file, 200)}: ${code}: ${oneLine(message)}`,
      ),
    ]
    process.stderr.write(`${lines.join('\n')}\n`)
    return 1
  }
  process.stdout.write(`${oneLine(promotion.summary)}\nverified, decision sha256:${promotion.id}\n`)
  if (webhook === undefined) await runCommand(command, promotion, folder, flags.dryRun)
  else await tellWebhook(webhook, promotion, files, flags)
  return 0
}

interface Webhook {
  readonly url: string
  readonly secret: Uint8Array
}

async function webhookOf({ webhook, secretFile }: PromoteFlags): Promise<Webhook | undefined> {
  if (webhook === undefined) return undefined
  const url = URL.canParse(webhook) ? new URL(webhook) : undefined
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:'))
    throw new UsageError(`--webhook: "${webhook}" is no http or https address`, { code: 'bad-url' })
  const text = (await readBytes(needed(secretFile, '--secret-file FILE'), 'the secret'))
    .toString('utf8')
    .trim()
  if (text.length < 16)
    throw new UsageError('the secret is too short: at least 16 characters', {
      code: 'weak-secret',
      hint: 'openssl rand -base64 32 > hook.secret',
    })
  const isStandard = text.startsWith('whsec_')
  return { url: webhook, secret: isStandard ? Buffer.from(text.slice(6), 'base64') : Buffer.from(text) }
}

async function runCommand(
  [program = '', ...args]: readonly string[],
  promotion: Promotion,
  folder: string,
  dryRun: boolean,
): Promise<void> {
  const env = promotionEnvironment(promotion, realpathSync(folder))
  if (dryRun) {
    const settings = Object.entries(env).map(([name, value]) => shellLine([`${name}=${value}`]))
    process.stdout.write(`would run: ${[...settings, shellLine([program, ...args])].join(' ')}\n`)
    return
  }
  const result = await execCommand(program, args, { env })
  process.stdout.write(result.stdout === '' ? '' : `${result.stdout.trimEnd()}\n`)
  process.stderr.write(result.stderr === '' ? '' : `${result.stderr.trimEnd()}\n`)
  if (result.failure !== '')
    throw new InfraError(`the command that promotes has failed: ${result.failure}`, {
      code: 'promote-failed',
      hint: 'run "signalbox gate promote" again when it is mended',
    })
  process.stdout.write(`promoted ${oneLine(promotion.version, 100)} to ${oneLine(promotion.channel, 100)}\n`)
}

async function tellWebhook(
  { url, secret }: Webhook,
  promotion: Promotion,
  files: EvidenceFiles,
  { dryRun, retries }: PromoteFlags,
): Promise<void> {
  const body = promotionBody(promotion, files)
  if (dryRun) {
    process.stdout.write(`would call: POST ${url}\nwebhook-id: ${promotion.id}\n\n${body}\n`)
    return
  }
  await callWebhook(
    { url, secret, id: promotion.id, body },
    { retries, onRetry: (message) => void process.stderr.write(`${message}\n`) },
  )
  process.stdout.write(`promoted ${oneLine(promotion.version, 100)} to ${oneLine(promotion.channel, 100)}\n`)
}
