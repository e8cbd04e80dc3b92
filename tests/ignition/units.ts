// Ignition brings systemd units: enabled, masked, changed by drop-ins, from templates.

import { describe, expect, test } from '../../harness/index.ts'

const oneshot = (command: string): string =>
  `[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=${command}\n\n[Install]\nWantedBy=multi-user.target\n`

const timer = '[Timer]\nOnActiveSec=1s\nAccuracySec=100ms\n\n[Install]\nWantedBy=timers.target\n'

describe('ignition.units', { firstBoot: true, exclusive: false }, () => {
  test(
    'enabled',
    {
      description: 'An enabled unit runs at the first boot; one that is only there does not.',
      tags: ['smoke'],
      aliases: ['coreos.ignition.systemd.enable-service'],
      ignition: {
        ignition: { version: '3.0.0' },
        systemd: {
          units: [
            { name: 'sbx-enabled.service', enabled: true, contents: oneshot('/bin/touch /run/sbx-enabled') },
            { name: 'sbx-idle.service', contents: oneshot('/bin/touch /run/sbx-idle') },
          ],
        },
      },
    },
    async ({ machine }) => {
      await expect(machine).toHaveActiveUnit('sbx-enabled.service')
      await expect(machine).toHaveFile('/run/sbx-enabled', { type: 'file', owner: 'root:root' })
      await expect(machine).toRun(['systemctl', 'is-enabled', 'sbx-enabled.service'], { stdout: /^enabled$/ })
      await expect(machine).toRun(['systemctl', 'is-enabled', 'sbx-idle.service'], {
        exitCode: 1,
        stdout: /^disabled$/,
      })
      await expect(machine).not.toHaveActiveUnit('sbx-idle.service')
      await expect(machine).not.toHaveFile('/run/sbx-idle')
    },
  )

  test(
    'masked',
    {
      description: 'A masked unit of the image cannot be started, not even by hand.',
      ignition: {
        ignition: { version: '3.0.0' },
        systemd: { units: [{ name: 'console-getty.service', mask: true }] },
      },
    },
    async ({ machine }) => {
      await expect(machine).toHaveFile('/etc/systemd/system/console-getty.service', {
        type: 'link',
        target: '/dev/null',
      })
      await expect(machine).toRun(['systemctl', 'is-enabled', 'console-getty.service'], {
        exitCode: 1,
        stdout: /^masked$/,
      })
      const start = await machine.exec(['systemctl', 'start', 'console-getty.service'], { sudo: true })
      expect(start.exitCode).not.toBe(0)
      expect(start.stderr).toContain('is masked')
    },
  )

  test(
    'drop-in',
    {
      description: 'Drop-ins change a unit of the config and one of the image.',
      ignition: {
        ignition: { version: '3.0.0' },
        systemd: {
          units: [
            {
              name: 'sbx-dropped.service',
              enabled: true,
              contents: oneshot("/bin/sh -c 'echo from $SBX_ORIGIN >/run/sbx-dropped'"),
              dropins: [{ name: '10-origin.conf', contents: '[Service]\nEnvironment=SBX_ORIGIN=drop-in\n' }],
            },
            {
              name: 'systemd-user-sessions.service',
              dropins: [{ name: '10-sbx.conf', contents: '[Service]\nEnvironment=SBX_MARK=seen\n' }],
            },
          ],
        },
      },
    },
    async ({ machine }) => {
      await expect(machine).toHaveActiveUnit('sbx-dropped.service')
      await expect(machine).toHaveFile('/run/sbx-dropped', { content: 'from drop-in\n' })
      await expect(machine).toHaveActiveUnit('systemd-user-sessions.service')
      await expect(machine).toRun(
        ['systemctl', 'show', '--property=Environment', 'systemd-user-sessions.service'],
        {
          stdout: 'SBX_MARK=seen',
        },
      )
    },
  )

  test(
    'instances',
    {
      description:
        'Instances of templates are enabled and run, each with its own name: services, and a timer that fires.',
      aliases: ['cl.ignition.instantiated.enable-unit'],
      ignition: {
        ignition: { version: '3.0.0' },
        systemd: {
          units: [
            { name: 'sbx-echo@.service', contents: oneshot("/bin/sh -c 'echo %i >/run/sbx-echo-%i'") },
            { name: 'sbx-echo@bar.service', enabled: true },
            { name: 'sbx-echo@foo.service', enabled: true },
            { name: 'sbx-tock@.timer', contents: timer },
            { name: 'sbx-tock@bar.timer', enabled: true },
            {
              name: 'sbx-tock@.service',
              contents: "[Service]\nType=oneshot\nExecStart=/bin/sh -c 'echo %i >/run/sbx-tock-%i'\n",
            },
          ],
        },
      },
    },
    async ({ machine }) => {
      for (const name of ['bar', 'foo']) {
        await expect(machine).toHaveActiveUnit(`sbx-echo@${name}.service`)
        await expect(machine).toHaveFile(`/run/sbx-echo-${name}`, { content: `${name}\n` })
        await expect(machine).toRun(['systemctl', 'is-enabled', `sbx-echo@${name}.service`], {
          stdout: /^enabled$/,
        })
      }
      await expect(machine).toHaveActiveUnit('sbx-tock@bar.timer')
      await expect(machine).toRun(['systemctl', 'is-enabled', 'sbx-tock@bar.timer'], { stdout: /^enabled$/ })
      await expect(machine).toHaveFile('/run/sbx-tock-bar', { content: 'bar\n', timeoutMs: 10_000 })
      await expect(machine).not.toHaveFile('/run/sbx-tock-foo', { timeoutMs: 1 })
    },
  )
})
