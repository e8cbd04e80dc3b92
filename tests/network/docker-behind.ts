// The bridge of docker behind an overlay: what a machine hands out to its containers, reached from another machine.

import { expect, type Machine } from '../../harness/index.ts'
import { configureDocker, startDocker } from '../containers/prepared.ts'
import { addressesOf } from './private-link.ts'

/** Gives docker its part of the overlay, as `10.254.2.1/24`, and returns the address of its bridge. */
export async function putDockerBehind(machine: Machine, bip: string): Promise<string> {
  await configureDocker(machine, { bip })
  await startDocker(machine, 'restart')
  const address = bip.replace(/\/\d+$/, '')
  expect(await addressesOf(machine, 'docker0')).toEqual([address])
  return address
}

/** Ten pings out of ten arrive, by that link and from that address. */
export async function expectPings(
  machine: Machine,
  { device, source }: { readonly device: string; readonly source: string },
  target: string,
): Promise<void> {
  const [route] = JSON.parse(await machine.run(['ip', '-json', 'route', 'get', target])) as readonly unknown[]
  expect(route).toMatchObject({ dev: device, prefsrc: source })
  const said = await machine.run(['ping', '-n', '-c10', '-W20', '-I', source, target], {
    sudo: true,
    timeoutMs: 60_000 * machine.slowness,
  })
  expect(said).toContain(`from ${source} : `)
  expect(said).toContain('10 packets transmitted, 10 received')
}
