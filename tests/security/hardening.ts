// How the kernel is set: what must be so, and all the rest recorded, to be compared from image to image.

import { attach, describe, expect, metric, test } from '../../harness/index.ts'

/** Built into the kernel, and must stay so. */
const builtIn: readonly string[] = [
  'STRICT_KERNEL_RWX',
  'STRICT_MODULE_RWX',
  'STACKPROTECTOR_STRONG',
  'VMAP_STACK',
  'RANDOMIZE_BASE',
  'HARDENED_USERCOPY',
  'FORTIFY_SOURCE',
  'SLAB_FREELIST_RANDOM',
  'SLAB_FREELIST_HARDENED',
  'SHUFFLE_PAGE_ALLOCATOR',
  'SECCOMP_FILTER',
  'SECURITY_SELINUX',
  'SECURITY_YAMA',
  'SECURITY_LOCKDOWN_LSM',
  'SECURITY_LANDLOCK',
  'BPF_UNPRIV_DEFAULT_OFF',
  'MODULE_SIG',
  'STRICT_DEVMEM',
  'INIT_ON_ALLOC_DEFAULT_ON',
  'SYN_COOKIES',
  'AUDIT',
]

/** What makes a kernel softer, and is off. */
const leftOut: readonly string[] = ['DEVKMEM', 'LEGACY_VSYSCALL_EMULATE', 'COMPAT_BRK', 'X86_PTDUMP']

/** Settings that no version may loosen. */
const required: Readonly<Record<string, RegExp>> = {
  'kernel.dmesg_restrict': /^1$/,
  'kernel.randomize_va_space': /^2$/,
  'kernel.unprivileged_bpf_disabled': /^[12]$/,
  'kernel.perf_event_paranoid': /^[2-9]$/,
  'fs.protected_hardlinks': /^1$/,
  'fs.protected_symlinks': /^1$/,
  'fs.suid_dumpable': /^[02]$/,
  'vm.unprivileged_userfaultfd': /^0$/,
  'vm.mmap_min_addr': /^[1-9]\d{4,}$/,
  'net.ipv4.tcp_syncookies': /^1$/,
  'net.ipv4.conf.all.accept_source_route': /^0$/,
  'net.ipv6.conf.all.accept_source_route': /^0$/,
}

describe('security', { exclusive: false, tags: ['system'], distros: ['reference'] }, () => {
  test(
    'sysctl',
    {
      description:
        'The settings of the kernel that protect users from each other are on; all settings are recorded.',
    },
    async ({ machine }) => {
      const text = await machine.run('/usr/sbin/sysctl -a 2>/dev/null', { sudo: true })
      const settings = new Map(
        text
          .split('\n')
          .map((line): [string, string] => [
            line.slice(0, Math.max(line.indexOf(' ='), 0)),
            line.replace(/^.*? = ?/, ''),
          ]),
      )
      expect(settings.size).toBeGreaterThan(300)
      await attach(
        'sysctl.txt',
        `${[...settings]
          .map((pair) => pair.join(' = '))
          .toSorted()
          .join('\n')}\n`,
      )
      metric('sysctl.settings', settings.size)
      const asWanted = Object.entries(required).filter(([name, wanted]) =>
        wanted.test(settings.get(name) ?? ''),
      )
      metric('hardening.sysctls', asWanted.length)
      for (const [name, wanted] of Object.entries(required))
        expect
          .soft(`${name} = ${settings.get(name)}`)
          .toMatch(new RegExp(`^${name} = (?:${wanted.source.slice(1, -1)})$`))
    },
  )

  test(
    'kernel-flags',
    {
      description:
        'Memory is never writable and executable at once, and the kernel has no taint; its protections are recorded.',
    },
    async ({ machine }) => {
      expect((await machine.readFile('/proc/sys/kernel/tainted')).trim()).toBe('0')
      const facts = await machine.run(
        `grep -H . /sys/devices/system/cpu/vulnerabilities/* /sys/kernel/security/lockdown /sys/kernel/security/lsm /proc/cmdline /proc/sys/crypto/fips_enabled`,
        { sudo: true },
      )
      await attach('kernel-flags.txt', `${facts}\n`)
      const vulnerable = facts.split('\n').filter((line) => /vulnerabilities\/\w+:Vulnerable/.test(line))
      metric('kernel.vulnerabilities', vulnerable.length)
      // In the order of how much they refuse; the one in force is in brackets.
      const [, state = ''] = /\/lockdown:.*\[(\w+)\]/.exec(facts) ?? []
      const states = ['none', 'integrity', 'confidentiality']
      expect(states).toContain(state)
      metric('hardening.lockdown-state', states.indexOf(state))
      expect(facts).toMatch(/\/lsm:.*\bselinux\b/)
      // No page of a running service may be both; the rights are the second column.
      const open = await machine.run(
        `grep -lE '^[0-9a-f]+-[0-9a-f]+ .wx' /proc/[0-9]*/maps 2>/dev/null || true`,
        { sudo: true },
      )
      expect(open).toBe('')
      await expect(machine).toRun(
        'journalctl --boot --dmesg --output=cat --grep="x86/mm: Checked W\\+X mappings"',
        { sudo: true, stdout: /no W\+X pages found/ },
      )
    },
  )

  test(
    'kernel-config',
    {
      description:
        'The kernel was built with the protections that it had; all of its options are recorded, to be compared.',
    },
    async ({ machine }) => {
      const { kernelConfig } = (await machine.snapshot()).sections
      const options = Object.entries(kernelConfig)
      expect(options.length).toBeGreaterThan(1000)
      await attach('kernel-config.txt', options.map(([name, value]) => `${name}=${value}\n`).join(''))
      const isOn = (name: string): boolean => kernelConfig[`CONFIG_${name}`] === 'y'
      // A gate compares them with the image that was promoted last: docs/gate.md.
      metric('hardening.kernel-options', builtIn.filter(isOn).length)
      metric('hardening.lockdown', isOn('SECURITY_LOCKDOWN_LSM') ? 1 : 0)
      expect.soft(builtIn.filter((name) => !isOn(name))).toEqual([])
      expect.soft(leftOut.filter(isOn)).toEqual([])
    },
  )

  test(
    'exposure',
    {
      description:
        'What every service of the image is shut off from is recorded, as systemd rates it from 0 to 10.',
    },
    async ({ machine }) => {
      const text = await machine.run(['systemd-analyze', 'security', '--json=short', '--no-pager'], {
        sudo: true,
        timeoutMs: 60_000 * machine.slowness,
      })
      const units = JSON.parse(text) as readonly { readonly unit: string; readonly exposure: string }[]
      await attach('exposure.json', text)
      const rated = units.map(({ unit, exposure }) => ({ unit, exposure: Number(exposure) }))
      metric('services.exposure', rated.reduce((sum, { exposure }) => sum + exposure, 0) / rated.length)
      const daemons = [
        'systemd-networkd',
        'systemd-resolved',
        'systemd-timesyncd',
        'systemd-journald',
        'systemd-logind',
      ]
      for (const name of daemons) {
        const found = rated.find(({ unit }) => unit === `${name}.service`)
        expect.soft(found?.exposure).toBeLessThan(6)
      }
    },
  )
})
