// Flatcar's developer container of the running version: the kernel's sources are merged into it, and made ready for modules.

import { describe, expect, test, type Machine } from '../../harness/index.ts'

const sudo = { sudo: true } as const
const FOLDER = '/var/tmp/developer'
const IMAGE = `${FOLDER}/flatcar_developer_container.bin`
const LONG_MS = 3_000_000

/** On the disk, as what is built does not fit into the memory of a small machine. */
const BINDS = { [`${FOLDER}/src`]: '/usr/src', [`${FOLDER}/tmp`]: '/var/tmp' } as const

const fetch = `set -e -o pipefail
. /usr/share/flatcar/release
mkdir -p ${FOLDER}/src ${FOLDER}/tmp
url="https://bincache.flatcar-linux.net/images/\${FLATCAR_RELEASE_BOARD%-usr}/$FLATCAR_RELEASE_VERSION/flatcar_developer_container.bin.bz2"
# Most of it is zeros.
curl --fail --silent --show-error --location --retry 60 --retry-delay 1 --retry-connrefused --retry-max-time 60 "$url" |
  bzcat | cp --sparse=always /dev/stdin ${IMAGE}`

const build = `set -e
. /usr/share/flatcar/release
test "$FLATCAR_RELEASE_VERSION" = "$EXPECTED_VERSION"
emerge-gitclone
emerge --getbinpkg --verbose coreos-sources
zcat /proc/config.gz > /usr/src/linux/.config
make -C /usr/src/linux "-j$(nproc)" modules_prepare`

const versionOf = async (machine: Machine): Promise<string> =>
  await machine.run('. /usr/share/flatcar/release; echo "$FLATCAR_RELEASE_VERSION"')

async function expectBuilt(machine: Machine, command: readonly string[]): Promise<void> {
  await machine.run([...command, '/bin/bash', '-c', build], {
    ...sudo,
    timeoutMs: LONG_MS * machine.slowness,
  })
  // Written by modules_prepare: which kernel the modules would be for.
  const header = await machine.run(`cat ${FOLDER}/src/linux-*/include/generated/utsrelease.h`, sudo)
  const [version = ''] = (await machine.run(['uname', '-r'])).split('-')
  expect(header).toContain(`UTS_RELEASE "${version}`)
}

describe(
  'containers.developer',
  {
    distros: ['flatcar'],
    surroundings: ['internet'],
    tags: ['containers', 'internet'],
    primaryDiskMiB: 16_384,
    memoryMiB: 2048,
    timeoutMs: 3_600_000,
  },
  () => {
    test(
      'nspawn',
      {
        description:
          'In a systemd-nspawn of it the sources of the running kernel are made ready for modules.',
        aliases: ['devcontainer.systemd-nspawn'],
        versions: '>=2592.0.0',
      },
      async ({ machine }) => {
        await machine.run(['bash', '-c', fetch], { ...sudo, timeoutMs: LONG_MS * machine.slowness })
        await expectBuilt(machine, [
          'systemd-nspawn',
          '--console=pipe',
          `--setenv=EXPECTED_VERSION=${await versionOf(machine)}`,
          '--bind-ro=/lib/modules',
          ...Object.entries(BINDS).map(([from, to]) => `--bind=${from}:${to}`),
          `--image=${IMAGE}`,
          '--machine=developer',
        ])
      },
    )

    test(
      'docker',
      {
        description: 'As an image of docker it does the same.',
        aliases: ['devcontainer.docker'],
      },
      async ({ machine }) => {
        const long = { ...sudo, timeoutMs: LONG_MS * machine.slowness }
        await machine.run(['bash', '-c', fetch], long)
        const load = `set -e -o pipefail
          start=$(partx --noheadings --raw --output=START ${IMAGE} | head -n 1)
          mkdir -p /mnt/developer
          mount -o loop,ro,offset=$((start * 512)) ${IMAGE} /mnt/developer
          tar --directory /mnt/developer --create . | docker import - sbx/developer
          umount /mnt/developer
          rm ${IMAGE}`
        await machine.run(['bash', '-c', load], long)
        await expectBuilt(machine, [
          'docker',
          'run',
          '--rm',
          `--env=EXPECTED_VERSION=${await versionOf(machine)}`,
          '--mount=type=bind,source=/lib/modules,target=/lib/modules,readonly=true',
          ...Object.entries(BINDS).map(([from, to]) => `--mount=type=bind,source=${from},target=${to}`),
          'sbx/developer',
        ])
      },
    )
  },
)
