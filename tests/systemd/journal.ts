// The journal is kept on disk, over a reboot too.

import { describe, expect, test } from '../../harness/index.ts'

describe('systemd', () => {
  test(
    'journal-persists',
    {
      description:
        'What was logged before a reboot is in the journal afterwards, as that of the boot before.',
      timeoutMs: 120_000,
    },
    async ({ machine }) => {
      await machine.run(['logger', '--tag', 'signalbox-persist', 'written before the reboot'])
      const search = ['journalctl', '--quiet', '--output=cat', '--identifier=signalbox-persist']
      await expect(machine).toRun([...search, '--boot'], { stdout: /^written before the reboot$/ })

      await machine.reboot()

      await expect(machine).toRun([...search, '--boot=-1'], { stdout: /^written before the reboot$/ })
      expect(await machine.run([...search, '--boot'])).toBe('')
      const boots = JSON.parse(
        await machine.run(['journalctl', '--list-boots', '--output=json']),
      ) as readonly unknown[]
      expect(boots).toHaveLength(2)
    },
  )
})
