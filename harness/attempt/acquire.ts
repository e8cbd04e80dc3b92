// Acquiring machines for an attempt: read and wrap the Ignition configs, create the machines, take them over.

import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { UsageError } from '../errors.ts'
import type { AttemptRef } from '../events.ts'
import type { BootOptions } from '../fixtures/fixtures.ts'
import type { HttpFixture } from '../fixtures/http.ts'
import { readIgnition, validateIgnition, wrapIgnition, type IgnitionConfig } from '../ignition/index.ts'
import type { MachineSpec } from '../machine.ts'
import { adoptMachine, type LiveMachine } from '../machines/live-machine.ts'
import type { Requirements } from '../requirements.ts'
import type { RunEnvironment } from './environment.ts'

export interface MachineWish {
  readonly name: string
  readonly needs: Requirements & Pick<BootOptions, 'waitFor'>
  /** Already read; several for a shared boot. */
  readonly configs: readonly IgnitionConfig[]
  /** The attempts that use the machine. */
  readonly attempts: readonly AttemptRef[]
  /** The attempt's folder. */
  readonly folder: string
  /** The machine is to outlive this process. Default false. */
  readonly detach?: boolean
}

/** Reads a test's config, calling it first when it is a function; undefined when the test has none. */
export async function readConfig(
  name: string,
  needs: Pick<Requirements, 'ignition'>,
  http: () => Promise<HttpFixture>,
  profile: RunEnvironment['profile'],
  version: string,
): Promise<IgnitionConfig | undefined> {
  if (needs.ignition === undefined) return undefined
  const input = typeof needs.ignition === 'function' ? needs.ignition({ http: await http() }) : needs.ignition
  const config = await readIgnition(input, { name })
  await validateIgnition(config, { profile, imageVersion: version, name })
  return config
}

/** What the platform is asked for. */
export function specOf(
  env: Pick<RunEnvironment, 'target'>,
  wish: Pick<MachineWish, 'name' | 'needs'>,
): MachineSpec {
  const { memoryMiB = 1024, cpus = 2, disks = [], tpm = false, primaryDiskMiB } = wish.needs
  return {
    name: wish.name,
    architecture: env.target.architecture,
    memoryMiB,
    cpus,
    firmware: env.target.firmware,
    tpm,
    disks,
    ...(primaryDiskMiB === undefined ? {} : { primaryDiskMiB }),
  }
}

/** Creates one machine. What it leaves on failure is nothing; on success the caller disposes it. */
export async function acquireMachine(
  env: RunEnvironment,
  wish: MachineWish,
  signal: AbortSignal,
): Promise<LiveMachine> {
  const { session, profile, emit, sshKey } = env
  const folder = join(wish.folder, wish.name)
  await mkdir(folder, { recursive: true })
  const ignition = wrapIgnition(wish.configs, {
    profile,
    imageVersion: env.image.identity.version,
    publicKeys: [sshKey.publicKey],
    journalDevice: session.journalDevice,
  })
  await writeFile(join(folder, 'ignition.json'), ignition)
  const spec: MachineSpec = { ...specOf(env, wish), ignition }
  const refusal = session.refuses(spec)
  if (refusal !== undefined) {
    throw new UsageError(`machine ${wish.name} cannot be had: ${refusal}`, { code: 'machine-refused' })
  }
  const raw = await session.create(spec, { folder, signal, detach: wish.detach ?? false })
  emit({
    type: 'machine.created',
    machine: raw.id,
    name: raw.name,
    attempts: wish.attempts,
    platform: env.target.platform,
    origin: 'cold',
    facts: raw.facts,
  })
  return await adoptMachine({
    platformMachine: raw,
    profile,
    sshKey,
    folder,
    emit,
    slowness: session.slowness,
    readyTimeoutMs: env.timeouts.readyMs,
    leaveOut: new Set(wish.needs.leaveOutChecks ?? []),
    expectedMessages: wish.needs.expectedMessages ?? [],
    mayVanish: wish.needs.waitFor === 'nothing',
  })
}
