// An updated machine and a machine that began with that version are the same: whatever an update leaves behind shows here.

import { describe, expect, skip, test, type SnapshotExceptions } from '../../harness/index.ts'

/** What this test itself has put there: where the machine gets its updates. */
const except: SnapshotExceptions = { etc: [/^sysupdate\.d(?:\/|$)/, 'reference/update.conf'] }

describe('update', { firstBoot: true, firmwares: ['uefi', 'uefi-secure'], timeoutMs: 240_000 }, () => {
  test(
    'converge',
    {
      description: 'A machine that was updated and one that began with that version have the same state.',
      payloads: ['next'],
      distros: ['reference'],
    },
    async ({ machine, cluster, updateServer, payloads }) => {
      const next = payloads.get('next')
      const { image } = next
      if (image === undefined) skip('needs the version to update to as a disk image as well')
      await machine.updates.offer(updateServer, next)
      await machine.updates.follow(updateServer.urls)
      await machine.updates.update()
      await machine.reboot()
      const fresh = await test.step('a fresh machine of that version', async () => {
        const other = await cluster.boot({ image })
        // Its first boot does more than any other; the second is like the updated machine's.
        await other.reboot()
        return other
      })
      expect((await fresh.snapshot()).sections.packages).toHaveProperty('systemd')
      await expect(machine).toHaveStateOf(fresh, { except })
    },
  )
})
