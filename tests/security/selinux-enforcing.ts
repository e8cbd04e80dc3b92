// SELinux at work: a boot without denials, what is refused and said, booleans that are kept, what puts labels right again.

import { describe, expect, test, type Machine } from '../../harness/index.ts'
import { denials } from './denials.ts'
import { processes, unconfined } from './processes.ts'

const sudo = { sudo: true } as const

const inOem = ['/oem/sbx-labels', '/oem/sbx-labels.d/deep/file']

const enforced = async (machine: Machine): Promise<string> => await machine.run(['/usr/sbin/getenforce'])

describe('security.selinux', { distros: ['reference'], tags: ['selinux', 'system'] }, () => {
  test(
    'enforcing-boot',
    {
      description:
        'With enforcing=1 the machine boots clean, nothing is denied, and so it is after a reboot.',
      kernelArguments: ['enforcing=1'],
      firstBoot: true,
      timeoutMs: 120_000,
    },
    async ({ machine }) => {
      for (const boot of ['first', 'second']) {
        await test.step(`${boot} boot`, async () => {
          expect(await enforced(machine)).toBe('Enforcing')
          expect(await machine.run(['systemctl', 'is-system-running', '--wait'])).toBe('running')
          expect(await denials(machine)).toEqual([])
        })
        if (boot === 'first') await machine.reboot()
      }
    },
  )

  test(
    'enforcing-config',
    {
      description: 'Enforcing can be switched on and off, and is on after a reboot when the config says so.',
      aliases: ['coreos.selinux.enforce'],
      // A fork finds its journal through a link, which confined services may not read in the next boot.
      firstBoot: true,
      timeoutMs: 120_000,
    },
    async ({ machine }) => {
      expect(await enforced(machine)).toBe('Permissive')
      await machine.run(['/usr/sbin/setenforce', '1'], sudo)
      expect(await enforced(machine)).toBe('Enforcing')
      await machine.run(['/usr/sbin/setenforce', '0'], sudo)
      expect(await enforced(machine)).toBe('Permissive')
      await machine.run(
        ['sed', '-i', 's/^SELINUX=permissive$/SELINUX=enforcing/', '/etc/selinux/config'],
        sudo,
      )
      await machine.reboot()
      expect(await enforced(machine)).toBe('Enforcing')
      expect(await denials(machine)).toEqual([])
    },
  )

  test(
    'labels-of-image',
    {
      description:
        'Every file of /etc, /usr and /oem has the label that the policy gives it, also what Ignition made there.',
      exclusive: false,
      ignition: {
        ignition: { version: '3.0.0' },
        storage: {
          files: ['/etc/sbx-labels.d/deep/file', ...inOem].map((path) => ({
            path,
            contents: { source: 'data:,labelled' },
          })),
        },
      },
      timeoutMs: 120_000,
    },
    async ({ machine }) => {
      // The image's pristine copy of /etc bears the labels of /etc.
      const left = ['-e', '/usr/share/reference']
      const look = ['/usr/sbin/restorecon', '-n', '-R', '-v', ...left, '/etc', '/usr', '/oem']
      for (const path of inOem) {
        await expect(machine).toHaveFile(path)
        expect(await machine.run(['stat', '--format=%C', path], sudo)).toBe('system_u:object_r:usr_t:s0')
      }
      expect(await machine.run(look, { ...sudo, timeoutMs: 120_000 * machine.slowness })).toBe('')
    },
  )

  test(
    'denial',
    {
      description:
        'A confined service may not read what its policy does not give it; permissive it may. Both are said.',
      expectedMessages: ['selinux.avc-denied'],
    },
    async ({ machine }) => {
      // A program of its label: systemd starts it in the domain of ntpd.
      await machine.run(
        `cp /usr/bin/grep /opt/confined && chcon --type=ntpd_exec_t /opt/confined
         echo secret > /opt/secret && chcon --type=sshd_key_t /opt/secret`,
        sudo,
      )
      const read = async (): Promise<number | null> =>
        (
          await machine.exec(
            ['systemd-run', '--wait', '--collect', '/opt/confined', '-q', 'secret', '/opt/secret'],
            sudo,
          )
        ).exitCode
      expect(await read()).toBe(0)
      await machine.run(['/usr/sbin/setenforce', '1'], sudo)
      expect(await enforced(machine)).toBe('Enforcing')
      expect(await read()).toBe(2)
      await machine.journal.waitFor(/avc: +denied +\{ read \}.*name="secret".*:ntpd_t:.*permissive=0/)
      expect((await denials(machine)).join('\n')).toMatch(/name="secret".*:ntpd_t:.*permissive=1/)
    },
  )

  test(
    'boolean-persists',
    {
      description: 'A boolean that is switched for good is so after a reboot; one that is not is as before.',
      aliases: ['rhcos.selinux.boolean.persist'],
      timeoutMs: 90_000,
    },
    async ({ machine }) => {
      const state = async (): Promise<string> =>
        await machine.run(['/usr/sbin/getsebool', 'ssh_sysadm_login', 'container_read_public_content'])
      const before = await state()
      const other = (line: string): string =>
        line.replace(/o(?:n|ff)$/, (word) => (word === 'on' ? 'off' : 'on'))
      const [lasting = '', passing = ''] = before.split('\n')
      const wish = (line: string): string => other(line).split(' ').at(-1) ?? ''
      await machine.run(['/usr/sbin/setsebool', '-P', 'ssh_sysadm_login', wish(lasting)], {
        ...sudo,
        timeoutMs: 60_000 * machine.slowness,
      })
      await machine.run(['/usr/sbin/setsebool', 'container_read_public_content', wish(passing)], sudo)
      expect(await state()).toBe(`${other(lasting)}\n${other(passing)}`)
      await machine.reboot()
      expect(await state()).toBe(`${other(lasting)}\n${passing}`)
    },
  )

  test(
    'relabel',
    {
      description: 'restorecon puts wrong labels right, says which, and touches no others.',
      exclusive: false,
    },
    async ({ machine }) => {
      const label = async (path: string): Promise<string> =>
        await machine.run(['stat', '--format=%C', path], sudo)
      await machine.run(
        'mkdir -p /var/log/relabel && touch /var/log/relabel/right /var/log/relabel/wrong',
        sudo,
      )
      const right = await label('/var/log/relabel/right')
      expect(right).toMatch(/:var_log_t:/)
      await machine.run(['chcon', '--type=shadow_t', '/var/log/relabel/wrong'], sudo)
      expect(await label('/var/log/relabel/wrong')).toMatch(/:shadow_t:/)
      const said = await machine.run(['/usr/sbin/restorecon', '-R', '-v', '/var/log/relabel'], sudo)
      expect(said).toMatch(
        /^Relabeled \/var\/log\/relabel\/wrong from \S+:shadow_t:\S+ to \S+:var_log_t:\S+$/,
      )
      expect(await label('/var/log/relabel/wrong')).toMatch(/:var_log_t:/)
    },
  )

  test(
    'domains',
    {
      description:
        'The services of the image run each in the domain of its policy, and nothing unconfined but logins.',
    },
    async ({ machine }) => {
      const domains = new Map([
        ['systemd-journald', 'syslogd_t'],
        ['systemd-resolved', 'systemd_resolved_t'],
        ['systemd-networkd', 'systemd_networkd_t'],
        ['systemd-timesyncd', 'ntpd_t'],
        ['systemd-logind', 'systemd_logind_t'],
        ['dbus', 'system_dbusd_t'],
        ['ssh', 'sshd_t'],
      ])
      const running = await processes(machine)
      for (const [unit, domain] of domains) {
        const pid = await machine.run([
          'systemctl',
          'show',
          '--property=MainPID',
          '--value',
          `${unit}.service`,
        ])
        expect.soft([unit, running.find((each) => each.pid === pid)?.domain]).toEqual([unit, domain])
      }
      expect(running.find(({ pid }) => pid === '1')?.domain).toBe('init_t')
      expect(unconfined(running)).toEqual([])
      expect(await machine.run(['id', '-Z'])).toContain(':unconfined_t:')
      // A service of no policy is what is looked for.
      await machine.run(['systemd-run', '--unit=sbx-unconfined', 'sleep', 'infinity'], sudo)
      expect(unconfined(await processes(machine))).toEqual([
        expect.stringMatching(/^initrc_t .*sleep infinity$/),
      ])
    },
  )
})
