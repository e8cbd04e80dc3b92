// The kernel's own load balancer.

import { describe, expect, test } from '../../harness/index.ts'

const sudo = { sudo: true } as const

describe('network', { features: ['ipvsadm'], tags: ['system'] }, () => {
  test(
    'ipvs',
    {
      description:
        'Services and servers behind them are added, shown, and removed; connections are shared out.',
      aliases: ['packages'],
    },
    async ({ machine }) => {
      const ipvsadm = async (...args: readonly string[]): Promise<string> =>
        await machine.run(['ipvsadm', ...args], sudo)
      const address = '192.0.2.1'
      await machine.run(`ip link add sbx0 type dummy && ip address add ${address}/32 dev sbx0`, sudo)
      await machine.run('ip link set sbx0 up', sudo)
      await ipvsadm('--add-service', '--tcp-service', `${address}:80`, '--scheduler', 'rr')
      for (const port of [8001, 8002]) {
        await machine.run(
          `mkdir -p /run/sbx-${port} && echo ${port} >/run/sbx-${port}/port && systemd-run --unit=sbx-${port} busybox httpd -f -p 127.0.0.1:${port} -h /run/sbx-${port}`,
          sudo,
        )
        await expect(machine).toListenOn(port)
        const server = ['--real-server', `127.0.0.1:${port}`, '--masquerading']
        await ipvsadm('--add-server', '--tcp-service', `${address}:80`, ...server)
      }
      const listed = await ipvsadm('--list', '--numeric')
      expect(listed).toMatch(/TCP\s+192\.0\.2\.1:80 rr/)
      expect(listed.match(/-> 127\.0\.0\.1:800[12]\s+Masq/g)).toHaveLength(2)
      const answers = await machine.run(
        `for n in 1 2 3 4; do curl --silent --show-error --max-time 10 http://${address}/port; done`,
        { timeoutMs: 60_000 * machine.slowness },
      )
      expect([...new Set(answers.split('\n'))].toSorted()).toEqual(['8001', '8002'])
      const first = ['--real-server', '127.0.0.1:8001']
      await ipvsadm('--delete-server', '--tcp-service', `${address}:80`, ...first)
      expect(await ipvsadm('--list', '--numeric')).not.toContain('127.0.0.1:8001')
      await ipvsadm('--delete-service', '--tcp-service', `${address}:80`)
      expect(await ipvsadm('--list', '--numeric')).not.toContain(address)
    },
  )
})
