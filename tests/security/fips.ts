// FIPS 140 mode: the kernel and its users offer only what the standard allows.

import { describe, expect, test } from '../../harness/index.ts'

/** Asks the kernel for a hash through its socket family; prints `yes` or why not. 38 is AF_ALG, 5 SOCK_SEQPACKET. */
const askKernel = (algorithm: string): string =>
  `socket(my $s, 38, 5, 0) or die "no AF_ALG: $!"; bind($s, pack("S a14 L L a64", 38, "hash", 0, 0, "${algorithm}")) ? print "yes" : print "no: $!"`

/** Algorithms of the FIPS provider and nothing else; after openssl's fips_module(7). */
const ONLY_FIPS = `config_diagnostics = 1
openssl_conf = openssl_init
.include /etc/ssl/fipsmodule.cnf
[openssl_init]
providers = provider_sect
alg_section = algorithm_sect
[provider_sect]
fips = fips_sect
base = base_sect
[base_sect]
activate = 1
[algorithm_sect]
default_properties = fips=yes
`

describe('security.fips', { tags: ['system'], kernelArguments: ['fips=1'], timeoutMs: 120_000 }, () => {
  test(
    'kernel',
    {
      description:
        'With fips=1 the kernel says that it is in FIPS mode, has tested its algorithms, and offers no MD5.',
      distros: ['reference'],
    },
    async ({ machine }) => {
      await expect(machine).toHaveFile('/proc/sys/crypto/fips_enabled', { content: '1\n' })
      const ask = async (algorithm: string): Promise<string> =>
        await machine.run(['perl', '-e', askKernel(algorithm)])
      expect(await ask('sha512')).toBe('yes')
      expect(await ask('md5')).toMatch(/^no: /)
      await expect(machine).toRun(['systemctl', 'is-system-running'], { stdout: /^running$/ })
    },
  )

  test(
    'openssl',
    {
      description: 'With its FIPS provider OpenSSL refuses MD5 and still makes SHA-512.',
      aliases: ['misc.fips'],
      features: ['openssl-fips'],
    },
    async ({ machine }) => {
      await machine.writeFile('/run/sbx-file', 'content\n')
      // What the module's check of itself comes to, for this machine: it does not load without.
      await machine.run(
        `openssl fipsinstall -out /etc/ssl/fipsmodule.cnf -module "$(openssl version -m | cut -d '"' -f 2)/fips.so"`,
        { sudo: true },
      )
      await machine.writeFile('/etc/ssl/openssl.cnf', ONLY_FIPS)
      await expect(machine).toRun(['openssl', 'list', '-providers'], { stdout: /^ +fips$/m })
      const refused = await machine.exec(['openssl', 'dgst', '-md5', '/run/sbx-file'])
      expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(/unsupported/) })
      await expect(machine).toRun(['openssl', 'dgst', '-sha512', '/run/sbx-file'], {
        stdout: /^SHA2-512\(.*\)= [0-9a-f]{128}$/,
      })
    },
  )
})
