// What Ignition cannot do must not be half done: the boot ends in the initrd, and the console says at which stage and why.

import {
  describe,
  expect,
  test,
  type HttpFixture,
  type Machine,
  type UpdateServer,
} from '../../harness/index.ts'
import { dataUrl } from './data-url.ts'

type Config = Readonly<Record<string, unknown>>

interface Refusal {
  readonly name: string
  readonly description: string
  readonly config: Config | ((servers: Servers) => Config | Promise<Config>)
  readonly stage: 'fetch-offline' | 'fetch' | 'kargs' | 'disks' | 'files'
  /** Lines that Ignition logs, each from its beginning. */
  readonly says: readonly RegExp[]
}

interface Servers {
  readonly http: HttpFixture
  readonly updateServer: UpdateServer
}

const withFile = (path: string, contents: object): Config => ({
  ignition: { version: '3.1.0' },
  storage: { files: [{ path, contents }] },
})

// The harness looks at configs before a machine gets them, and not at those that are fetched.
const fetched = (text: string): Config => ({
  ignition: { version: '3.0.0', config: { merge: [{ source: dataUrl(text) }] } },
})

const refusals: readonly Refusal[] = [
  {
    name: 'kernel-arguments',
    description: 'Arguments for the kernel are refused where nothing of the image can write them.',
    config: { ignition: { version: '3.3.0' }, kernelArguments: { shouldExist: ['sbx.argument=1'] } },
    stage: 'kargs',
    says: [
      /^Ignition failed: failed adding kernel arguments: .*"--should-exist" "sbx\.argument=1".*kernelArguments is not supported/,
    ],
  },
  {
    name: 'other-filesystem',
    description: 'A filesystem of another type that may not be wiped is left as it is.',
    config: {
      ignition: { version: '3.0.0' },
      storage: {
        filesystems: [{ device: '/dev/disk/by-partlabel/OEM', format: 'vfat', wipeFilesystem: false }],
      },
    },
    stage: 'disks',
    says: [
      /^disks: createFilesystems: filesystem at "\/dev\/disk\/by-partlabel\/OEM" is not of the correct type, label, or UUID \(found ext4, "OEM"/,
      /^Ignition failed: failed to create filesystems: filesystem is not of the correct type$/,
    ],
  },
  {
    name: 'other-partition',
    description: 'A partition that is there already and fits the config neither way is left as it is.',
    config: {
      ignition: { version: '3.0.0' },
      storage: {
        disks: [
          { device: '/dev/disk/by-id/virtio-primary-disk', partitions: [{ number: 6, label: 'sbx-other' }] },
        ],
      },
    },
    stage: 'disks',
    says: [
      /^Ignition failed: .*Partition 6 didn't match: label did not match \(specified "sbx-other", got "OEM"\)/,
    ],
  },
  {
    name: 'file-in-the-way',
    description: 'A file that is there already is not replaced unless the config says so.',
    config: withFile('/etc/hosts', { source: 'data:,mine' }),
    stage: 'files',
    says: [
      /^Ignition failed: .*error creating file "\/sysroot\/etc\/hosts": A file exists there already and overwrite is false$/,
    ],
  },
  {
    name: 'not-found',
    description: 'A file that the server does not have is not left out.',
    config: ({ http }) => withFile('/opt/sbx-missing', { source: http.url('/missing') }),
    stage: 'files',
    says: [/^Ignition failed: .*failed to create file "\/sysroot\/opt\/sbx-missing": resource not found$/],
  },
  {
    name: 'not-compressed',
    description: 'A file that is to be unpacked and cannot be is not taken as it is.',
    config: withFile('/opt/sbx-plain', { source: 'data:,plain%20text', compression: 'gzip' }),
    stage: 'files',
    says: [/^Ignition failed: .*failed to create file "\/sysroot\/opt\/sbx-plain": gzip: invalid header$/],
  },
  {
    name: 'foreign-authority',
    description:
      'A server whose certificate comes from another authority than the one of the config is not believed.',
    config: async ({ updateServer }) => {
      await updateServer.offerFiles([
        { name: 'more.ign', content: Buffer.from('{"ignition":{"version":"3.0.0"}}') },
      ])
      const { directory } = await updateServer.https('untrusted')
      return {
        ignition: {
          version: '3.1.0',
          config: { merge: [{ source: `${directory}more.ign` }] },
          // Otherwise it asks again for ever.
          timeouts: { httpTotal: 5 },
          security: {
            tls: { certificateAuthorities: [{ source: dataUrl(await updateServer.caCertificate()) }] },
          },
        },
      }
    },
    stage: 'fetch',
    says: [
      /^GET error: Get "https:\/\/[^"]+\/more\.ign": (?:tls: .*)?x509: certificate signed by unknown authority/,
      /^Ignition failed: .*unable to fetch resource in time$/,
    ],
  },
  {
    name: 'unknown-version',
    description: 'A config of a version that Ignition does not know is not read as another one.',
    config: fetched('{"ignition":{"version":"9.9.0"}}'),
    stage: 'fetch-offline',
    says: [/^Ignition failed: .*unsupported config version$/],
  },
  {
    name: 'invalid',
    description: 'Of a config that is not valid nothing is used.',
    config: fetched(
      '{"ignition":{"version":"3.0.0"},"storage":{"files":[{"path":"/opt/sbx-fine"},{"path":"relative"}]}}',
    ),
    stage: 'fetch-offline',
    says: [
      /error at \$\.storage\.files\.1\.path.*: path not absolute/,
      /^Ignition failed: .*config is not valid$/,
    ],
  },
]

/** What the initrd reports of the units that failed; of Ignition's log that is its errors and its last lines. */
async function emergencyReport(machine: Machine): Promise<readonly string[]> {
  await machine.console.waitFor(/signalbox: emergency in the initrd: begin/)
  await machine.console.waitFor(/signalbox: emergency in the initrd: end/)
  const lines = machine.console.lines()
  const begin = lines.findIndex((line) => line.includes('signalbox: emergency in the initrd: begin'))
  // Where Ignition has no journal it says itself how bad a line is.
  return lines.slice(begin).map((line) => line.trimEnd().replace(/^[A-Z]+ +: /, ''))
}

describe(
  'ignition.refused',
  {
    distros: ['reference'],
    tags: ['system'],
    firstBoot: true,
    machines: 0,
    expectedMessages: [
      'ignition-failed',
      'initrd-emergency',
      'emergency-shell',
      'unit-failed',
      'dependency-failed',
    ],
    timeoutMs: 120_000,
  },
  () => {
    for (const { name, description, config, stage, says } of refusals) {
      test(name, { description }, async ({ cluster, http, updateServer }) => {
        const ignition = typeof config === 'function' ? await config({ http, updateServer }) : config
        const machine = await cluster.boot({ waitFor: 'nothing', ignition })
        const report = await emergencyReport(machine)
        expect(report.filter((line) => line.startsWith('signalbox: failed units:'))).toEqual([
          `signalbox: failed units: ignition-${stage}.service`,
        ])
        for (const said of says) expect.soft(report).toContainEqual(expect.stringMatching(said))
        const booted = machine.console
          .lines()
          .filter((line) => /signalbox: (?:Ignition finished|multi-user reached)|login:/.test(line))
        expect(booted).toEqual([])
        await machine.power('cut')
      })
    }
  },
)
