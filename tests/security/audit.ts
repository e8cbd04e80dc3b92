// The kernel's audit: what a rule asks for is recorded, with who did it and whether it went through.

import { describe, expect, test } from '../../harness/index.ts'

const sudo = { sudo: true } as const

describe('security', { features: ['auditd'], tags: ['system'] }, () => {
  test(
    'audit',
    {
      description:
        'A watched file: who tries to read it is recorded with program, user and outcome; what nobody watches is not.',
    },
    async ({ machine }) => {
      await machine.run('mkdir -p /var/log/audit && chmod 700 /var/log/audit', sudo)
      await machine.run('for f in watched other; do install -m 600 /dev/null /etc/sbx-$f; done', sudo)
      await machine.run(['systemctl', 'start', 'auditd.service'], sudo)
      await machine.run(['auditctl', '-w', '/etc/sbx-watched', '-p', 'rwa', '-k', 'sbx'], sudo)
      await expect(machine).toRun(['auditctl', '-s'], { ...sudo, stdout: /^enabled 1$/m })
      for (const name of ['watched', 'other']) {
        expect((await machine.exec(['cat', `/etc/sbx-${name}`])).exitCode).toBe(1)
        await machine.run(['cat', `/etc/sbx-${name}`], sudo)
      }
      // Without a terminal ausearch would read what it is piped.
      const records = async (): Promise<readonly string[]> => {
        const { stdout } = await machine.exec(['ausearch', '--input-logs', '--key', 'sbx', '--raw'], sudo)
        return stdout.split('\n').filter((line) => line.startsWith('type=SYSCALL'))
      }
      await expect
        .poll(records, { timeoutMs: 8000 * machine.slowness })
        .toEqual(
          expect.arrayContaining([
            expect.stringMatching(/ success=no .* uid=500 .* exe="\/usr\/bin\/cat"/),
            expect.stringMatching(/ success=yes .* uid=0 .* exe="\/usr\/bin\/cat"/),
          ]),
        )
      await expect(machine).toRun(['ausearch', '--input-logs', '--file', '/etc/sbx-other'], {
        ...sudo,
        exitCode: 1,
      })
      // Nobody else reads it, but the group that auditd.conf names, if it names one.
      const settings = await machine.run(['cat', '/etc/audit/auditd.conf'], sudo)
      const group = /^log_group\s*=\s*(\S+)$/m.exec(settings)?.[1] ?? 'root'
      await expect(machine).toHaveFile('/var/log/audit/audit.log', {
        mode: group === 'root' ? 0o600 : 0o640,
        owner: `root:${group}`,
      })
    },
  )
})
