// A corpus for the CLI's own tests: machines that meet over the harness's lines, and hardware that comes and goes.

import { expect, test } from '../../index.ts'

test('sync.meet', { machines: 3 }, async ({ cluster }) => {
  const { machines, sync } = cluster
  sync.set('port', '2379')
  const codes = await Promise.all(
    machines.map(async (machine) => {
      await machine.run(`signalbox-sync set name/${machine.name} ${machine.name}`)
      const { exitCode } = await machine.exec('signalbox-sync barrier up 3 --timeout 30')
      return exitCode
    }),
  )
  expect(codes).toEqual([0, 0, 0])
  expect(await machines[2]?.run('signalbox-sync get port')).toBe('2379')
  expect(await sync.waitFor('name/m1')).toBe('m1')
  expect(await machines[0]?.run('signalbox-sync set big', { stdin: 'x'.repeat(65_536) })).toBe('')
  expect(sync.get('big')?.length).toBe(65_536)
})

test('sync.with-the-test', { machines: 2 }, async ({ cluster }) => {
  const [m0, m1] = cluster.machines
  const both = Promise.all([
    m0?.run('signalbox-sync barrier go 3 --timeout 30'),
    m1?.run('signalbox-sync barrier go 3 --timeout 30'),
  ])
  await cluster.sync.barrier('go', 3)
  await both
})

test('sync.somebody-is-missing', { machines: 3 }, async ({ cluster }) => {
  const [m0, m1, m2] = cluster.machines
  await m2?.power('cut')
  const [a, b] = await Promise.all([
    m0?.exec('signalbox-sync barrier up 3 --timeout 1'),
    m1?.exec('signalbox-sync barrier up 3 --timeout 1'),
  ])
  expect([a?.exitCode, b?.exitCode]).toEqual([124, 124])
  expect(`${a?.stderr}${b?.stderr}`).toMatch(/2 of 3 there \(m0, m1\); not there: m2/)
  await expect(cluster.sync.barrier('up', 3, { timeoutMs: 50 })).rejects.toThrow(
    'waited 0.1 s for barrier "up"; last seen: 1 of 3 there (test); not there: m0, m1, m2',
  )
  await expect(cluster.sync.waitFor('never', { timeoutMs: 50 })).rejects.toThrow('the key "never" to be set')
  expect((await m0?.exec('signalbox-sync get never'))?.exitCode).toBe(1)
  expect(await m0?.exec('signalbox-sync barrier bad 0')).toMatchObject({ exitCode: 3 })
})

// Both share their machine: the second must find nothing of the first, though it is the same guest.
for (const name of ['one', 'two']) {
  test(`alone.${name}`, { exclusive: false }, async ({ machine, cluster }) => {
    expect(cluster.sync.get('key')).toBeUndefined()
    expect((await machine.exec('signalbox-sync get key')).exitCode).toBe(1)
    await machine.run(`signalbox-sync set key ${name}`)
    expect(cluster.sync.get('key')).toBe(name)
  })
}

test('sync.after-reboot', async ({ machine, cluster }) => {
  await machine.run('signalbox-sync set key kept')
  await machine.reboot()
  expect(await machine.run('signalbox-sync get key')).toBe('kept')
  const other = await cluster.boot()
  expect(await other.run('signalbox-sync get key')).toBe('kept')
})

test('hardware.disk', async ({ machine }) => {
  await machine.addDisk({ serial: 'data', sizeMiB: 64 })
  await machine.run('cat /dev/disk/by-id/virtio-data')
  await expect(machine.addDisk({ serial: 'data', sizeMiB: 64 })).rejects.toThrow('has a disk "data" already')
  await machine.pullDisk('data')
  expect((await machine.exec('cat /dev/disk/by-id/virtio-data')).exitCode).toBe(1)
  await expect(machine.pullDisk('data')).rejects.toThrow('no disk "data" was plugged into m0')
})

test('hardware.cards', async ({ machine }) => {
  await machine.addNic('second')
  await machine.setLink('second', 'down')
  await machine.pullNic('second')
  await expect(machine.setLink('second', 'up')).rejects.toThrow('no card "second"')
  await machine.setLink('primary', 'down')
  expect(await machine.control.run('echo still here')).toBe('still here')
  await machine.setLink('primary', 'up')
  expect(await machine.run('echo back')).toBe('back')
})
