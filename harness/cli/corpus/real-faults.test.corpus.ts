// A corpus for the CLI's own tests on real machines: guests and hosts that misbehave in the middle of a test.

import { expect, test, type Machine } from '../../index.ts'

test('real.waits', { timeoutMs: 300_000 }, async ({ machine }) => {
  // The first attempt is still waiting when its QEMU is killed from outside; the second one is let through.
  if (test.info().attempt.n === 1) await machine.run('sleep 3000', { timeoutMs: 3_000_000 })
  expect(await machine.run('uname -s')).toBe('Linux')
})

test('real.floods-the-console', { timeoutMs: 60_000 }, async ({ machine, console }) => {
  await machine.run('systemd-run --unit=flood sh -c "yes $(printf %0200d 0) > /dev/ttyS0"', { sudo: true })
  await console.waitFor(/0{200}/)
  for (let round = 0; round < 5; round += 1) expect(await machine.run('echo still here')).toBe('still here')
  await machine.run('systemctl stop flood', { sudo: true })
})

test('real.panics', async ({ machine }) => {
  await machine.run('true')
})

/** Lets a confined process be refused what its policy does not give it. */
async function provokeDenial(machine: Machine): Promise<void> {
  await machine.run(['/usr/sbin/setenforce', '1'], { sudo: true })
  // Started by systemd it is in the domain of ntpd, which may not read host keys.
  await machine.run('cp /usr/bin/cat /opt/confined && chcon --type=ntpd_exec_t /opt/confined', { sudo: true })
  const key = '/etc/ssh/ssh_host_ed25519_key'
  await machine.exec(['systemd-run', '--wait', '--collect', '/opt/confined', key], { sudo: true })
  await machine.journal.waitFor(/avc: +denied/)
}

test('denials.unexpected', async ({ machine }) => await provokeDenial(machine))

test(
  'denials.expected',
  { expectedMessages: ['selinux.avc-denied'] },
  async ({ machine }) => await provokeDenial(machine),
)

/** Lets the kernel kill a service that takes more memory than it may. */
async function provokeOom(machine: Machine): Promise<void> {
  const limits = ['--property=MemoryMax=32M', '--property=MemorySwapMax=0']
  await machine.exec(['systemd-run', '--wait', '--collect', ...limits, 'tail', '/dev/zero'], { sudo: true })
  await machine.journal.waitFor(/invoked oom-killer/)
}

test('oom.unexpected', async ({ machine }) => await provokeOom(machine))

test('oom.expected', { expectedMessages: ['oom-killer'] }, async ({ machine }) => await provokeOom(machine))

/** Lets a disk fail to read while it is read from. */
async function provokeDiskError(machine: Machine): Promise<void> {
  await machine.addDisk({ serial: 'bad', sizeMiB: 8 })
  const disk = '/dev/disk/by-id/virtio-bad'
  await expect(machine).toRun(['test', '-b', disk])
  await machine.setDiskFaults('bad', 'reads')
  const read = ['dd', `if=${disk}`, 'of=/dev/null', 'bs=4096', 'count=1', 'iflag=direct']
  expect((await machine.exec(read, { sudo: true })).stderr).toContain('Input/output error')
  await machine.journal.waitFor(/I\/O error, dev vd/)
}

test('disk-fails.unexpected', async ({ machine }) => await provokeDiskError(machine))

test(
  'disk-fails.expected',
  { expectedMessages: ['block-io-error'] },
  async ({ machine }) => await provokeDiskError(machine),
)
