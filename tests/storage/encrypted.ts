// Encrypted disks, ROOT among them, that open by themselves: bound to the machine's TPM, or to a Tang server of the network.

import {
  describe,
  expect,
  test,
  type HttpAnswer,
  type HttpFixture,
  type HttpRequest,
  type Machine,
  type Requirements,
} from '../../harness/index.ts'
import { dataUrl } from '../ignition/data-url.ts'

const sudo = { sudo: true } as const
const ROOT = '/dev/disk/by-partlabel/ROOT'
const DATA = '/dev/disk/by-id/virtio-secret'
// A key of a passphrase's kind costs what it should; under emulation minutes.
const cheap = ['--pbkdf', 'pbkdf2', '--pbkdf-force-iterations', '1000']

type Config = Readonly<Record<string, unknown>> & { readonly storage: object }

interface Binding {
  readonly clevis?: object
  readonly keyFile?: object
}

/** ROOT in an encrypted volume. */
const encryptedRoot = (binding: Binding, units: readonly object[] = []): Config => ({
  ignition: { version: '3.2.0' },
  storage: {
    luks: [{ name: 'root', device: ROOT, wipeVolume: true, options: cheap, ...binding }],
    filesystems: [{ device: '/dev/mapper/root', format: 'ext4', label: 'ROOT', wipeFilesystem: true }],
  },
  systemd: { units },
})

/** An extra disk as encrypted volume, mounted in every boot. */
const encryptedDisk = (binding: Binding): Config => ({
  ignition: { version: '3.2.0' },
  storage: {
    luks: [{ name: 'secret', device: DATA, wipeVolume: true, options: cheap, ...binding }],
    filesystems: [
      { device: '/dev/mapper/secret', format: 'ext4', path: '/var/secret', wipeFilesystem: true },
    ],
  },
  systemd: {
    units: [
      {
        name: 'var-secret.mount',
        enabled: true,
        contents:
          '[Mount]\nWhat=/dev/mapper/secret\nWhere=/var/secret\nType=ext4\nOptions=_netdev\n[Install]\nWantedBy=multi-user.target\n',
      },
      {
        name: 'clevis-luks-askpass.path',
        enabled: true,
        dropins: [{ name: '10-start.conf', contents: '[Install]\nWantedBy=sysinit.target\n' }],
      },
    ],
  },
})

/** What `/` or a mount point lies on is encrypted, and nothing but `token` opens it. */
async function expectEncrypted(machine: Machine, path: string, device: string, token: string): Promise<void> {
  const source = await machine.run(['findmnt', '--noheadings', '--output=SOURCE', path])
  await expect(machine).toRun(['lsblk', '--noheadings', '--nodeps', '--output=TYPE', source], {
    stdout: /^crypt$/m,
  })
  const header = JSON.parse(
    await machine.run(['cryptsetup', 'luksDump', '--dump-json-metadata', device], sudo),
  ) as {
    readonly tokens: Readonly<Record<string, { readonly type: string; readonly keyslots: readonly string[] }>>
    readonly keyslots: object
  }
  const tokens = Object.values(header.tokens)
  expect(tokens.map(({ type }) => type)).toEqual([token])
  expect(Object.keys(header.keyslots)).toEqual(tokens.flatMap(({ keyslots }) => keyslots))
}

async function surviveReboot(machine: Machine, folder: string): Promise<void> {
  await machine.run(['sh', '-c', `echo kept >${folder}/sbx-kept && sync`], sudo)
  await machine.reboot()
  await expect(machine).toHaveFile(`${folder}/sbx-kept`, { content: 'kept\n', timeoutMs: 15_000 })
}

const common: Requirements = {
  firstBoot: true,
  distros: ['reference'],
  features: ['luks', 'clevis', 'tpm2-tools'],
  tags: ['system', 'security'],
  timeoutMs: 180_000,
}

/** Enrols the TPM in the first boot, as users do: the key of the config is gone afterwards. */
const enrol = {
  name: 'sbx-enrol.service',
  enabled: true,
  contents: [
    '[Unit]',
    'ConditionPathExists=/etc/luks/root',
    '[Service]',
    'Type=oneshot',
    'RemainAfterExit=yes',
    `ExecStart=systemd-cryptenroll --unlock-key-file=/etc/luks/root --tpm2-device=auto --tpm2-pcrs= --wipe-slot=0 ${ROOT}`,
    'ExecStart=rm /etc/luks/root',
    '[Install]',
    'WantedBy=multi-user.target',
    '',
  ].join('\n'),
}
const keyed = encryptedRoot({ keyFile: { source: dataUrl('the key of the first boot') } }, [enrol])

describe('storage.tpm', { ...common, tpm: true }, () => {
  test(
    'root',
    {
      description: 'ROOT is encrypted and bound to the TPM by clevis; it is opened by that in every boot.',
      aliases: ['cl.tpm.root'],
      ignition: encryptedRoot({ clevis: { tpm2: true } }),
    },
    async ({ machine }) => {
      await expectEncrypted(machine, '/', ROOT, 'clevis')
      await surviveReboot(machine, '/var/lib')
      await expectEncrypted(machine, '/', ROOT, 'clevis')
    },
  )

  test(
    'disk',
    {
      description: 'An encrypted disk that clevis has bound to the TPM is opened and mounted in every boot.',
      aliases: ['cl.tpm.nonroot'],
      disks: [{ serial: 'secret', sizeMiB: 64 }],
      ignition: encryptedDisk({ clevis: { tpm2: true } }),
    },
    async ({ machine }) => {
      await expectEncrypted(machine, '/var/secret', DATA, 'clevis')
      await surviveReboot(machine, '/var/secret')
      await expectEncrypted(machine, '/var/secret', DATA, 'clevis')
    },
  )

  test(
    'root-enrolled',
    {
      description:
        'A unit of the first boot puts the TPM in the place of the key that ROOT was encrypted with.',
      aliases: ['cl.tpm.root-cryptenroll'],
      ignition: keyed,
    },
    async ({ machine }) => {
      await expect(machine).toHaveActiveUnit('sbx-enrol.service', { timeoutMs: 20_000 })
      await expectEncrypted(machine, '/', ROOT, 'systemd-tpm2')
      await expect(machine).not.toHaveFile('/etc/luks/root', { timeoutMs: 1 })
      await surviveReboot(machine, '/var/lib')
      await expectEncrypted(machine, '/', ROOT, 'systemd-tpm2')
    },
  )

  describe('measured', { firmwares: ['uefi', 'uefi-secure'], ignition: keyed, timeoutMs: 300_000 }, () => {
    /** Binds the volume to what was booted, or with none to the TPM alone. */
    const bindTo = async (machine: Machine, registers: string): Promise<void> => {
      const enroll = ['systemd-cryptenroll', '--unlock-tpm2-device=auto', '--tpm2-device=auto']
      await machine.run([...enroll, `--tpm2-pcrs=${registers}`, '--wipe-slot=tpm2', ROOT], sudo)
    }
    const boundTo = async (machine: Machine): Promise<readonly number[]> => {
      const header = JSON.parse(
        await machine.run(['cryptsetup', 'luksDump', '--dump-json-metadata', ROOT], sudo),
      ) as { readonly tokens: Readonly<Record<string, { readonly 'tpm2-pcrs'?: readonly number[] }>> }
      return Object.values(header.tokens).flatMap((token) => token['tpm2-pcrs'] ?? [])
    }
    // Loader and kernel, Secure Boot, GRUB's commands (8, untouched where it is not used), what systemd-boot and its stub measure.
    const registers = [4, 7, 8, 9, 11, 12, 13]

    test(
      'same-version',
      {
        description: 'Bound to what was booted ROOT opens as long as the same is booted.',
        aliases: ['cl.tpm.root-cryptenroll-pcr-noupdate'],
      },
      async ({ machine }) => {
        await expect(machine).toHaveActiveUnit('sbx-enrol.service', { timeoutMs: 20_000 })
        // The first boot has arguments of its own: what is bound to is a later one's.
        await machine.reboot()
        await bindTo(machine, registers.join('+'))
        expect(await boundTo(machine)).toEqual(registers)
        await surviveReboot(machine, '/var/lib')
        await expectEncrypted(machine, '/', ROOT, 'systemd-tpm2')
      },
    )

    test(
      'next-version',
      {
        description:
          'Before an update the binding is taken back to the TPM alone; the next version opens ROOT, and is bound to.',
        aliases: ['cl.tpm.root-cryptenroll-pcr-withupdate'],
        payloads: ['next'],
      },
      async ({ machine, updateServer, payloads }) => {
        const next = payloads.get('next')
        await expect(machine).toHaveActiveUnit('sbx-enrol.service', { timeoutMs: 20_000 })
        await machine.reboot()
        await bindTo(machine, registers.join('+'))
        await machine.updates.offer(updateServer, next)
        await machine.updates.follow(updateServer.urls)
        await machine.updates.update()
        await bindTo(machine, '')
        expect(await boundTo(machine)).toEqual([])
        await surviveReboot(machine, '/var/lib')
        expect((await machine.updates.booted()).version).toBe(next.version)
        await bindTo(machine, registers.join('+'))
        await surviveReboot(machine, '/var/lib')
        await expectEncrypted(machine, '/', ROOT, 'systemd-tpm2')
      },
    )
  })
})

describe('storage.tang', { ...common, features: [...(common.features ?? []), 'tang'] }, () => {
  interface Tang {
    /** What Ignition is told. */
    readonly binding: Binding
    /** Whether it answers; when it does not, as if it were away. */
    up: boolean
  }

  /**
   * Debian's tangd, on the first machine: it answers one request, as systemd's socket has it. The initrd of another machine
   * reaches the host, which passes each request on.
   */
  const startTang = async (server: Machine, http: HttpFixture): Promise<Tang> => {
    await server.run(['rm', '-rf', '/var/lib/tang'], sudo)
    await server.run(['install', '-d', '-m', '0750', '-o', '_tang', '-g', '_tang', '/var/lib/tang'], sudo)
    await server.run(['runuser', '-u', '_tang', '--', '/usr/libexec/tangd-keygen', '/var/lib/tang'], sudo)
    const tang = { up: true }
    const ask = async ({ method, path, body }: HttpRequest): Promise<HttpAnswer> => {
      if (!tang.up) return { status: 503, body: '' }
      const inner = path.replace(/^\/tang/, '')
      const head = `${method} ${inner} HTTP/1.1\r\nHost: tang\r\nContent-Type: application/jwk+json\r\nContent-Length: ${body.length}\r\n\r\n`
      const { stdout } = await server.exec(['/usr/libexec/tangd', '/var/lib/tang'], {
        ...sudo,
        stdin: Buffer.concat([Buffer.from(head), body]),
      })
      const [, status = '502'] = /^HTTP\/1\.1 (\d+)/.exec(stdout) ?? []
      return {
        status: Number(status),
        contentType: 'application/jose+json',
        body: stdout.slice(stdout.indexOf('\r\n\r\n') + 4),
      }
    }
    const url = http.respond('/tang/', ask).replace(/\/$/, '')
    await server.run(['systemctl', 'start', 'tangd.socket'], sudo)
    const thumbprint = (await server.run(['tang-show-keys', '80'])).trim()
    expect(thumbprint).toMatch(/^[\w-]{43}$/)
    return Object.assign(tang, { binding: { clevis: { tang: [{ url, thumbprint }] } } })
  }

  /** With something to fetch the network is up in the initrd of the first boot. */
  const fetching = (config: Config, source: string): Config => ({
    ...config,
    storage: { ...config.storage, files: [{ path: '/etc/sbx-fetched', contents: { source } }] },
  })

  test(
    'root',
    {
      description: 'ROOT is bound to a Tang server: the initrd asks it in every boot.',
      aliases: ['cl.tang.root'],
    },
    async ({ machine: server, cluster, http }) => {
      const { binding } = await startTang(server, http)
      const ignition = fetching(encryptedRoot(binding), http.serve('/fetched', ''))
      const machine = await cluster.boot({ ignition })
      await expectEncrypted(machine, '/', ROOT, 'clevis')
      await surviveReboot(machine, '/var/lib')
      await expectEncrypted(machine, '/', ROOT, 'clevis')
      expect(http.requests.filter(({ path }) => path.startsWith('/tang/rec/')).length).toBeGreaterThan(1)
    },
  )

  test(
    'disk',
    {
      description:
        'An encrypted disk is opened with the help of a Tang server, and stays shut while that is away.',
      aliases: ['cl.tang.nonroot'],
    },
    async ({ machine: server, cluster, http }) => {
      const tang = await startTang(server, http)
      const ignition = fetching(encryptedDisk(tang.binding), http.serve('/fetched', ''))
      const machine = await cluster.boot({ ignition, disks: [{ serial: 'secret', sizeMiB: 64 }] })
      await expectEncrypted(machine, '/var/secret', DATA, 'clevis')
      await surviveReboot(machine, '/var/secret')
      await expectEncrypted(machine, '/var/secret', DATA, 'clevis')
      await machine.run(['systemctl', 'stop', 'var-secret.mount'], sudo)
      await machine.run(['cryptsetup', 'close', 'secret'], sudo)
      const again = ['clevis', 'luks', 'unlock', '-d', DATA, '-n', 'again']
      tang.up = false
      expect((await machine.exec(again, sudo)).exitCode).not.toBe(0)
      await expect(machine).not.toHaveFile('/dev/mapper/again', { timeoutMs: 1 })
      // It was the server that was missing: with it the same opens.
      tang.up = true
      await machine.run(again, sudo)
      await machine.run('mkdir /mnt/again && mount -o ro /dev/mapper/again /mnt/again', sudo)
      await expect(machine).toHaveFile('/mnt/again/sbx-kept', { content: 'kept\n' })
    },
  )
})
