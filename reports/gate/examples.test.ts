// The policies that the package has as examples: what they say of an image that is softer than the promoted one.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { decided } from './decide/decided.test.data.ts'
import { type Attempt, gateRun, OTHER_DIGEST } from './gate.test.data.ts'

const read = (channel: string): string =>
  readFileSync(join(import.meta.dirname, 'examples', `${channel}.yaml`), 'utf8')

interface Hardening {
  readonly options: number
  readonly lockdown: number
}

const measured = ({ options, lockdown }: Hardening): Record<string, readonly Attempt[]> => ({
  'security.kernel-config': [`Mhardening.kernel-options=${options}`],
  'security.kernel-flags': [`Mhardening.lockdown-state=${lockdown}`],
})

describe.each(['beta', 'stable'])('the example for %s', (channel) => {
  it.each<[string, Hardening, Hardening, readonly string[]]>([
    ['as before', { options: 21, lockdown: 0 }, { options: 21, lockdown: 0 }, []],
    ['harder', { options: 22, lockdown: 2 }, { options: 21, lockdown: 1 }, []],
    [
      'an option is gone',
      { options: 20, lockdown: 1 },
      { options: 21, lockdown: 1 },
      ['hold as hardened as before'],
    ],
    [
      'no longer locked down',
      { options: 21, lockdown: 0 },
      { options: 21, lockdown: 1 },
      ['hold as locked down as before'],
    ],
  ])('%s', (_, now, before, named) => {
    const baseline = [gateRun({ run: 'before', digest: OTHER_DIGEST, tests: measured(before) })]
    const { decision } = decided(read(channel), [{ tests: measured(now) }], { baseline })
    const found = decision.unsatisfied.filter(({ message }) => message.includes('hardening.'))
    expect(found.map(({ effect, rule }) => `${effect} ${rule}`)).toEqual(named)
  })
})
