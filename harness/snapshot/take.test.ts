// The script runs in a real shell, with a folder in place of /etc and programs that say what a machine's would.

import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { execCommand, runCommand } from '../process.ts'
import { distroProfiles } from '../profiles/index.ts'
import type { CommandOutcome } from '../ssh/index.ts'
import { readSnapshot } from './read.ts'
import { markOf, snapshotScript, type Answer } from './script.ts'
import { takeSnapshot } from './take.ts'

const folder = mkdtempSync(join(tmpdir(), 'snapshot-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const write = (path: string, text: string, mode = 0o644): void => {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), text)
  chmodSync(join(folder, path), mode)
}
const program = (name: string, says: string): void =>
  write(`bin/${name}`, `#!/bin/sh\nexec cat <<'END'\n${says}\nEND\n`, 0o755)

program(
  'systemctl',
  `ssh.service loaded active running OpenBSD Secure Shell server
x.timer loaded active running X
systemd-bless-boot.service loaded active exited Mark the boot as good
old.service not-found inactive dead old
session-3.scope loaded active running Session 3
user@500.service loaded active running User`,
)
program(
  'findmnt',
  `/ ext4 /dev/vda6 rw,relatime,seclabel
/run tmpfs tmpfs rw,nosuid,size=100k,nr_inodes=8
/run/user/500 tmpfs tmpfs rw`,
)
program(
  'sysctl',
  'kernel.dmesg_restrict = 1\nkernel.random.boot_id = 1-2\nnet.ipv4.ip_local_port_range = 1\t2',
)
program(
  'ss',
  `tcp LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:(("sshd",pid=1,fd=3))
udp UNCONN 0 0 10.0.2.15%eth0:68 0.0.0.0:* users:(("systemd-network",pid=2,fd=4))
udp UNCONN 0 0 0.0.0.0:41234 0.0.0.0:* users:(("systemd-resolve",pid=2,fd=4))`,
)
program('getent', 'root:x:0:0:root:/root:/bin/bash\nusers:x:100:core')
program('uname', 'x86_64')
write('etc/shadow', 'root:*:1:0:::::\ncore:$y$secret:1:0:::::\nopen::1:0:::::\n')
write('etc/motd', 'changed\n')
write('etc/added\n=x= units', 'hostile name\n')
write('etc/machine-id', 'abc\n')
write('etc/same', 'same\n', 0o600)
symlinkSync('elsewhere', join(folder, 'etc/link'))
write('pristine/motd', 'shipped\n')
write('pristine/removed', 'gone\n')
write('pristine/same', 'same\n', 0o600)
write('pristine/shadow', 'root:*:1:0:::::\ncore:$y$secret:1:0:::::\nopen::1:0:::::\n')
write('cmdline', 'root=LABEL=ROOT usrhash=' + 'a'.repeat(64) + ' ignition.firstboot=1 quiet\n')

const nonce = 'f00d'
const source = { pristineEtc: join(folder, 'pristine'), packages: 'printf "systemd 257\\nbash 5.2\\n"' }

async function output(): Promise<string> {
  const script = snapshotScript(nonce, source)
    .replaceAll("'/proc/cmdline'", join(folder, 'cmdline'))
    .replaceAll('/proc/cmdline', join(folder, 'cmdline'))
    .replaceAll('/etc/shadow', join(folder, 'etc/shadow'))
    .replaceAll('cd /etc ', `cd ${join(folder, 'etc')} `)
    .replaceAll('PATH=$PATH:/usr/sbin ', '')
  const { stdout, exitCode } = await execCommand('sh', ['-c', script], {
    env: { PATH: `${join(folder, 'bin')}:/usr/bin:/bin` },
  })
  expect(exitCode).toBe(0)
  return stdout
}

it('asks in words that the programs know', async () => {
  const stdout = await runCommand('sh', ['-c', snapshotScript(nonce, source)])
  const said = (answer: Answer): string =>
    stdout.slice(stdout.indexOf(markOf(nonce, answer)) + markOf(nonce, answer).length).split('\n=')[0] ?? ''
  expect(said('mounts')).toMatch(/^\/proc proc proc /m)
  expect(said('users')).toMatch(/^root:/m)
  expect(said('groups')).toMatch(/^root:/m)
})

it('reads the whole state in one command, without what differs from boot to boot', async () => {
  const { sections, architecture } = readSnapshot(await output(), nonce, 'reference')
  expect(architecture).toBe('x86_64')
  expect(sections.units).toEqual({ 'ssh.service': 'active running', 'x.timer': 'active' })
  expect(Object.keys(sections.unitFiles)).toContain('ssh.service')
  // A generator wants it in the first boot of a version, until somebody reloads systemd.
  expect(Object.keys(sections.unitFiles)).not.toContain('systemd-bless-boot.service')
  expect(sections.mounts).toEqual({
    '/': 'ext4 /dev/vda6 relatime,rw',
    '/run': 'tmpfs tmpfs nosuid,rw',
  })
  expect(sections.sysctls).toEqual({ 'kernel.dmesg_restrict': '1', 'net.ipv4.ip_local_port_range': '1 2' })
  expect(sections.listeners).toEqual({
    'tcp 0.0.0.0:22': 'sshd',
    'udp %eth0:68': 'systemd-network',
    'udp 0.0.0.0:<any>': 'systemd-resolve',
  })
  expect(sections.users['root']).toBe('0:0 /root /bin/bash locked')
  expect(sections.groups['users']).toBe('100 core')
  expect(sections.packages).toEqual({ bash: '5.2', systemd: '257' })
  expect(sections.kernel).toEqual({
    release: 'x86_64',
    'argument root': 'LABEL=ROOT',
    'argument usrhash': '<hash>',
    'argument quiet': '',
  })
  const owner = `${process.getuid?.()}:${process.getgid?.()}`
  expect(sections.etc).toEqual({
    'added ⏎ =x= units': expect.stringMatching(/^added: file 644 \d+:\d+ [0-9a-f]{32}$/),
    link: `added: link ${owner} elsewhere`,
    'machine-id': `added: file 644 ${owner} <own>`,
    motd: expect.stringMatching(/^changed: file 644 /),
    removed: 'removed',
  })
})

it('never holds a password', async () => {
  expect(JSON.stringify(readSnapshot(await output(), nonce, 'reference'))).not.toContain('secret')
})

it('is an error, never half of a state, when the machine stops in between or has no end', async () => {
  const whole = await output()
  const half = whole.slice(0, whole.indexOf(markOf(nonce, 'packages')))
  expect(() => readSnapshot(half, nonce, 'reference')).toThrow('no answer for packages, release')
  const flood = whole.replace(
    markOf(nonce, 'sysctls'),
    `${markOf(nonce, 'sysctls')}${Array.from({ length: 20_001 }, (_none, index) => `a.b${index}x = 1\n`).join('')}`,
  )
  const [mounts = 0, sysctls = 0] = (['mounts', 'sysctls'] as const).map((answer) =>
    whole.indexOf(markOf(nonce, answer)),
  )
  const mute = whole.slice(0, mounts) + markOf(nonce, 'mounts') + whole.slice(sysctls)
  expect(() => readSnapshot(mute, nonce, 'reference')).toThrow('it says nothing of its mounts')
  expect(() => readSnapshot(flood, nonce, 'reference')).toThrow('more than 20000 sysctls')
  const exec = async (): Promise<CommandOutcome> =>
    await Promise.resolve({ stdout: 'x'.repeat(8 * 1024 * 1024) } as CommandOutcome)
  await expect(takeSnapshot(exec, distroProfiles.reference, 1)).rejects.toThrow('larger than 8 MiB')
})
