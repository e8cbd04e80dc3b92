// Machines with the container image imported, saved once: where tests of podman and docker begin.

import { test, type ExecOptions, type Machine } from '../../harness/index.ts'
import { importImage, type Engine } from './image.ts'

const requirements = { distros: ['reference'], tags: ['containers'], timeoutMs: 60_000 } as const
const withPodmanIn = { ...requirements, features: ['podman'] } as const
const withDockerIn = { ...requirements, features: ['docker'] } as const

/** One machine. */
export const withPodman = test.extend(
  'podman',
  withPodmanIn,
  async ({ machine }) => await importImage(machine),
)

/** One machine on which docker runs; it is not enabled. */
export const withDocker = test.extend('docker', withDockerIn, async ({ machine }) => {
  await startDocker(machine)
  await importImage(machine, 'docker')
})

/** Two machines on a network of their own, with podman and a docker that runs. */
export const withTwo = test.extend(
  'two with containers',
  {
    ...requirements,
    features: ['podman', 'docker'],
    machines: 2,
    privateNetwork: true,
    timeoutMs: 120_000,
  },
  async ({ cluster }) => {
    await Promise.all(
      cluster.machines.map(async (machine) => {
        await startDocker(machine)
        await importImage(machine, 'docker')
        await importImage(machine)
      }),
    )
  },
)

/** Writes docker's settings; they hold from its next start or reload on. */
export async function configureDocker(machine: Machine, settings: object): Promise<void> {
  await machine.run(['mkdir', '-p', '/etc/docker'], { sudo: true })
  await machine.writeFile('/etc/docker/daemon.json', JSON.stringify(settings))
}

/** Starts or restarts docker and waits until it answers. */
export async function startDocker(machine: Machine, verb: 'start' | 'restart' = 'start'): Promise<void> {
  await machine.run(['systemctl', verb, 'docker.service'], {
    sudo: true,
    timeoutMs: 120_000 * machine.slowness,
  })
}

/** Runs podman or docker as root and returns what it prints. */
export function engine(
  machine: Machine,
  name: Engine,
): (args: readonly string[], options?: ExecOptions) => Promise<string> {
  return async (args, options) => await machine.run([name, ...args], { sudo: true, ...options })
}
