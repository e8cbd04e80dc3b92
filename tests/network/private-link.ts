// The network card on the private network of a cluster, set up anew by a test: through files of systemd-networkd, as people do.

import type { Machine } from '../../harness/index.ts'

const sudo = { sudo: true } as const

export interface Link {
  readonly ifname: string
  readonly mtu: number
  readonly address: string
  readonly flags: readonly string[]
  readonly addr_info: readonly {
    readonly family: 'inet' | 'inet6'
    readonly local: string
    readonly scope: string
    readonly dynamic?: boolean
  }[]
}

/** All links with their addresses. */
export async function links(machine: Machine): Promise<readonly Link[]> {
  return JSON.parse(await machine.run(['ip', '-json', 'address'])) as readonly Link[]
}

/** The addresses of one link that are valid beyond it. */
export async function addressesOf(machine: Machine, name: string): Promise<readonly string[]> {
  const link = (await links(machine)).find(({ ifname }) => ifname === name)
  return (link?.addr_info ?? []).filter(({ scope }) => scope === 'global').map(({ local }) => local)
}

/** The private network's card; throws when the machine is on none. */
export async function privateLink(machine: Machine): Promise<string> {
  const { ipv4 } = machine.privateAddress ?? {}
  const link = (await links(machine)).find(({ addr_info }) => addr_info.some(({ local }) => local === ipv4))
  if (link === undefined) throw new Error(`${machine.name} is on no private network`)
  return link.ifname
}

/** Files of /etc/systemd/network by name, which take effect at once; `05-` comes before what was there. */
export async function configure(machine: Machine, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files))
    // A key is for networkd alone.
    await machine.writeFile(`/etc/systemd/network/${name}`, text, {
      mode: 0o640,
      owner: 'root:systemd-network',
    })
  await machine.run(['networkctl', 'reload'], sudo)
}

/** A .network file for the link of that name. */
export function network(name: string, ...sections: readonly string[]): string {
  return `[Match]\nName=${name}\n\n[Link]\nRequiredForOnline=no\n\n${sections.join('\n')}`
}

/** Its [Network] section: fixed addresses, nothing asked of anybody. */
export function fixed(addresses: readonly string[], ...more: readonly string[]): string {
  const lines = ['DHCP=no', 'IPv6AcceptRA=no', ...addresses.map((each) => `Address=${each}`), ...more]
  return `[Network]\n${lines.join('\n')}\n`
}

/**
 * A ping of one packet, as command: for `toRun` with `sudo`. By a link that has the address on it, never by a gateway: one may
 * answer for any address, as QEMU's does.
 */
export function ping(address: string, ...options: readonly string[]): readonly string[] {
  return ['ping', '-n', '-r', '-c1', '-W5', ...options, address]
}

/** The same by that link, where a gateway may lead on. */
export function pingBy(link: string, address: string): readonly string[] {
  return ['ping', '-n', '-c1', '-W5', '-I', link, address]
}
