// Acquiring machines for an attempt: read and wrap the Ignition configs, boot the machines, take them over. How they are
// forked instead is in fork-machines.ts.

import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { UsageError } from '../errors.ts'
import type { AttemptRef } from '../events.ts'
import type { BootOptions } from '../fixtures/fixtures.ts'
import type { HttpFixture } from '../fixtures/http.ts'
import { readIgnition, validateIgnition, wrapIgnition, type IgnitionConfig } from '../ignition/index.ts'
import { hostNameOf } from '../forks/renew.ts'
import type { MachineSpec, PlatformMachine, PrivateNetwork } from '../machine.ts'
import type { Clone } from '../machines/adopt-options.ts'
import { adoptMachine, type LiveMachine } from '../machines/live-machine.ts'
import type { Requirements } from '../requirements.ts'
import { syncFragment } from '../sync/sync-program.ts'
import type { SyncStore } from '../sync/sync-store.ts'
import type { UpdateServer } from '../update-server/index.ts'
import { currentAttempt } from '../running/context.ts'
import type { Slots } from '../ssh/index.ts'
import type { RunEnvironment } from './environment.ts'

export interface MachineWish {
  readonly name: string
  readonly needs: Requirements & Pick<BootOptions, 'waitFor' | 'image'>
  /** Already read; several for a shared boot. */
  readonly configs: readonly IgnitionConfig[]
  /** The attempts that use the machine. */
  readonly attempts: readonly AttemptRef[]
  /** The attempt's folder. */
  readonly folder: string
  /** See `CreateOptions.mayBeginInInitrd`. Default false. */
  readonly mayBeginInInitrd?: boolean
  /** The machine is to outlive this process. Default false. */
  readonly detach?: boolean
  /** What its programs share with other machines now. */
  readonly sync?: (() => SyncStore | undefined) | undefined
  /** Its place on the private network of its cluster. */
  readonly privatePlace?: { readonly index: number; readonly network: PrivateNetwork } | undefined
}

/** Reads a test's config, calling it first when it is a function; undefined when the test has none. */
export async function readConfig(
  name: string,
  needs: Pick<Requirements, 'ignition'>,
  servers: {
    readonly http: () => Promise<HttpFixture>
    readonly updateServer: () => Promise<UpdateServer>
  },
  profile: RunEnvironment['profile'],
  version: string,
): Promise<IgnitionConfig | undefined> {
  if (needs.ignition === undefined) return undefined
  const input =
    typeof needs.ignition === 'function'
      ? await needs.ignition({ http: await servers.http(), updateServer: await servers.updateServer() })
      : needs.ignition
  const config = await readIgnition(input, { name })
  await validateIgnition(config, { profile, imageVersion: version, name })
  return config
}

/** What the platform is asked for. */
export function specOf(
  env: Pick<RunEnvironment, 'target'>,
  wish: Pick<MachineWish, 'name' | 'needs'> & { readonly hasOwnConfig: boolean },
): MachineSpec {
  const {
    memoryMiB = 1024,
    cpus = 2,
    disks = [],
    tpm = false,
    primaryDiskMiB,
    primaryDisk,
    bootOrder,
    numaNodes = 1,
    kernelArguments = [],
    onPanic = 'stop',
    image,
  } = wish.needs
  return {
    name: wish.name,
    architecture: env.target.architecture,
    memoryMiB,
    cpus,
    firmware: env.target.firmware,
    tpm,
    disks,
    ...(primaryDiskMiB === undefined ? {} : { primaryDiskMiB }),
    ...(primaryDisk === undefined ? {} : { primaryDisk }),
    ...(bootOrder === undefined ? {} : { bootOrder }),
    ...(numaNodes === 1 ? {} : { numaNodes }),
    ...(kernelArguments.length === 0 ? {} : { kernelArguments }),
    ...(onPanic === 'stop' ? {} : { onPanic: 'run' }),
    ...(wish.hasOwnConfig ? { hasOwnConfig: true } : {}),
    ...(image === undefined ? {} : { image }),
  }
}

/** A machine that was asked for, described in full: what the platform is given, and where its artefacts go. */
export interface MachineOrder {
  readonly wish: MachineWish
  readonly spec: MachineSpec
  /** Absolute; exists. */
  readonly folder: string
}

/** A machine as it is asked for, and its place on a private network. */
export type MachineDescription = Pick<MachineWish, 'name' | 'needs' | 'configs'> & {
  readonly privateIndex: number | undefined
}

/** What it takes to describe machines. */
export type DescribingEnvironment = Pick<
  RunEnvironment,
  'target' | 'image' | 'profile' | 'session' | 'sshKey' | 'appended'
>

/** What the platform is asked for, with the wrapped configs; whoever it is asked for, whenever, it is the same. */
export function describeMachine(
  env: DescribingEnvironment,
  wish: MachineDescription,
): MachineSpec & { readonly ignition: string } {
  const { session, profile, sshKey } = env
  const { privateIndex: index } = wish
  const place = index === undefined ? undefined : session.privateNetworks?.place(index)
  const ignition = wrapIgnition([...wish.configs, ...env.appended], {
    profile,
    imageVersion: env.image.identity.version,
    publicKeys: [sshKey.publicKey],
    journalDevice: session.journalDevice,
    agentDevice: session.agentDevice,
    extra: [
      place === undefined ? {} : { files: [place.file] },
      session.callsDevice === undefined
        ? {}
        : syncFragment(profile.programFolder, { device: session.callsDevice }),
    ],
  })
  const hasOwnConfig = wish.configs.length > 0
  return {
    ...specOf(env, { ...wish, hasOwnConfig }),
    ignition,
    ...(index === undefined ? {} : { privateIndex: index }),
  }
}

/** Wraps the configs and makes the folder. Throws UsageError when the platform cannot give such a machine. */
export async function orderMachine(env: RunEnvironment, wish: MachineWish): Promise<MachineOrder> {
  const { session } = env
  const folder = join(wish.folder, wish.name)
  await mkdir(folder, { recursive: true })
  const described = describeMachine(env, { ...wish, privateIndex: wish.privatePlace?.index })
  await writeFile(join(folder, 'ignition.json'), described.ignition)
  const spec: MachineSpec = {
    ...described,
    hostName: hostNameOf(wish.name, randomBytes(4).toString('hex')),
  }
  const refusals = session.refuses(spec)
  if (refusals.length > 0) {
    throw new UsageError(`machine ${wish.name} cannot be had: it ${refusals.join('; also ')}`, {
      code: 'machine-refused',
    })
  }
  return { wish, spec, folder }
}

/** Boots one machine. What it leaves on failure is nothing; on success the caller disposes it. */
export async function acquireMachine(
  env: RunEnvironment,
  wish: MachineWish,
  signal: AbortSignal,
  onUp?: () => void,
): Promise<LiveMachine> {
  const order = await orderMachine(env, wish)
  const { spec, folder } = order
  const options = {
    folder,
    signal,
    detach: wish.detach ?? false,
    mayBeginInInitrd: wish.mayBeginInInitrd ?? false,
    keepable: keepsFailed(env),
    network: wish.privatePlace?.network,
  }
  return await adopt(env, order, await env.session.create(spec, options), onUp === undefined ? {} : { onUp })
}

/** Waits for a slot, which is nobody's fault and so nobody's time. */
async function waitForTurn(slots: Slots, signal: AbortSignal): Promise<Disposable> {
  using hold = currentAttempt()?.holdDeadline()
  void hold
  return await slots.take(signal)
}

/**
 * Creates and adopts a machine that boots, when it is its turn. Its turn ends when its userspace runs, with its end, or after a
 * sixth of the time that it may take: others need not wait for one that hangs, and may be what it waits for itself.
 */
export async function bootInTurn(
  env: Pick<RunEnvironment, 'bootSlots' | 'timeouts'>,
  signal: AbortSignal,
  boot: (onUp: () => void) => Promise<LiveMachine>,
): Promise<LiveMachine> {
  const slot = await waitForTurn(env.bootSlots, signal)
  const release = (): void => {
    clearTimeout(timer)
    slot[Symbol.dispose]()
  }
  const timer = setTimeout(release, Math.min(env.timeouts.readyMs / 6, 120_000))
  try {
    return await boot(release)
  } catch (error) {
    release()
    throw error
  }
}

/** Whether machines must be made so that they can be kept. */
export function keepsFailed({ debugging }: Pick<RunEnvironment, 'debugging'>): boolean {
  return debugging.onFailure === 'keep'
}

/** Takes a created machine over; for a fork, `clone` says who it is to be. `onUp` is told when its userspace runs, or of its end. */
export async function adopt(
  env: RunEnvironment,
  { wish, folder }: MachineOrder,
  raw: PlatformMachine,
  { clone, onUp = () => undefined }: { readonly clone?: Clone; readonly onUp?: () => void } = {},
): Promise<LiveMachine> {
  const { profile, emit, sshKey, session, debugging } = env
  emit({
    type: 'machine.created',
    machine: raw.id,
    name: raw.name,
    attempts: wish.attempts,
    platform: env.target.platform,
    origin: raw.origin,
    facts: raw.facts,
  })
  debugging.onMachine(raw)
  return await adoptMachine({
    platformMachine: raw,
    profile,
    sshKey,
    folder,
    emit,
    slowness: env.slowness,
    readyTimeoutMs: env.timeouts.readyMs,
    leaveOut: new Set(wish.needs.leaveOutChecks ?? []),
    expectedMessages: wish.needs.expectedMessages ?? [],
    clone,
    onUp,
    onReady: async (target) => await debugging.onReady(target, wish.attempts),
    openShell: async (target) => await debugging.shell(target),
    sync: wish.sync,
    ...(wish.privatePlace === undefined
      ? {}
      : { privateAddress: session.privateNetworks?.place(wish.privatePlace.index) }),
    mayVanish: wish.needs.waitFor === 'nothing',
  })
}
