// The clock: somebody keeps it in time, and it is right to begin with.

import { describe, expect, test } from '../../harness/index.ts'

describe('boot', { firstBoot: true, exclusive: false }, () => {
  test(
    'time-sync',
    {
      description: 'A time synchronisation service runs, and the clock agrees with the host.',
      aliases: ['cl.basic'],
    },
    async ({ machine }) => {
      const services = ['systemd-timesyncd.service', 'chronyd.service', 'ntpd.service']
      const states = await machine.exec(['systemctl', 'is-active', ...services])
      expect(states.stdout.split('\n')).toContain('active')
      await expect(machine).toRun(['timedatectl', 'show', '--property=NTP', '--value'], { stdout: /^yes$/ })
      const before = Date.now()
      const guest = Number(await machine.run(['date', '+%s%3N']))
      const after = Date.now()
      const toleranceMs = 5000
      expect(guest).toBeGreaterThan(before - toleranceMs)
      expect(guest).toBeLessThan(after + toleranceMs)
    },
  )
})
