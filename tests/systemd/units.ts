// systemd does its work: it makes system accounts, fires timers, and tells of units that failed.

import { describe, expect, test } from '../../harness/index.ts'
import { dataUrl } from '../ignition/data-url.ts'

const timer = '[Timer]\nOnActiveSec=1s\nAccuracySec=100ms\n\n[Install]\nWantedBy=timers.target\n'
const job = '[Service]\nType=oneshot\nExecStart=/bin/touch /run/sbx-tick\n'

describe('systemd', { exclusive: false }, () => {
  test(
    'sysusers',
    {
      description:
        'An account from /etc/sysusers.d is made at boot; long gshadow lines do no harm, nor one that is just too long with what it is read into.',
      aliases: ['systemd.sysusers.gshadow'],
      ignition: {
        ignition: { version: '3.0.0' },
        storage: {
          files: [
            {
              path: '/etc/sysusers.d/sbx.conf',
              contents: { source: dataUrl('u sbx-daemon 777 "Signalbox daemon" /var/lib/sbx\n') },
            },
          ],
        },
      },
    },
    async ({ machine }) => {
      await expect(machine).toRun(['getent', 'passwd', 'sbx-daemon'], {
        stdout: /^sbx-daemon:x:777:777:Signalbox daemon:\/var\/lib\/sbx:.*nologin$/,
      })
      await expect(machine).toRun(['getent', 'shadow', 'sbx-daemon'], {
        sudo: true,
        stdout: /^sbx-daemon:!\*?:/,
      })
      // In a tree of its own: the machine is not ours alone.
      const members = (count: number): string =>
        Array.from({ length: count }, (_, at) => `member-${String(at).padStart(6, '0')}`).join(',')
      // The C library reads a line and the list of its members into 1024 bytes at first: one of these fits by its text alone.
      const middling = `middling:!*::${members(48)}`
      expect(middling.length).toBeLessThan(1024)
      expect(middling.length + 48 * 8).toBeGreaterThan(1024)
      const lines = [
        'before:!*::one,two',
        middling,
        'between:!*::',
        `crowd:!*::${members(500)}`,
        'after:*::three',
      ]
      const root = await machine.run(['mktemp', '--directory'])
      await machine.run(['mkdir', '-p', `${root}/etc`, `${root}/sysusers`])
      await machine.writeFile(`${root}/etc/gshadow`, `${lines.join('\n')}\n`)
      const groups = lines.map((line, at) => line.replace(/:[!*]+::/, `:x:${900 + at}:`))
      await machine.writeFile(`${root}/etc/group`, `${groups.join('\n')}\n`)
      await machine.writeFile(`${root}/sbx.conf`, 'g newcomer 910\n')
      await machine.run(['systemd-sysusers', `--root=${root}`, `${root}/sbx.conf`], { sudo: true })
      const [newcomer, ...kept] = (await machine.readFile(`${root}/etc/gshadow`))
        .trimEnd()
        .split('\n')
        .toReversed()
      expect(newcomer).toMatch(/^newcomer:!\*?::$/)
      expect(kept.toReversed()).toEqual(lines)
    },
  )

  test(
    'timers',
    {
      description: "A timer from Ignition fires, and the image's own timer waits for its time.",
      ignition: {
        ignition: { version: '3.0.0' },
        systemd: {
          units: [
            { name: 'sbx-tick.timer', enabled: true, contents: timer },
            { name: 'sbx-tick.service', contents: job },
          ],
        },
      },
    },
    async ({ machine }) => {
      await expect(machine).toHaveFile('/run/sbx-tick', { type: 'file', timeoutMs: 10_000 })
      await expect(machine).toRun(['systemctl', 'show', '--property=Result', '--value', 'sbx-tick.service'], {
        stdout: /^success$/,
      })
      await expect(machine).toHaveActiveUnit('systemd-tmpfiles-clean.timer')
      const next = await machine.run(
        'systemctl show --property=NextElapseUSecMonotonic --value systemd-tmpfiles-clean.timer',
      )
      expect(next).not.toMatch(/^(?:infinity)?$/)
    },
  )

  test(
    'failed-unit',
    {
      description: 'A service that fails is seen as failed, with its exit status, until it is reset.',
      expectedMessages: ['unit-failed'],
    },
    async ({ machine }) => {
      await expect(machine).toHaveNoFailedUnits()
      const run = ['systemd-run', '--unit=sbx-fails', '--property=Type=exec', '/bin/sh', '-c', 'exit 42']
      await machine.exec(run, { sudo: true })
      try {
        await expect(machine).not.toHaveNoFailedUnits()
        await expect(machine).toRun(
          'systemctl show --property=Result,ExecMainStatus,ActiveState sbx-fails.service',
          {
            stdout: /^(?=[^]*Result=exit-code)(?=[^]*ExecMainStatus=42)(?=[^]*ActiveState=failed)/,
          },
        )
        await expect(machine).toRun(['systemctl', 'is-system-running'], { exitCode: 1, stdout: /^degraded$/ })
      } finally {
        await machine.run(['systemctl', 'reset-failed', 'sbx-fails.service'], { sudo: true })
      }
      await expect(machine).toHaveNoFailedUnits()
    },
  )
})
