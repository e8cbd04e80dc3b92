// What only some versions of Flatcar have: docker as torcx brought it, and the paths and clients of old.

import { describe, expect, test } from '../../harness/index.ts'
import {
  expectFlags,
  expectInfo,
  expectLimits,
  expectNetworksReliably,
  expectNoCapabilities,
  expectOwnership,
  RUNS,
} from './base.ts'
import { BUSYBOX } from './image.ts'
import { prepareDocker } from './prepared.ts'

const sudo = { sudo: true } as const

/** docker.service as CoreOS had it, which users have copied into /etc. */
const oldUnit = `[Unit]
After=containerd.service docker.socket network.target
Requires=containerd.service docker.socket
[Service]
Type=notify
Environment=DOCKER_OPTS=--selinux-enabled=false
ExecStart=/usr/lib/coreos/dockerd --host=fd:// --containerd=/var/run/docker/libcontainerd/docker-containerd.sock $DOCKER_OPTS $DOCKER_CGROUPS $DOCKER_OPT_BIP $DOCKER_OPT_MTU $DOCKER_OPT_IPMASQ
ExecReload=/bin/kill -s HUP $MAINPID
LimitNOFILE=1048576
LimitNPROC=infinity
LimitCORE=infinity
TasksMax=infinity
TimeoutStartSec=0
Delegate=yes
[Install]
WantedBy=multi-user.target
`

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
      description:
        'A unit of old that calls /usr/lib/coreos/dockerd starts a docker that does all that docker does elsewhere.',
      aliases: ['docker.lib-coreos-dockerd-compat'],
      firstBoot: true,
      ignition: {
        ignition: { version: '3.0.0' },
        systemd: { units: [{ name: 'docker.service', enabled: true, contents: oldUnit }] },
      },
      timeoutMs: RUNS * 6_000 + 300_000,
    },
    async ({ machine }) => {
      await prepareDocker(machine)
      const started = await machine.run(['systemctl', 'show', '--property=ExecStart', 'docker.service'])
      expect(started).toContain('path=/usr/lib/coreos/dockerd ')
      await test.step('info', async () => await expectInfo(machine))
      await test.step('limits', async () => await expectLimits(machine))
      await test.step('flags', async () => await expectFlags(machine))
      await test.step('user without capabilities', async () => await expectNoCapabilities(machine))
      await test.step('ownership', async () => await expectOwnership(machine))
      await test.step('networks', async () => await expectNetworksReliably(machine, 'docker'))
    },
  )

  test(
    'old-client',
    {
      description: 'The docker client 1.9.1 runs a container in the daemon.',
      aliases: ['docker.oldclient'],
      // The client is no part of any image: one with it as /usr/bin/docker-1.9.1 says so in its features.
      features: ['docker-1.9.1'],
      architectures: ['x86_64'],
      versions: '<2956.0.0',
    },
    async ({ machine }) => {
      await prepareDocker(machine)
      await expect(machine).toRun(['docker-1.9.1', 'version'], { sudo: true, stdout: /^Server:$/m })
      const run = ['docker-1.9.1', 'run', '--rm', BUSYBOX, 'echo', 'works']
      expect(await machine.run(run, sudo)).toBe('works')
    },
  )
})
