// Docker's own releases as extensions, in the place of the image's: built in the machine with Flatcar's sysext-bakery.

import { describe, expect, test, type Machine } from '../../harness/index.ts'
import { merged } from './extension.ts'

const sudo = { sudo: true } as const

/** Of the time when it had a script for docker, which makes extensions of either part. */
const BAKERY = '9850ffd5b2353f45a9b3bf4fb84f8138a149e3e7'

/** Docker and containerd of a release as two extensions, as ext4: Flatcar has no mksquashfs. */
async function bake(machine: Machine, version: string): Promise<void> {
  const script = `set -e
    cd ~/sysext-bakery
    export ARCH=$(uname -m) FORMAT=ext4
    ONLY_DOCKER=1 ./create_docker_sysext.sh ${version} docker
    ONLY_CONTAINERD=1 ./create_docker_sysext.sh ${version} containerd
    sudo mkdir -p /etc/extensions
    sudo mv docker.raw containerd.raw /etc/extensions/`
  await machine.run(script, { timeoutMs: 300_000 * machine.slowness })
  await machine.run(['systemctl', 'restart', 'systemd-sysext.service'], sudo)
}

/** The version of docker in the image, whose extension is left out: by the list of what it is made of. */
async function shipped(machine: Machine): Promise<string> {
  const pattern = 'app-\\(containers\\|emulation\\)/docker-[0-9][^:]*'
  const found = await machine.run(`bzcat /usr/share/licenses/licenses.json.bz2 | grep -m 1 -o '${pattern}'`)
  return found
    .split('\n', 1)
    .join('')
    .replace(/^.*\/docker-/, '')
    .replace(/-r\d+$/, '')
}

const run = (...command: readonly string[]): readonly string[] => [
  'docker',
  'run',
  '--rm',
  'ghcr.io/flatcar/busybox',
  ...command,
]

/** What makes the image's own docker go, by how it came. */
const without = {
  docker: {
    links: ['docker', 'containerd'].map((name) => ({
      path: `/etc/extensions/${name}-flatcar.raw`,
      target: '/dev/null',
      overwrite: true,
    })),
  },
  'docker-torcx': {
    // An empty one in its place: torcx does nothing.
    files: [
      {
        path: '/etc/systemd/system-generators/torcx-generator',
        overwrite: true,
        contents: { source: 'data:,' },
      },
    ],
    directories: [{ path: '/etc/extensions/docker-flatcar' }, { path: '/etc/extensions/containerd-flatcar' }],
  },
} as const

describe(
  'extensions.published',
  {
    distros: ['flatcar'],
    surroundings: ['internet'],
    tags: ['internet'],
    timeoutMs: 1_200_000,
  },
  () => {
    for (const [name, alias, versions] of [
      ['docker', 'sysext.custom-docker.sysext', '>=3761.0.0'],
      ['docker-torcx', 'sysext.custom-docker.torcx', '>=3185.0.0 <3760.0.0'],
    ] as const) {
      test(
        name,
        {
          description:
            'Without the docker of the image no container runs; with releases of docker as extensions one does, an old one and the version that the image has.',
          aliases: [alias],
          versions,
          architectures: ['x86_64', 'arm64'],
          firstBoot: true,
          ignition: { ignition: { version: '3.0.0' }, storage: without[name] },
        },
        async ({ machine }) => {
          expect((await machine.exec(run('true'), sudo)).exitCode).not.toBe(0)
          await machine.run(
            `git clone --quiet https://github.com/flatcar/sysext-bakery.git ~/sysext-bakery && git -C ~/sysext-bakery checkout --quiet ${BAKERY}`,
            { timeoutMs: 300_000 },
          )
          const works = async (version: string): Promise<void> => {
            expect(await merged(machine)).toEqual(expect.arrayContaining(['docker', 'containerd']))
            await expect(machine).toRun(run('echo', 'works'), {
              ...sudo,
              stdout: /^works$/m,
              timeoutMs: 120_000,
            })
            const seen = await machine.run(
              ['docker', 'version', '--format={{.Client.Version}} {{.Server.Version}}'],
              sudo,
            )
            expect(seen).toBe(`${version} ${version}`)
          }
          await test.step('20.10.21', async () => {
            await bake(machine, '20.10.21')
            await works('20.10.21')
          })
          const version = await shipped(machine)
          await test.step(version, async () => {
            await bake(machine, version)
            await machine.run(['systemctl', 'restart', 'docker.service', 'containerd.service'], sudo)
            await works(version)
          })
        },
      )
    }
  },
)
