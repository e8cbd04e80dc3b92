// Flatcar's developer container: the kernel's sources are merged into it, and modules can be built with them.

import { describe, expect, test } from '../../harness/index.ts'

const sudo = { sudo: true } as const
const BUILD =
  'emerge-gitclone && emerge --getbinpkg --verbose coreos-sources && cp /usr/lib/modules/*/build/.config /usr/src/linux/.config && make -C /usr/src/linux modules_prepare'
const IMAGE = '/var/tmp/flatcar_developer_container.bin'
const FETCH = `. /usr/share/flatcar/release; . /usr/share/flatcar/update.conf; curl --fail --silent --show-error --location "https://bincache.flatcar-linux.net/images/$(uname -m | sed 's/x86_64/amd64/; s/aarch64/arm64/')/$FLATCAR_RELEASE_VERSION/flatcar_developer_container.bin.bz2" | bunzip2 >${IMAGE}`

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
        const long = { ...sudo, timeoutMs: 3_000_000 }
        await machine.run(FETCH, long)
        const nspawn = ['systemd-nspawn', '--quiet', `--image=${IMAGE}`, '--bind=/usr/lib/modules']
        const outcome = await machine.exec([...nspawn, '/bin/bash', '-c', BUILD], long)
        expect(outcome.exitCode).toBe(0)
      },
    )

    test(
      'docker',
      {
        description: 'As an image of docker it does the same.',
        aliases: ['devcontainer.docker'],
      },
      async ({ machine }) => {
        const long = { ...sudo, timeoutMs: 3_000_000 }
        await machine.run(FETCH, long)
        const load = `set -e; device=$(losetup --find --show --partscan --read-only ${IMAGE}); mkdir -p /mnt/sbx; mount -o ro "\${device}p9" /mnt/sbx; tar --directory /mnt/sbx --create . | docker import - sbx/developer; umount /mnt/sbx; losetup --detach "$device"`
        await machine.run(load, long)
        const run = ['docker', 'run', '--rm', '--privileged', '--volume=/usr/lib/modules:/usr/lib/modules']
        const outcome = await machine.exec([...run, 'sbx/developer', '/bin/bash', '-c', BUILD], long)
        expect(outcome.exitCode).toBe(0)
      },
    )
  },
)
