// A disk over the network: the kernel's iSCSI target on one machine, open-iscsi on the other.

import { describe, expect, test, type Machine } from '../../harness/index.ts'

const sudo = { sudo: true } as const
const TARGET = 'iqn.2026-01.internal.cluster:sbx'
const INITIATOR = 'iqn.2026-01.internal.cluster:client'

/** Offers an extra disk of the machine to one initiator, through the kernel's configuration filesystem. */
async function offer(server: Machine, disk: string): Promise<void> {
  const core = '/sys/kernel/config/target/core/iblock_0/sbx'
  const group = `/sys/kernel/config/target/iscsi/${TARGET}/tpgt_1`
  const script = [
    'set -e',
    'modprobe target_core_iblock',
    'modprobe iscsi_target_mod',
    'mountpoint -q /sys/kernel/config || mount -t configfs configfs /sys/kernel/config',
    `mkdir -p ${core}`,
    `echo udev_path=${disk} >${core}/control`,
    `echo 1 >${core}/enable`,
    // The folder of the fabric makes itself known.
    'mkdir -p /sys/kernel/config/target/iscsi',
    `mkdir -p ${group}/lun/lun_0 ${group}/np/0.0.0.0:3260 ${group}/acls/${INITIATOR}/lun_0`,
    `ln -s ${core} ${group}/lun/lun_0/sbx`,
    `ln -s ${group}/lun/lun_0 ${group}/acls/${INITIATOR}/lun_0/sbx`,
    `echo 0 >${group}/attrib/authentication`,
    `echo 1 >${group}/enable`,
  ]
  await server.run(script.join('\n'), sudo)
}

describe(
  'storage',
  {
    features: ['open-iscsi'],
    machines: 2,
    privateNetwork: true,
    tags: ['system'],
    timeoutMs: 180_000,
  },
  () => {
    test(
      'iscsi',
      {
        description:
          'A disk of one machine is a disk of the other: formatted, mounted, and there with its file after a reboot.',
        aliases: ['packages'],
        disks: [{ serial: 'shared', sizeMiB: 96 }],
      },
      async ({ cluster }) => {
        const [server, client] = cluster.machines
        if (server === undefined || client === undefined) throw new Error('two machines were asked for')
        await offer(server, '/dev/disk/by-id/virtio-shared')
        await expect(server).toListenOn(3260)
        const portal = `${server.privateAddress?.ipv4}:3260`
        const disk = `/dev/disk/by-path/ip-${portal}-iscsi-${TARGET}-lun-0`
        const iscsiadm = async (...args: readonly string[]): Promise<string> =>
          await client.run(['iscsiadm', ...args], { ...sudo, timeoutMs: 60_000 * client.slowness })
        await client.writeFile('/etc/iscsi/initiatorname.iscsi', `InitiatorName=${INITIATOR}\n`)
        await client.run(['systemctl', 'enable', '--now', 'iscsid.service'], sudo)
        const found = await iscsiadm('--mode=discovery', '--type=sendtargets', `--portal=${portal}`)
        expect(found).toContain(TARGET)
        await iscsiadm('--mode=node', `--targetname=${TARGET}`, '--login')
        await expect(client).toRun(['test', '-b', disk], { timeoutMs: 15_000 })
        await client.run(['mkfs.ext4', '-q', disk], sudo)
        await client.run(`mkdir -p /mnt/shared && mount ${disk} /mnt/shared`, sudo)
        await client.run('echo kept >/mnt/shared/file && sync', sudo)
        const session = ['--mode=node', `--targetname=${TARGET}`]
        await iscsiadm(...session, '--op=update', '--name=node.startup', '--value=automatic')
        await client.run(['systemctl', 'enable', 'open-iscsi.service'], sudo)
        await client.run('umount /mnt/shared', sudo)
        await client.reboot()
        await expect(client).toRun(['test', '-b', disk], { timeoutMs: 30_000 })
        await client.run(`mount ${disk} /mnt/shared`, sudo)
        await expect(client).toHaveFile('/mnt/shared/file', { content: 'kept\n' })
        await test.step('nobody else is let in', async () => {
          await client.run('umount /mnt/shared', sudo)
          await iscsiadm(...session, '--logout')
          const other = `InitiatorName=${INITIATOR}-other\n`
          await client.writeFile('/etc/iscsi/initiatorname.iscsi', other)
          await client.run(['systemctl', 'restart', 'iscsid.service'], sudo)
          const refused = await client.exec(['iscsiadm', ...session, '--login'], {
            ...sudo,
            timeoutMs: 60_000 * client.slowness,
          })
          expect(refused.exitCode).not.toBe(0)
          expect(refused.stderr).toMatch(/authorization failure/)
        })
      },
    )
  },
)
