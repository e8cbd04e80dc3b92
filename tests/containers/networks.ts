// Containers that talk: to each other, to other machines, and every single time.

import { expect, test, type Machine } from '../../harness/index.ts'
import { expectNetworksReliably, RUNS } from './base.ts'
import { BUSYBOX, importImage, type Engine } from './image.ts'
import {
  baseRequirements,
  dockerRequirements,
  engine,
  podmanRequirements,
  prepareDocker,
} from './prepared.ts'

test(
  'podman.network',
  {
    ...podmanRequirements,
    description: 'Containers of one network find each other by name; those of another do not.',
    aliases: ['podman.network-multi'],
  },
  async ({ machine }) => {
    await importImage(machine)
    const podman = engine(machine, 'podman')
    await podman(['network', 'create', 'inner'])
    await podman(['network', 'create', 'outer'])
    const page = 'mkdir /tmp/www && echo page > /tmp/www/index.html && exec httpd -f -h /tmp/www'
    await podman(['run', '--detach', '--name=server', '--network=inner', BUSYBOX, 'sh', '-c', page])
    const get = (network: string): readonly string[] => [
      'podman',
      'run',
      '--rm',
      `--network=${network}`,
      BUSYBOX,
      'wget',
      '-q',
      '-T20',
      '-O-',
      'http://server/',
    ]
    await expect(machine).toRun(get('inner'), { sudo: true, stdout: /^page$/ })
    const stranger = await machine.exec(get('outer'), { sudo: true })
    expect(stranger).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('bad address') })
  },
)

test(
  'podman.network-single',
  {
    ...podmanRequirements,
    description: 'A published port is served on the machine, for as long as its container runs.',
    aliases: ['podman.network-single'],
  },
  async ({ machine }) => {
    await importImage(machine)
    const podman = engine(machine, 'podman')
    const page = 'mkdir /tmp/www && echo page > /tmp/www/index.html && exec httpd -f -p 80 -h /tmp/www'
    await podman(['run', '--detach', '--name=web', '--publish=8080:80', BUSYBOX, 'sh', '-c', page])
    const get = ['curl', '--silent', '--fail', '--max-time', '20', 'http://127.0.0.1:8080/']
    await expect(machine).toRun(get, { stdout: /^page$/ })
    await podman(['stop', '--time=0', 'web'])
    await expect(machine).toRun(get, { exitCode: 7 })
  },
)

for (const [name, aliases] of [
  ['podman', []],
  ['docker', ['docker.network-nmap-ncat', 'docker.network-openbsd-nc']],
] as const) {
  test(
    `${name}.two-machines`,
    {
      ...dockerRequirements,
      features: [name],
      machines: 2,
      privateNetwork: true,
      timeoutMs: 120_000,
      description: `A ${name} container reaches the published port of one on another machine, and the other way round.`,
      aliases,
    },
    async ({ cluster }) => {
      const [a, b] = cluster.machines
      if (a === undefined || b === undefined) throw new Error('two machines were asked for')
      await Promise.all(cluster.machines.map(async (machine) => await serve(machine, name)))
      for (const [from, to] of [
        [a, b],
        [b, a],
      ] as const) {
        const ask = `echo question of ${from.name} | nc -w 20 ${to.privateAddress?.ipv4} 9988`
        await expect(from).toRun([name, 'run', '--rm', BUSYBOX, 'sh', '-c', ask], {
          sudo: true,
          stdout: new RegExp(`^answer of ${to.name} to question of ${from.name}$`, 'm'),
        })
      }
    },
  )
}

async function serve(machine: Machine, name: Engine): Promise<void> {
  await (name === 'docker' ? prepareDocker(machine) : importImage(machine))
  const answer = ['sh', '-c', `read -r question && echo "answer of ${machine.name} to $question"`]
  const listener = ['nc', '-ll', '-p', '9988', '-e', ...answer]
  await engine(machine, name)(['run', '--detach', '--publish=9988:9988', BUSYBOX, ...listener])
}

for (const name of ['podman', 'docker'] as const) {
  test(
    `${name}.networks-reliably`,
    {
      ...(name === 'docker' ? baseRequirements : podmanRequirements),
      description: `${RUNS} ${name} containers in a row, each on the network, each reaches the host.`,
      aliases: name === 'docker' ? ['docker.base'] : [],
      timeoutMs: RUNS * 6_000,
    },
    async ({ machine }) => {
      await (name === 'docker' ? prepareDocker(machine) : importImage(machine))
      await expectNetworksReliably(machine, name)
    },
  )
}
