// The leap second that a time server announces: the kernel is told, and the day is a second longer.

import { describe, expect, test } from '../../harness/index.ts'

const sudo = { sudo: true } as const
const DAY_MS = 24 * 3600 * 1000

describe('network.cluster', { privateNetwork: true, distros: ['reference'], tags: ['system'] }, () => {
  test(
    'leap-second',
    { description: 'A leap second from the time server is inserted at midnight, as 23:59:60.' },
    async ({ cluster, machine, journal }) => {
      const { ntp } = cluster.network
      // Midnight comes in so many seconds, by the server's clock.
      const left = 15_000 + 5000 * machine.slowness
      ntp.set({ offsetMs: DAY_MS - (Date.now() % DAY_MS) - left, leap: 'insert' })
      await machine.run(['systemctl', 'restart', 'systemd-timesyncd'], sudo)
      const clock = async (): Promise<string> => await machine.run(['date', '--utc', '+%H:%M'])
      await expect.poll(clock, { timeoutMs: left }).toBe('23:59')
      expect(ntp.requests.map(({ leap }) => leap)).toContain('insert')
      await journal.waitFor(/Clock: inserting leap second 23:59:60 UTC/, { timeoutMs: 60_000 })
      await expect.poll(clock, { timeoutMs: 10_000 * machine.slowness }).toBe('00:00')
    },
  )

  test(
    'time-not-known',
    { description: 'A time server that says it does not know the time itself is not believed.' },
    async ({ cluster, machine, journal }) => {
      const { ntp } = cluster.network
      ntp.set({ offsetMs: -3_600_000, leap: 'unsynchronised' })
      const asked = ntp.requests.length
      await machine.run(['rm', '-f', '/run/systemd/timesync/synchronized'], sudo)
      // It says so in its debug log only.
      const dropIns = '/run/systemd/system/systemd-timesyncd.service.d'
      await machine.run(['mkdir', '-p', dropIns], sudo)
      await machine.writeFile(`${dropIns}/debug.conf`, '[Service]\nEnvironment=SYSTEMD_LOG_LEVEL=debug\n')
      await machine.run('systemctl daemon-reload && systemctl restart systemd-timesyncd', sudo)
      await expect
        .poll(() => ntp.requests.length, { timeoutMs: 30_000 * machine.slowness })
        .toBeGreaterThan(asked)
      await journal.waitFor(/server is not synchronized/i)
      const aheadMs = Number(await machine.run(['date', '+%s%3N'])) - Date.now()
      expect(Math.abs(aheadMs)).toBeLessThan(60_000)
      await expect(machine).not.toHaveFile('/run/systemd/timesync/synchronized')
    },
  )
})
