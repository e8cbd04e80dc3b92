// What runs in a machine's initrd, by the real sh in a folder of its own; mount, modprobe and date only say what they were told.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { CANNOT, CLONE_KEY, cloneNotes, GONE_ON, HERE, initrdScript, initrdStop } from './initrd-script.ts'

const TEMPLATE_ID = 'a'.repeat(32)
const UUID = '01234567-89ab-4cde-8f01-23456789abcd'
const ID = UUID.replaceAll('-', '')
const CREDENTIALS = '/run/credentials/@system'

let root = ''
const write = (path: string, text: string): void => {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}
const read = (path: string): string => readFileSync(join(root, path), 'utf8')

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'initrd-'))
  for (const path of ['/dev/console', '/dev/urandom', '/proc/sys/kernel/hostname', '/log']) write(path, '')
  write('/proc/uptime', '10.00 3.00\n')
  write('/etc/machine-id', `${TEMPLATE_ID}\n`)
  write(`/run/log/journal/${TEMPLATE_ID}/system.journal`, '')
  write('/sys/class/rtc/rtc0/since_epoch', '1700000000\n')
  write(`${CREDENTIALS}/signalbox.initrd`, '')
  write(`${CREDENTIALS}/systemd.extra-unit.signalbox-initrd.service`, '')
  write(`${CREDENTIALS}/systemd.unit-dropin.ignition-fetch-offline.service`, '')
  write(`${CREDENTIALS}/of-the-user`, '')
  const files = '/sys/firmware/qemu_fw_cfg/by_name'
  const programs = {
    mount: '',
    date: '',
    // The driver shows the files when it comes.
    modprobe: `[ "$2" = -r ] || [ ! -d ${root}/fw_cfg ] || { mkdir -p ${root}${files}; cp -r ${root}/fw_cfg/. ${root}${files}; }`,
  }
  for (const [name, code] of Object.entries(programs)) {
    write(`/bin/${name}`, `#!/bin/sh\necho "${name} $*" >>${root}/log\n${code}\n`)
    chmodSync(join(root, 'bin', name), 0o755)
  }
})

afterEach(() => rmSync(root, { recursive: true }))

/** Runs it; the clock moves on once it has said that it is there. Returns what the console shows. */
async function run(): Promise<readonly string[]> {
  const child = spawn('/bin/sh', ['-c', initrdScript(root)], {
    env: { PATH: `${root}/bin:/usr/bin:/bin` },
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const ended = once(child, 'exit')
  await vi.waitFor(() => expect(read('/dev/console')).toContain(HERE), 10_000)
  // In one go, as the kernel's file.
  write('/proc/next', '12.00 3.00\n')
  renameSync(join(root, '/proc/next'), join(root, '/proc/uptime'))
  expect((await ended)[0]).toBe(0)
  return read('/dev/console').trimEnd().split('\n')
}

test('makes a clone somebody else, before anything was read', async () => {
  write(`/fw_cfg/${CLONE_KEY}/raw`, cloneNotes(UUID, 'm0-1234'))
  // The console keeps its last line only: the file is written anew each time.
  expect(await run()).toEqual([GONE_ON])
  expect(read('/etc/machine-id')).toBe(`${ID}\n`)
  expect(readdirSync(join(root, '/run/log/journal'), { withFileTypes: true, recursive: true })).toMatchObject(
    [{ name: ID }, { name: 'system.journal', parentPath: join(root, '/run/log/journal', ID) }],
  )
  expect(read('/proc/sys/kernel/hostname')).toBe('m0-1234')
  expect(read(`${CREDENTIALS}/system.hostname`)).toBe('m0-1234')
  expect(read('/dev/urandom')).toMatch(/^[0-9a-f]{64}$/)
  expect(read('/log').trimEnd().split('\n')).toEqual([
    'modprobe -q -r qemu_fw_cfg',
    `mount -o remount,rw ${root}${CREDENTIALS}`,
    'modprobe -q qemu_fw_cfg',
    'date -s @1700000000',
    `mount -o remount,ro ${root}${CREDENTIALS}`,
  ])
})

test('stops nowhere where the kernel has read the files of fw_cfg for good', async () => {
  write('/sys/firmware/qemu_fw_cfg/by_name/x', '')
  const child = spawn('/bin/sh', ['-c', initrdScript(root)], { env: { PATH: `${root}/bin:/usr/bin:/bin` } })
  expect((await once(child, 'exit'))[0]).toBe(0)
  expect(read('/dev/console')).toContain(CANNOT)
  expect(read('/log')).toBe('modprobe -q -r qemu_fw_cfg\n')
})

test('leaves nothing of itself, and what is not its own', async () => {
  write(`/fw_cfg/${CLONE_KEY}/raw`, cloneNotes(UUID, undefined))
  await run()
  const left = ['signalbox.initrd', 'systemd.extra-unit.signalbox-initrd.service', 'of-the-user'].filter(
    (name) => existsSync(join(root, CREDENTIALS, name)),
  )
  expect(left).toEqual(['of-the-user'])
  expect(read('/proc/sys/kernel/hostname')).toBe('')
  expect(existsSync(join(root, CREDENTIALS, 'system.hostname'))).toBe(false)
})

test('an initrd without an id leaves it to the first boot', async () => {
  write('/etc/machine-id', '')
  write(`/fw_cfg/${CLONE_KEY}/raw`, cloneNotes(UUID, 'm0'))
  await run()
  expect(read('/etc/machine-id')).toBe('')
  expect(read(`${CREDENTIALS}/system.machine_id`)).toBe(ID)
})

test('a machine that is no clone stays who it is', async () => {
  await run()
  expect(read('/etc/machine-id')).toBe(`${TEMPLATE_ID}\n`)
  expect(read('/dev/urandom')).toBe('')
  expect(read('/log')).not.toContain('date')
})

test('comes as three credentials, which hold nothing that a unit file or a shell would read otherwise', () => {
  const decoded = initrdStop().map((text) => {
    const [name = '', value = ''] = text.split(/=(.*)/s)
    return [name, Buffer.from(value, 'base64').toString()] as const
  })
  expect(decoded.map(([name]) => name)).toEqual([
    'io.systemd.credential.binary:systemd.extra-unit.signalbox-initrd.service',
    'io.systemd.credential.binary:systemd.unit-dropin.ignition-fetch-offline.service',
    'io.systemd.credential.binary:signalbox.initrd',
  ])
  expect(decoded[2]?.[1]).toBe(initrdScript())
  expect(decoded[0]?.[1]).toContain('ExecStart=/bin/sh /run/credentials/@system/signalbox.initrd')
})

test('two clones are told different things', () => {
  const [id, name, entropy] = cloneNotes(UUID, 'm0').split('\n')
  expect([id, name]).toEqual([ID, 'm0'])
  expect(cloneNotes(UUID, 'm0').split('\n')[2]).not.toBe(entropy)
})
