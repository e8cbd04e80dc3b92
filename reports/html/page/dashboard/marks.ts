// Small signs that several views have in common: verdict counts, rates, images.

import type { Outcome, Verdict, VerdictCounts } from '../../../../harness/model.ts'
import type { ImageAt, Interval } from '../../../serve/data.ts'
import { h } from '../dom.ts'
import { signOf, verdictsByWeight } from '../words.ts'

/** The counts of a run: a bar, and the words for it. */
export function countsOf(verdicts: VerdictCounts, planned = 0): HTMLElement {
  const shown = verdictsByWeight.filter((verdict) => verdicts[verdict] > 0)
  const done = shown.reduce((sum, verdict) => sum + verdicts[verdict], 0)
  const all = Math.max(1, planned, done)
  return h(
    'span',
    { class: 'counts' },
    h(
      'span',
      { class: 'totals', aria: { hidden: true } },
      ...shown.map((verdict) =>
        h('span', { class: `part ${verdict}`, style: { 'flex-grow': String(verdicts[verdict] / all) } }),
      ),
      done < all && h('span', { class: 'part open', style: { 'flex-grow': String((all - done) / all) } }),
    ),
    ...shown
      .filter((verdict) => verdict !== 'passed' || shown.length < 4)
      .map((verdict) =>
        h('span', { class: `count ${verdict}` }, `${signOf(verdict)} ${verdicts[verdict]} ${verdict}`),
      ),
    shown.length === 0 && h('span', { class: 'quiet' }, 'no verdicts'),
  )
}

/** A sign and its word. */
export function markOf(state: Verdict | Outcome | 'unfinished'): HTMLElement {
  return h(
    'span',
    { class: `mark ${state}` },
    h('span', { class: `sign ${state}`, aria: { hidden: true } }, signOf(state)),
    state,
  )
}

/** `90 % (70 to 97 %) of 20`. */
export function rateText({ rate, low, high, judged }: Interval): string {
  return `${percent(rate)} % (${percent(low)} to ${percent(high)} %) of ${judged.toLocaleString('en')}`
}

/** Never 0 or 100 for what is not. */
export function percent(share: number): string {
  const rounded = Math.round(share * 1000) / 10
  if (rounded === 100 && share < 1) return '99.9'
  if (rounded === 0 && share > 0) return '0.1'
  return String(rounded)
}

/** A rate as a bar with its interval. */
export function rateBar(rate: Interval): HTMLElement {
  return h(
    'span',
    { class: 'rate', title: rateText(rate) },
    h(
      'span',
      { class: 'rate-track', aria: { hidden: true } },
      h('span', {
        class: 'rate-span',
        style: { '--low': String(rate.low), '--high': String(rate.high) },
      }),
      h('span', { class: 'rate-point', style: { '--at': String(rate.rate) } }),
    ),
    h('span', { class: 'amount point' }, `${percent(rate.rate)} %`),
    h(
      'span',
      { class: 'quiet' },
      `${percent(rate.low)} to ${percent(rate.high)} %, of ${rate.judged.toLocaleString('en')}`,
    ),
  )
}

/** Version and the beginning of its digests. */
export function imageText({ version, digests }: Pick<ImageAt, 'version' | 'digests'>): HTMLElement {
  return h(
    'span',
    { class: 'image' },
    h('b', {}, version),
    ' ',
    h('code', { title: digests.join('\n') }, digests.map((digest) => digest.slice(0, 19)).join(' ')),
  )
}
