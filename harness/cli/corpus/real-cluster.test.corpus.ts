// A corpus for tests on real machines: hardware that comes and goes, and machines that meet over the harness's lines.

import { expect, test } from '../../index.ts'

const SYNC = '/opt/bin/signalbox-sync'
const DISK = '/dev/disk/by-id/virtio-data'

test('hardware.disk', { timeoutMs: 180_000, expectedMessages: ['block-io-error'] }, async ({ machine }) => {
  await machine.addDisk({ serial: 'data', sizeMiB: 64 })
  await expect.poll(async () => (await machine.exec(`test -b ${DISK}`)).exitCode).toBe(0)
  expect(await machine.run(`blockdev --getsize64 ${DISK}`, { sudo: true })).toBe('67108864')
  await machine.run(`echo kept | dd of=${DISK} conv=fsync status=none`, { sudo: true })
  // Two boots of a machine that was booted are two processes, and the first one's disk is the second one's.
  await machine.reboot()
  await expect.poll(async () => (await machine.exec(`test -b ${DISK}`)).exitCode).toBe(0)
  expect(await machine.run(`head -c 4 ${DISK}`, { sudo: true })).toBe('kept')
  const writer = machine.exec(
    `n=0; while dd if=/dev/zero of=${DISK} oflag=direct conv=nocreat,notrunc bs=4k count=1 status=none; do n=$((n + 1)); echo $n >/run/written; done`,
    { sudo: true },
  )
  await expect.poll(async () => (await machine.exec('test -s /run/written')).exitCode).toBe(0)
  await machine.pullDisk('data')
  expect((await writer).stderr).toMatch(/dd: /)
  expect((await machine.exec(`test -e ${DISK}`)).exitCode).toBe(1)
  // The port is free again.
  await machine.addDisk({ serial: 'data', sizeMiB: 32 })
  await expect.poll(async () => (await machine.exec(`test -b ${DISK}`)).exitCode).toBe(0)
  await expect(machine.checkpoint()).rejects.toThrow('with disk data plugged in')
})

test('hardware.cards', { timeoutMs: 180_000 }, async ({ machine }) => {
  const cards = async () => (await machine.control.run('ls /sys/class/net')).split('\n').length
  expect(await cards()).toBe(2)
  await machine.addNic('second')
  await expect.poll(cards).toBe(3)
  await expect.poll(async () => await machine.run('ip -brief -4 address')).toMatch(/ 10\.0\.1\d\.15\/24/)
  expect(await machine.run('ip route show default')).not.toContain('10.0.1')
  await machine.setLink('second', 'down')
  await expect.poll(async () => await machine.run('ip -brief link')).toMatch(/DOWN .*NO-CARRIER/)
  await machine.pullNic('second')
  await expect.poll(cards).toBe(2)
  await machine.setLink('primary', 'down')
  await expect.poll(async () => await machine.control.run('ip -brief link')).toMatch(/DOWN .*NO-CARRIER/)
  await machine.setLink('primary', 'up')
  expect(await machine.run('echo back')).toBe('back')
})

test('sync.meet', { machines: 2, timeoutMs: 120_000 }, async ({ cluster }) => {
  const [m0, m1] = cluster.machines
  if (m0 === undefined || m1 === undefined) throw new Error('there are two machines')
  const root = { sudo: true } as const
  await m0.run(`head -c 60000 /dev/urandom | tee /run/value | ${SYNC} set value`, root)
  await m1.run(`${SYNC} get value --wait 10 >/run/value`, root)
  expect(await m1.run('sha256sum </run/value')).toBe(await m0.run('sha256sum </run/value'))
  const meet = async (name: string) =>
    await Promise.all(
      [m0, m1].map(async (machine) => await machine.run(`${SYNC} barrier ${name} 3 --timeout 60`, root)),
    )
  const met = meet('up')
  await cluster.sync.barrier('up', 3)
  await met
  // Not over the network between them, nor that of the harness.
  for (const machine of [m0, m1]) await machine.setLink('primary', 'down')
  const blind = [m0, m1].map(
    async (machine) => await machine.control.run(`${SYNC} barrier blind 2 --timeout 60`),
  )
  await Promise.all(blind)
  for (const machine of [m0, m1]) await machine.setLink('primary', 'up')
  await m1.reboot()
  const again = meet('after a reboot'.replaceAll(' ', '-'))
  await cluster.sync.barrier('after-a-reboot', 3)
  await again
})

test('sync.somebody-is-dead', { machines: 2 }, async ({ cluster }) => {
  const [m0, m1] = cluster.machines
  await m1?.power('cut')
  const { exitCode, stderr } = (await m0?.exec(`${SYNC} barrier up 2 --timeout 3`, { sudo: true })) ?? {}
  expect([exitCode, stderr]).toEqual([
    124,
    'signalbox-sync: waited 3 s for barrier "up": 1 of 2 there (m0); not there: m1',
  ])
  expect((await m0?.exec(`${SYNC} get nothing`, { sudo: true }))?.exitCode).toBe(1)
  // Root's line.
  expect((await m0?.exec(`${SYNC} get nothing`))?.exitCode).toBe(3)
})
