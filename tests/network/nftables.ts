// A rule set from Ignition is loaded at boot, and its rules see packets.

import { describe, expect, test } from '../../harness/index.ts'
import { dataUrl } from '../ignition/data-url.ts'

const rules = `#!/usr/sbin/nft -f
flush ruleset
table inet signalbox {
  chain input {
    type filter hook input priority filter; policy accept;
    tcp dport 8999 counter reject with tcp reset
    tcp dport 22 counter accept
  }
}
`

interface RuleSet {
  readonly nftables: readonly { readonly rule?: { readonly expr: readonly Expression[] } }[]
}

interface Expression {
  readonly match?: { readonly right: unknown }
  readonly counter?: { readonly packets: number }
}

describe('network', { exclusive: false }, () => {
  test(
    'nftables',
    {
      description: 'nftables.service loads /etc/nftables.conf, and the counters of its rules count.',
      aliases: ['cl.network.nftables'],
      ignition: {
        ignition: { version: '3.0.0' },
        storage: {
          files: [
            {
              path: '/etc/nftables.conf',
              mode: 0o644,
              overwrite: true,
              contents: { source: dataUrl(rules) },
            },
          ],
        },
        systemd: { units: [{ name: 'nftables.service', enabled: true }] },
      },
    },
    async ({ machine }) => {
      await expect(machine).toHaveActiveUnit('nftables.service')
      const packets = async (port: number): Promise<number> => {
        const text = await machine.run(['/usr/sbin/nft', '--json', 'list', 'ruleset'], { sudo: true })
        const { nftables } = JSON.parse(text) as RuleSet
        const expressions = nftables.flatMap(({ rule }) => (rule === undefined ? [] : [rule.expr]))
        const own = expressions.find((parts) => parts.some(({ match }) => match?.right === port))
        return own?.find(({ counter }) => counter !== undefined)?.counter?.packets ?? Number.NaN
      }
      // The connection that asks goes through the second rule.
      expect(await packets(22)).toBeGreaterThan(0)
      expect(await packets(8999)).toBe(0)
      await expect(machine).toRun(['curl', '--silent', '--max-time', '60', 'http://127.0.0.1:8999/'], {
        exitCode: 7,
      })
      expect(await packets(8999)).toBeGreaterThan(0)
    },
  )
})
