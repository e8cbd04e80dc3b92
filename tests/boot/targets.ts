// The boot went all the way: every target was reached, nothing failed, nothing is still waiting.

import { describe, expect, test } from '../../harness/index.ts'

const targets = [
  'sysinit.target',
  'local-fs.target',
  'network.target',
  'sockets.target',
  'timers.target',
  'multi-user.target',
]

describe('boot', { firstBoot: true, exclusive: false }, () => {
  test(
    'targets',
    {
      description: 'All targets up to multi-user are reached, no unit failed, no job is left.',
      tags: ['smoke'],
      aliases: ['cl.basic'],
    },
    async ({ machine }) => {
      for (const target of targets) await expect(machine).toHaveActiveUnit(target)
      await expect(machine).toHaveNoFailedUnits()
      await expect(machine).toRun(['systemctl', 'is-system-running'], { stdout: /^running$/ })
      await expect(machine).toRun(['systemctl', 'get-default'], { stdout: /^multi-user\.target$/ })
      expect(await machine.run(['systemctl', 'list-jobs', '--no-legend'])).toBe('')
    },
  )
})
