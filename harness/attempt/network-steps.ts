// The private network as a test sees it: each fault is a step of the attempt, so that reports show when it happened.

import type { ClusterNetwork } from '../fixtures/fixtures.ts'
import type { PrivateNetwork } from '../machine.ts'
import { asMoment } from '../running/context.ts'

/** Wraps a network so that what is done to it is said. */
export function announced(network: PrivateNetwork): ClusterNetwork {
  const { domain, services, clock } = network
  const step = (title: string, work: () => void): void => asMoment('network', `network: ${title}`, work)
  return {
    domain,
    services,
    ntp: {
      requests: clock.requests,
      set: (time) => {
        const { offsetMs = 0, leap = 'none' } = time
        const sign = offsetMs < 0 ? '' : '+'
        const warning = leap === 'none' ? '' : `, leap second: ${leap}`
        step(`time ${sign}${offsetMs / 1000} s${warning}`, () => clock.set(time))
      },
    },
    cut: (name) => step(`cut ${name}`, () => network.cut(placeName(name))),
    heal: (name) =>
      step(`heal ${name ?? 'all'}`, () => network.heal(name === undefined ? undefined : placeName(name))),
    partition: (groups) =>
      step(`partition ${groups.map((group) => group.join(' ')).join(' | ')}`, () =>
        network.partition(groups.map((group) => group.map(placeName))),
      ),
    delay: (name, ms, jitterMs = 0) =>
      step(`delay ${name} by ${ms}${jitterMs === 0 ? '' : ` ± ${jitterMs}`} ms`, () =>
        network.delay(placeName(name), ms, jitterMs),
      ),
    loss: (name, share) =>
      step(`lose ${Math.round(share * 1000) / 10} % of ${name}`, () => network.loss(placeName(name), share)),
  }
}

// While a template is prepared its machines are called `template-m0`, or `template` when it has one; on their network they
// are what their clones will be.
function placeName(name: string): string {
  return name === 'template' ? 'm0' : name.replace(/^template-(?=m\d+$)/, '')
}
