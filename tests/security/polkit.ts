// Who may do what, by polkit: a plain user nothing that is an administrator's, and what a rule gives him.

import { expect, test } from '../../harness/index.ts'

const sudo = { sudo: true } as const

const RULE = `polkit.addRule(function (action, subject) {
  if (action.id === 'org.freedesktop.systemd1.manage-units' && subject.user === 'core' &&
      action.lookup('unit') === 'sbx-own.service' && action.lookup('verb') === 'restart') {
    return polkit.Result.YES;
  }
});
`

const unit = (name: string): string => `[Service]
ExecStart=/bin/sleep infinity
[Unit]
Description=${name}
`

test(
  'security.polkit',
  {
    description:
      'polkit lets a plain user manage no unit and set no clock; a rule lets him restart one, and that one only.',
    tags: ['system'],
    features: ['polkit'],
  },
  async ({ machine }) => {
    for (const name of ['sbx-own', 'sbx-other'])
      await machine.writeFile(`/etc/systemd/system/${name}.service`, unit(name))
    await machine.run('systemctl daemon-reload && systemctl start sbx-own.service sbx-other.service', sudo)
    const pid = async (name: string): Promise<string> =>
      await machine.run(['systemctl', 'show', '--property=MainPID', '--value', name])
    /** True when the unit has a new process; refused, it has the old one and systemctl says why. */
    const mayRestart = async (name: string): Promise<boolean> => {
      const before = await pid(name)
      const { exitCode, stderr } = await machine.exec(['systemctl', '--no-ask-password', 'restart', name])
      if (exitCode !== 0) expect(stderr).toMatch(/authentication required/i)
      expect((await pid(name)) === before).toBe(exitCode !== 0)
      return exitCode === 0
    }
    const may = async (action: string): Promise<number | null> =>
      (await machine.exec(['sh', '-c', `pkcheck --action-id ${action} --process $$`])).exitCode
    await test.step('by what the image has', async () => {
      expect(await mayRestart('sbx-own.service')).toBe(false)
      expect(await mayRestart('sbx-other.service')).toBe(false)
      // 0 is yes, 1 no, 2 only with a password that nobody is there to ask for: pkcheck(1).
      expect(await may('org.freedesktop.systemd1.manage-units')).toBe(2)
      expect(await may('org.freedesktop.timedate1.set-time')).toBe(2)
      const clock = await machine.exec(['timedatectl', '--no-ask-password', 'set-timezone', 'Asia/Tokyo'])
      expect(clock).toMatchObject({
        exitCode: 1,
        stderr: expect.stringMatching(/authentication required|access denied/i),
      })
      expect(await machine.run(['systemctl', 'is-active', 'polkit.service'])).toBe('active')
    })
    await test.step('with a rule', async () => {
      await machine.writeFile('/etc/polkit-1/rules.d/10-sbx.rules', RULE)
      await expect.poll(async () => await mayRestart('sbx-own.service')).toBe(true)
      expect(await mayRestart('sbx-other.service')).toBe(false)
    })
  },
)
