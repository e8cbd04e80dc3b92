// `signalbox gate waive` and `countersign`: a waiver is written and signed by one person, and signed by another.

import { readFile, rename, writeFile } from 'node:fs/promises'
import {
  addSignature,
  envelopeText,
  keyIdOf,
  readBytes,
  readEnvelope,
  signStatement,
  waiverOf,
  waiverStatement,
} from '../../../../reports/gate/index.ts'
import { UsageError } from '../../../errors.ts'
import { clockOf, needed, privateKeyAt, spanOfFlag, writeNew } from '../../gate-flags.ts'

type Flags = Readonly<Record<string, unknown>>

/** The action of `gate waive <test>`. */
export async function gateWaive(flags: Flags, positional: readonly unknown[]): Promise<number> {
  const [test] = positional as readonly [string]
  const text = (name: string): string => needed(flags[name] as string | undefined, `--${name}`)
  const created = clockOf(flags['now'] as string | undefined)
  const [author, approver] = [text('author'), text('approver')]
  if (author === approver)
    throw new UsageError('nobody approves a waiver of their own: --approver must be another person', {
      code: 'self-approved',
    })
  const fingerprint = text('fingerprint')
  if (!/^f\d+-[0-9a-f]{16}$/.test(fingerprint))
    throw new UsageError(`"${fingerprint}" is no fingerprint of a failure`, {
      code: 'bad-fingerprint',
      hint: 'as "gate decide" shows it, like f1-0123456789abcdef',
    })
  const waiver = {
    test,
    target: text('target'),
    fingerprint,
    reason: text('reason'),
    tracker: text('tracker'),
    author,
    approver,
    created,
    expires: new Date(Date.parse(created) + spanOfFlag(text('expires'), '--expires')).toISOString(),
    maximumUses: flags['uses'] as number,
  }
  const output = text('output')
  const key = needed(await privateKeyAt(flags['key'] as string | undefined), '--key FILE')
  await writeNew(output, signStatement(waiverStatement(waiver), [key]))
  process.stdout.write(
    `${output}: ${test} on ${waiver.target} may fail as ${fingerprint} until ${waiver.expires}\nit has no effect until ${approver} approves it: signalbox gate countersign ${output} --key ${approver}.pem\n`,
  )
  return 0
}

/** The action of `gate countersign <file>`. */
export async function gateCountersign(flags: Flags, positional: readonly unknown[]): Promise<number> {
  const [file] = positional as readonly [string]
  const key = needed(await privateKeyAt(flags['key'] as string | undefined), '--key FILE')
  const { envelope, statement } = readEnvelope((await readBytes(file, 'the waiver')).toString('utf8'), file)
  const waiver = waiverOf(statement)
  if (typeof waiver === 'string') throw new UsageError(`${file}: ${waiver}`, { code: 'not-a-waiver' })
  if (envelope.signatures.some(({ keyid }) => keyid === keyIdOf(key)))
    throw new UsageError(`${file} is signed with this key already: it takes that of ${waiver.approver}`, {
      code: 'self-approved',
    })
  await writeFile(`${file}.new`, envelopeText(addSignature(envelope, key)))
  await rename(`${file}.new`, file)
  const signatures = readEnvelope(await readFile(file, 'utf8'), file).envelope.signatures.length
  process.stdout.write(`${file}: ${waiver.test} on ${waiver.target}, signed by ${signatures}\n`)
  return 0
}
