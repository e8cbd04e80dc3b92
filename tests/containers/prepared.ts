// What tests of podman and docker begin with, and run them by.

import type { ExecOptions, Machine } from '../../harness/index.ts'
import { importImage, type Engine } from './image.ts'

const requirements = { distros: ['reference'], tags: ['containers'], timeoutMs: 60_000 } as const

export const podmanRequirements = { ...requirements, features: ['podman'] } as const

/** Each test starts its own docker: clones of one that has run would be one engine. */
export const dockerRequirements = { ...requirements, features: ['docker'], timeoutMs: 90_000 } as const

/** What docker does on every OS that has it. */
export const baseRequirements = { ...dockerRequirements, distros: ['reference', 'flatcar'] } as const

/** Starts docker and gives it the image. */
export async function prepareDocker(machine: Machine): Promise<void> {
  await startDocker(machine)
  await importImage(machine, 'docker')
}

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
