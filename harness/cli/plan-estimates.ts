// Where the times of a plan come from, as text. Pure.

import { oneLine } from '../hostile-text.ts'
import type { RunPreview } from '../preview.ts'

/** `12 recorded, 3 as on qemu-x86_64-direct-stable × 8, 1 guessed`. */
export function estimatesText({ totals, lender }: Pick<RunPreview, 'totals' | 'lender'>): string {
  const { recorded, lent, guessed } = totals
  const factor =
    lender === undefined || lender.factor === 1 ? '' : ` × ${Number(lender.factor.toPrecision(2))}`
  return [
    `${recorded} recorded`,
    ...(lent === 0 || lender === undefined ? [] : [`${lent} as on ${oneLine(lender.target, 60)}${factor}`]),
    ...(guessed === 0 ? [] : [`${guessed} guessed`]),
  ].join(', ')
}
