// The smallest config there is: the machine comes up as the image made it.

import { describe, expect, test } from '../../harness/index.ts'

describe('ignition', { firstBoot: true }, () => {
  test(
    'empty',
    {
      description: 'With an empty config the machine boots, runs every stage and adds nothing.',
      aliases: ['cl.ignition.misc.empty', 'cl.ignition.v2.noop'],
      distros: ['reference'],
      ignition: { ignition: { version: '3.0.0' } },
    },
    async ({ machine }) => {
      await expect(machine).toHaveActiveUnit('multi-user.target')
      await expect(machine).toHaveNoFailedUnits()
      await expect(machine).toHaveFile('/boot/reference/ignition-done')
      const shipped = await machine.readFile('/usr/share/reference/etc/passwd')
      const now = await machine.readFile('/etc/passwd')
      const names = (passwd: string): readonly string[] =>
        passwd
          .trimEnd()
          .split('\n')
          .map((line) => line.split(':')[0] ?? '')
      expect(names(now).toSorted()).toEqual(names(shipped).toSorted())
    },
  )
})
