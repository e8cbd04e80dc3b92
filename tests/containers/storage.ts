// Where docker keeps its images and containers.

import { describe, expect, test, type Machine } from '../../harness/index.ts'
import { BUSYBOX, importImage } from './image.ts'
import { configureDocker, dockerRequirements, engine, startDocker } from './prepared.ts'

const sudo = { sudo: true } as const

/** Restarts docker with another storage driver, and uses it for an image, its layers and a container. */
async function expectStorage(machine: Machine, driver: string): Promise<void> {
  const docker = engine(machine, 'docker')
  await configureDocker(machine, { 'storage-driver': driver })
  await startDocker(machine)
  expect(await docker(['info', '--format={{.Driver}}'])).toBe(driver)
  await importImage(machine, 'docker')
  await docker(['run', '--name=box', BUSYBOX, 'sh', '-c', 'echo layer > /tmp/file'])
  await docker(['commit', 'box', 'committed'])
  expect(await docker(['run', '--rm', 'committed', 'cat', '/tmp/file'])).toBe('layer')
  await expect(machine).toRun(['docker', 'run', '--rm', BUSYBOX, 'test', '!', '-e', '/tmp/file'], sudo)
}

describe('docker', dockerRequirements, () => {
  test(
    'btrfs-storage',
    {
      description: 'On a btrfs of 25 GiB, a sparse file, docker keeps each layer as a subvolume.',
      aliases: ['docker.btrfs-storage'],
      features: ['docker', 'btrfs'],
    },
    async ({ machine }) => {
      await machine.run(
        `truncate --size=25G /var/lib/docker.btrfs && mkfs.btrfs --quiet /var/lib/docker.btrfs &&
         mkdir -p /var/lib/docker && mount -o loop,discard /var/lib/docker.btrfs /var/lib/docker`,
        sudo,
      )
      await expectStorage(machine, 'btrfs')
      const subvolumes = await machine.run(['btrfs', 'subvolume', 'list', '/var/lib/docker'], sudo)
      expect(
        subvolumes.split('\n').filter((line) => line.includes('btrfs/subvolumes/')).length,
      ).toBeGreaterThan(2)
    },
  )

  test(
    'devicemapper-storage',
    {
      description: 'docker keeps its layers in a thin pool of the device mapper.',
      aliases: ['docker.devicemapper-storage'],
      // docker before 25: https://docs.docker.com/engine/deprecated/#device-mapper-storage-driver
      features: ['docker', 'docker-devicemapper'],
    },
    async ({ machine }) => {
      await expectStorage(machine, 'devicemapper')
    },
  )
})
