// From A to B to C: both slots are used, and what belongs to the user is there every time.

import { describe, expect, test, type Machine } from '../../harness/index.ts'
import { denials } from '../security/denials.ts'

const sudo = { sudo: true } as const

/** Zeroes the beginning of the /usr of a version that does not run: what boots from its slot later was written anew. */
async function wipeUsr(machine: Machine, version: string | undefined): Promise<void> {
  const device = `/dev/disk/by-partlabel/reference_${version}`
  const filesystem = ['blkid', '--probe', '--match-tag=TYPE', '--output=value', device]
  expect(await machine.run(filesystem, sudo)).toBe('erofs')
  await machine.run(
    ['dd', 'if=/dev/zero', `of=${device}`, 'bs=1M', 'count=1', 'conv=notrunc,fsync', 'status=none'],
    sudo,
  )
  expect((await machine.exec(filesystem, sudo)).stdout).toBe('')
}

describe('update', { firstBoot: true, firmwares: ['uefi', 'uefi-secure'], timeoutMs: 240_000 }, () => {
  test(
    'twice',
    {
      description:
        'Two updates in a row, the second into a wiped slot; what the user has survives, edited /etc wins, untouched /etc follows.',
      aliases: ['cl.update.payload'],
      payloads: ['next', 'after-next'],
      distros: ['reference'],
    },
    async ({ machine, updateServer, payloads }) => {
      const { updates } = machine
      const kept = async (): Promise<unknown> => ({
        machineId: await machine.run(['cat', '/etc/machine-id']),
        hostKeys: await machine.run('sha256sum /etc/ssh/ssh_host_*_key.pub'),
        file: await machine.run(['cat', '/home/core/mine', '/var/lib/mine', '/srv/mine']),
        user: await machine.run(['getent', 'passwd', 'somebody']),
        config: await machine.run(['cat', '/etc/reference/mine.conf', '/etc/motd']),
        ignition: await machine.run(['stat', '--format=%Y', '/boot/reference/ignition-done'], sudo),
      })
      await machine.run(
        'for f in /home/core/mine /var/lib/mine /srv/mine /etc/reference/mine.conf /etc/motd; do echo "$f of the user" | tee $f; done; useradd somebody',
        sudo,
      )
      const before = await kept()
      const first = await machine.run(['cat', '/proc/sys/kernel/random/boot_id'])
      const old = await updates.booted()
      expect(await machine.run(['cat', '/etc/reference/release.conf'])).toContain(`version=${old.version}`)
      await updates.follow(updateServer.urls)
      for (const name of ['next', 'after-next'] as const) {
        const payload = payloads.get(name)
        await test.step(`to ${payload.version}`, async () => {
          await updates.offer(updateServer, payload)
          expect(await updates.update()).toEqual({ state: 'staged', version: payload.version })
          await machine.reboot()
          await expect
            .poll(async () => await updates.booted(), { timeoutMs: 30_000 * machine.slowness })
            .toMatchObject({ version: payload.version, state: 'good' })
          expect(await kept()).toEqual(before)
          expect(await machine.run(['cat', '/etc/reference/release.conf'])).toContain(
            `version=${payload.version}`,
          )
        })
        if (name !== 'next') continue
        expect((await updates.booted()).name).not.toBe(old.name)
        await wipeUsr(machine, old.version)
      }
      // C lies where A was, and B is what can be gone back to.
      const [a, b] = await updates.slots()
      const [running, spare] = a.booted ? [a, b] : [b, a]
      expect(running.name).toBe(old.name)
      expect(spare).toMatchObject({ version: payloads.get('next').version, state: 'good' })
      const boots = JSON.parse(await machine.run(['journalctl', '--list-boots', '--output=json'], sudo)) as {
        readonly boot_id: string
      }[]
      expect(boots.map(({ boot_id: id }) => id)).toContain(first.replaceAll('-', ''))
      expect(await denials(machine)).toEqual([])
    },
  )

  test(
    'rollback',
    {
      description:
        'A good version is left again by hand; the next offer of a newer one is taken all the same.',
      payloads: ['next', 'after-next'],
      distros: ['reference'],
    },
    async ({ machine, updateServer, payloads }) => {
      const { updates } = machine
      const old = await updates.booted()
      const next = payloads.get('next')
      await updates.offer(updateServer, next)
      await updates.follow(updateServer.urls)
      await updates.update()
      await machine.reboot()
      expect((await updates.booted()).version).toBe(next.version)
      await expect
        .poll(async () => (await updates.booted()).state, { timeoutMs: 30_000 * machine.slowness })
        .toBe('good')
      await updates.rollBack()
      await machine.reboot()
      expect(await updates.booted()).toMatchObject({ name: old.name, version: old.version, state: 'good' })
      const [a, b] = await updates.slots()
      expect(a.booted ? b : a).toMatchObject({ version: next.version, state: 'bad' })
      const newest = payloads.get('after-next')
      await updates.offer(updateServer, newest)
      expect(await updates.update()).toEqual({ state: 'staged', version: newest.version })
    },
  )
})
