// `signalbox gate approve`: an approval, written and signed.

import { approvalStatement, signStatement } from '../../../../reports/gate/index.ts'
import { UsageError } from '../../../errors.ts'
import { clockOf, needed, privateKeyAt, spanOfFlag, writeNew } from '../../gate-flags.ts'

/** The action of `gate approve`. */
export async function gateApprove(flags: Readonly<Record<string, unknown>>): Promise<number> {
  const text = (name: string): string | undefined => flags[name] as string | undefined
  const channel = needed(text('channel'), '--channel NAME')
  const images = needed(flags['image'] as readonly string[] | undefined, '--image DIGEST')
  const wrong = images.find((digest) => !/^sha256:[0-9a-f]{64}$/.test(digest))
  if (wrong !== undefined)
    throw new UsageError(`"${wrong}" is no digest of an image`, {
      code: 'bad-digest',
      hint: 'as "gate decide" shows it: sha256: and 64 digits',
    })
  const created = clockOf(text('now'))
  const span = text('expires')
  const comment = text('comment')
  const approval = {
    channel,
    created,
    ...(span === undefined
      ? {}
      : { expires: new Date(Date.parse(created) + spanOfFlag(span, '--expires')).toISOString() }),
    ...(comment === undefined ? {} : { comment }),
  }
  const output = needed(text('output'), '--output FILE')
  const key = needed(await privateKeyAt(text('key')), '--key FILE')
  await writeNew(output, signStatement(approvalStatement(approval, images), [key]))
  process.stdout.write(`${output}: an approval for ${channel}\n`)
  return 0
}
