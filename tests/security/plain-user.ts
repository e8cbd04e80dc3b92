// What a plain user may not do with the kernel, nor with systemd.

import { describe, expect, test } from '../../harness/index.ts'

describe('security', { exclusive: false, tags: ['system'], distros: ['reference'] }, () => {
  test(
    'kernel-secrets',
    {
      description:
        "A plain user reads neither the kernel's log nor the addresses of its symbols, nor other users' processes' memory.",
    },
    async ({ machine }) => {
      const log = await machine.exec(['dmesg'])
      expect(log.exitCode).not.toBe(0)
      expect(log.stderr).toContain('not permitted')
      const symbols = await machine.run('head -n 200 /proc/kallsyms')
      expect(symbols.split('\n').filter((line) => !/^0+ /.test(line))).toEqual([])
      for (const path of ['/proc/1/environ', '/proc/1/maps', '/proc/kcore', '/dev/mem', '/dev/vda']) {
        const read = await machine.exec(['head', '-c1', path])
        expect.soft(`${path} ${read.exitCode}`).not.toBe(`${path} 0`)
        expect.soft(read.stderr).toMatch(/Permission denied|Operation not permitted/)
      }
    },
  )

  test(
    'kernel-doors',
    {
      description:
        'A plain user loads no module and no BPF program, sets no clock, host name or sysctl, and mounts nothing.',
    },
    async ({ machine }) => {
      for (const command of [
        '/usr/sbin/modprobe dummy',
        '/usr/sbin/sysctl -w kernel.hostname=taken',
        'date --set=2001-01-01',
        'hostname taken',
        'mount -t tmpfs none /mnt',
        '/usr/sbin/chroot /',
        'kill -0 1',
        'echo b >/proc/sysrq-trigger',
        '/usr/sbin/ip link set lo down',
      ]) {
        const { exitCode, stderr } = await machine.exec(command)
        expect.soft(`${command}: ${exitCode}`).not.toBe(`${command}: 0`)
        expect.soft(stderr).toMatch(/not permitted|denied|must be (?:root|superuser)|only root|privileg/i)
      }
      // 2: nobody without the capability, and root cannot allow it either.
      await expect(machine).toHaveFile('/proc/sys/kernel/unprivileged_bpf_disabled', {
        containing: /^[12]$/m,
      })
    },
  )

  test(
    'units',
    {
      description: 'A plain user starts, stops, masks and edits no unit of the system, and reboots nothing.',
    },
    async ({ machine }) => {
      const pid = 'systemctl show --property=MainPID --value systemd-timesyncd.service'
      const before = await machine.run(pid)
      for (const command of [
        'systemctl --no-ask-password stop systemd-timesyncd.service',
        'systemctl --no-ask-password start systemd-sysext.service',
        'systemctl --no-ask-password mask systemd-timesyncd.service',
        'systemctl --no-ask-password set-property ssh.service CPUQuota=1%',
        'systemctl --no-ask-password daemon-reload',
        'systemctl --no-ask-password reboot',
        'systemd-run --no-ask-password true',
        'hostnamectl --no-ask-password set-hostname taken',
        'timedatectl --no-ask-password set-ntp false',
        'networkctl down lo',
      ]) {
        const { exitCode, stderr } = await machine.exec(command)
        expect.soft(`${command}: ${exitCode}`).not.toBe(`${command}: 0`)
        expect
          .soft(stderr)
          .toMatch(/denied|authentication required|not permitted|interactive authentication/i)
      }
      expect(await machine.run(pid)).toBe(before)
    },
  )
})
