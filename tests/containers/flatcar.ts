// What only some versions of Flatcar have: docker as torcx brought it, and the paths and clients of old.

import { describe, expect, test } from '../../harness/index.ts'
import { BUSYBOX, importImage } from './image.ts'
import { engine } from './prepared.ts'

const sudo = { sudo: true } as const

describe('docker', { distros: ['flatcar'], tags: ['containers'] }, () => {
  test(
    'torcx-enabled',
    {
      description: 'docker.service that torcx brings is enabled when the config says so.',
      aliases: ['docker.enable-service.torcx'],
      // torcx went with 3760: https://www.flatcar.org/docs/latest/provisioning/torcx/
      versions: '<3760.0.0',
      ignition: {
        ignition: { version: '3.0.0' },
        systemd: { units: [{ name: 'docker.service', enabled: true }] },
      },
    },
    async ({ machine }) => {
      expect(await machine.run(['systemctl', 'is-enabled', 'docker.service'])).toBe('enabled')
      await expect(machine).toHaveActiveUnit('docker.service')
    },
  )

  test(
    'torcx-manifest',
    {
      description: 'The docker that runs is of the version that the torcx manifest of the image names.',
      aliases: ['docker.torcx-manifest-pkgs'],
      versions: '<3760.0.0',
    },
    async ({ machine }) => {
      const version = await machine.run(['docker', 'version', '--format={{.Server.Version}}'], sudo)
      const seal = await machine.readFile('/run/torcx/profile.json')
      expect(seal).toContain(`"name":"docker"`)
      expect(seal).toContain(version.replace(/\.\d+$/, ''))
    },
  )

  test(
    'lib-coreos-dockerd',
    {
      description: 'A unit of old that calls /usr/lib/coreos/dockerd still starts a docker that works.',
      aliases: ['docker.lib-coreos-dockerd-compat'],
    },
    async ({ machine }) => {
      const dropIn = '[Service]\nExecStart=\nExecStart=/usr/lib/coreos/dockerd --host=fd:// $DOCKER_OPTS\n'
      await machine.run(['mkdir', '-p', '/etc/systemd/system/docker.service.d'], sudo)
      await machine.writeFile('/etc/systemd/system/docker.service.d/old.conf', dropIn)
      await machine.run('systemctl daemon-reload && systemctl restart docker.service', sudo)
      await importImage(machine, 'docker')
      expect(await engine(machine, 'docker')(['run', '--rm', BUSYBOX, 'echo', 'works'])).toBe('works')
    },
  )

  test(
    'old-client',
    {
      description: 'The docker client 1.9.1 talks to the daemon.',
      aliases: ['docker.oldclient'],
      // The client is no part of any image: one with it as /usr/bin/docker-1.9.1 says so in its features.
      features: ['docker-1.9.1'],
      architectures: ['x86_64'],
      versions: '<2956.0.0',
    },
    async ({ machine }) => {
      await expect(machine).toRun(['docker-1.9.1', 'version'], { sudo: true, stdout: /^Server:$/m })
      await machine.run(['docker-1.9.1', 'ps'], sudo)
    },
  )
})
