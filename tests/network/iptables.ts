// iptables with rules that are saved in a file: loaded at boot, and seen by nftables, whose front end it is.

import { describe, expect, test } from '../../harness/index.ts'
import { dataUrl } from '../ignition/data-url.ts'

const sudo = { sudo: true } as const
const rules =
  '*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -p tcp --dport 8042 -j REJECT --reject-with tcp-reset\nCOMMIT\n'
const restore =
  '[Unit]\nBefore=network-pre.target\nWants=network-pre.target\n[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/usr/sbin/iptables-restore /etc/iptables/rules.v4\n[Install]\nWantedBy=multi-user.target\n'

interface Expression {
  readonly match?: object
  readonly xt?: { readonly name: string }
}

describe('network', { features: ['iptables'], tags: ['system'] }, () => {
  test(
    'iptables',
    {
      description: 'A rule of a saved file is loaded at boot, is a rule of nftables, and keeps a port shut.',
      aliases: ['cl.network.iptables'],
      firstBoot: true,
      ignition: {
        ignition: { version: '3.0.0' },
        storage: {
          files: [{ path: '/etc/iptables/rules.v4', mode: 0o600, contents: { source: dataUrl(rules) } }],
        },
        systemd: { units: [{ name: 'sbx-iptables.service', enabled: true, contents: restore }] },
      },
    },
    async ({ machine }) => {
      await expect(machine).toHaveActiveUnit('sbx-iptables.service', { timeoutMs: 15_000 })
      await expect(machine).toRun(['iptables', '--list-rules', 'INPUT'], {
        ...sudo,
        stdout: '-A INPUT -p tcp -m tcp --dport 8042 -j REJECT --reject-with tcp-reset',
      })
      const { nftables } = JSON.parse(
        await machine.run(['nft', '--json', 'list', 'chain', 'ip', 'filter', 'INPUT'], sudo),
      ) as { readonly nftables: readonly { readonly rule?: { readonly expr: readonly Expression[] } }[] }
      const parts = nftables.flatMap(({ rule }) => rule?.expr ?? [])
      // As nftables has it, or as a match of xtables, which only iptables can read.
      if (parts.some(({ xt }) => xt?.name === 'tcp'))
        await expect(machine).toRun(['iptables-save', '--table', 'filter'], {
          ...sudo,
          stdout: /^-A INPUT -p tcp -m tcp --dport 8042 -j REJECT --reject-with tcp-reset$/m,
        })
      else
        expect(parts.flatMap(({ match }) => match ?? [])).toContainEqual(
          expect.objectContaining({ left: { payload: { protocol: 'tcp', field: 'dport' } }, right: 8042 }),
        )
      for (const port of [8042, 8043])
        await machine.run(
          [
            'systemd-run',
            `--unit=sbx-www-${port}`,
            'busybox',
            'httpd',
            '-f',
            '-p',
            `127.0.0.1:${port}`,
            '-h',
            '/etc/iptables',
          ],
          sudo,
        )
      await expect(machine).toListenOn(8042)
      await expect(machine).toListenOn(8043)
      const connect = (port: number): readonly string[] => [
        'busybox',
        'nc',
        '-w',
        '5',
        '127.0.0.1',
        String(port),
      ]
      await expect(machine).toRun(connect(8043))
      expect((await machine.exec(connect(8042))).exitCode).not.toBe(0)
    },
  )
})
