// What a unit shuts a service off from it cannot reach, whoever it runs as.

import { describe, expect, test, type CommandOutcome, type Machine } from '../../harness/index.ts'

async function confined(
  machine: Machine,
  properties: readonly string[],
  script: string,
): Promise<CommandOutcome> {
  const options = properties.map((each) => `--property=${each}`)
  return await machine.exec(
    ['systemd-run', '--quiet', '--wait', '--pipe', '--collect', ...options, 'sh', '-c', script],
    { sudo: true },
  )
}

describe('security.sandbox', { exclusive: false, tags: ['system'] }, () => {
  test(
    'files',
    {
      description:
        'ProtectSystem, ProtectHome, PrivateTmp and InaccessiblePaths keep a service of root out of files.',
    },
    async ({ machine }) => {
      await machine.run('touch /tmp/sbx-outside')
      const free = await confined(
        machine,
        [],
        'ls /tmp/sbx-outside /home/core && touch /etc/sbx-free && rm /etc/sbx-free',
      )
      expect(free.exitCode).toBe(0)
      const limits = [
        'ProtectSystem=strict',
        'ProtectHome=yes',
        'PrivateTmp=yes',
        'InaccessiblePaths=/var/log',
      ]
      const write = await confined(machine, limits, 'touch /etc/sbx-confined')
      expect([write.exitCode, write.stderr]).toEqual([1, expect.stringContaining('Read-only file system')])
      for (const path of ['/tmp/sbx-outside', '/home/core', '/var/log/journal']) {
        const look = await confined(machine, limits, `ls ${path}`)
        expect.soft(`${path}: ${look.exitCode}`).not.toBe(`${path}: 0`)
      }
    },
  )

  test(
    'system-calls',
    { description: 'A system call outside of the filter fails, or ends the service with SIGSYS.' },
    async ({ machine }) => {
      const filter = 'SystemCallFilter=~chmod fchmod fchmodat fchmodat2'
      const script = 'touch /run/sbx-mode && chmod 600 /run/sbx-mode'
      expect((await confined(machine, [], script)).exitCode).toBe(0)
      const refused = await confined(machine, [filter, 'SystemCallErrorNumber=EPERM'], script)
      expect([refused.exitCode, refused.stderr]).toEqual([1, expect.stringContaining('not permitted')])
      const { stderr } = await machine.exec(
        ['systemd-run', '--wait', '--collect', `--property=${filter}`, 'chmod', '600', '/run/sbx-mode'],
        { sudo: true },
      )
      expect(stderr).toMatch(/status=31\/SYS/)
    },
  )

  test(
    'user',
    {
      description:
        'A dynamic user has a uid of its own for as long as the service runs, few rights, and no way to more.',
    },
    async ({ machine }) => {
      const { exitCode, stdout } = await confined(
        machine,
        ['DynamicUser=yes', 'CapabilityBoundingSet='],
        "id -u; grep -E '^(CapBnd|NoNewPrivs)' /proc/self/status; cat /etc/shadow; sudo -n true && echo escalated; exit 0",
      )
      expect(exitCode).toBe(0)
      const [uid = ''] = stdout.split('\n')
      expect(Number(uid)).toBeGreaterThanOrEqual(61_184)
      expect(Number(uid)).toBeLessThanOrEqual(65_519)
      expect(stdout).toMatch(/^CapBnd:\s+0+$/m)
      expect(stdout).toMatch(/^NoNewPrivs:\s+1$/m)
      expect(stdout).not.toMatch(/^root:/m)
      expect(stdout).not.toContain('escalated')
      await expect(machine).toRun(['getent', 'passwd', uid], { exitCode: 2 })
    },
  )

  test(
    'network',
    {
      description:
        'A service without network sees only its own loopback; one without sockets of IP opens none.',
    },
    async ({ machine }) => {
      const alone = await confined(machine, ['PrivateNetwork=yes'], 'ip -oneline link')
      expect(alone.stdout.trim().split('\n')).toEqual([expect.stringMatching(/^1: lo:/)])
      // The local resolver answers there.
      const connect = 'timeout 10 bash -c ": </dev/tcp/127.0.0.53/53" && echo connected'
      expect((await confined(machine, [], connect)).stdout.trim()).toBe('connected')
      for (const limit of ['RestrictAddressFamilies=AF_UNIX', 'IPAddressDeny=any', 'PrivateNetwork=yes']) {
        const { exitCode, stdout } = await confined(machine, [limit], connect)
        expect.soft([limit, exitCode === 0, stdout]).toEqual([limit, false, ''])
      }
    },
  )
})
