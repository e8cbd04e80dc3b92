// An opened external platform: hosts that are held one by one, and given back.

import { randomBytes } from 'node:crypto'
import { InfraError, UsageError } from '../../harness/errors.ts'
import { readLedger } from '../../harness/ledger.ts'
import type { Capability, MachineSpec, OpenOptions, PlatformSession } from '../../harness/machine.ts'
import { refuseSpecialHardware } from '../special-hardware.ts'
import {
  createMachine,
  EXTERNAL_KIND,
  type ExternalContext,
  type ExternalMachine,
  type ExternalOrder,
} from './machine.ts'
import { holdHost, openPool, tryHold, type HeldHost } from './pool.ts'
import { USER_DATA_LIMIT } from './programs.ts'
import { readExternal, whyNoHosts, type ExternalConfig } from './settings.ts'

export const NO_TPM = 'needs a TPM; what external hosts have is not known'

/** What a host of a list is taken to have, for the scheduler: as many jobs at once as there are hosts. */
const HOST_MIB = 1024
const MANY = 64

/** The machines of this process, for a session that adopts one of another. */
const machines = new Map<string, ExternalMachine>()

/** What these settings make possible. */
export function capabilitiesOf({ programs }: ExternalConfig): readonly Capability[] {
  return [
    ...(programs.provision === undefined ? [] : (['user-data'] as const)),
    ...(programs.console === undefined ? [] : (['console'] as const)),
    ...(programs.power === undefined ? [] : (['power', 'reset'] as const)),
    'lease',
  ]
}

/** Reads the settings; touches no host. */
export async function openSession(options: OpenOptions): Promise<PlatformSession> {
  const config = readExternal(options)
  const nothing = whyNoHosts(config)
  if (nothing !== undefined) throw new UsageError(nothing, { code: 'no-hosts' })
  await openPool(config.pool)
  const { login, run = 'none', emit } = options
  const user = config.login.user ?? login?.user ?? 'core'
  const context: ExternalContext = { config, run, user, loginKey: login?.key, emit }
  const capabilities = capabilitiesOf(config)
  const own = new Set<ExternalMachine>()
  const creations = new Set<Promise<unknown>>()
  const closing = new AbortController()
  const most = Math.min(config.hosts.length || MANY, options.limits?.maxMachines ?? MANY)
  const refuses = (spec: MachineSpec): readonly string[] =>
    refusalsOf(spec, config, options.image.identity.architecture)
  const track = (machine: ExternalMachine): ExternalMachine => {
    machine.leaveSession()
    own.add(machine)
    machines.set(machine.id, machine)
    machine.leaveSession = () => {
      own.delete(machine)
      machines.delete(machine.id)
    }
    return machine
  }
  const within = async <T>(work: Promise<T>): Promise<T> => {
    creations.add(work)
    try {
      return await work
    } finally {
      creations.delete(work)
    }
  }
  const holdOne = async (signal: AbortSignal): Promise<HeldHost | undefined> =>
    config.hosts.length === 0 ? undefined : await holdHost(config, signal)
  const make = async (
    order: Omit<ExternalOrder, 'held'>,
    wish: Parameters<PlatformSession['create']>[1],
    hold = holdOne,
  ) => {
    closing.signal.throwIfAborted()
    wish.signal.throwIfAborted()
    const signal = AbortSignal.any([wish.signal, closing.signal])
    const held = await hold(signal)
    const machine = track(await createMachine(context, { ...order, held }, { ...wish, signal }))
    if (!signal.aborted) return machine
    await machine[Symbol.asyncDispose]()
    throw signal.reason
  }
  return {
    budget: { memoryMiB: most * HOST_MIB, cpus: 256 },
    capabilities: new Set(capabilities),
    ...(config.programs.provision === undefined ? {} : { userDataLimit: USER_DATA_LIMIT }),
    facts: { hosts: config.hosts.length, jumps: config.jumps.length, accelerator: 'none' },
    slowness: 1,
    refuses,
    async create(spec, wish) {
      const reasons = refuses(spec)
      if (reasons.length > 0)
        throw new UsageError(`the machine ${reasons.join('; also ')}`, { code: 'machine-refused' })
      if (own.size >= most && config.hosts.length === 0)
        throw new InfraError(`this run has ${own.size} machines already; ${most} are allowed`, {
          code: 'over-budget',
        })
      const id = `${EXTERNAL_KIND}-${randomBytes(6).toString('hex')}`
      return await within(make({ id, name: spec.name, ignition: spec.ignition }, wish))
    },
    async adopt(id, wish) {
      closing.signal.throwIfAborted()
      const ours = machines.get(id)
      if (ours !== undefined) return track(ours)
      const entry = readLedger().find((each) => each.kind === EXTERNAL_KIND && each.id === id)
      const { host, port, createdAtMs } = entry?.data ?? {}
      if (entry === undefined || entry.ownerAlive || typeof host !== 'string' || typeof port !== 'number')
        throw new UsageError(
          entry?.ownerAlive === true
            ? `${id} is used by process ${entry.owner.pid}`
            : `there is no machine ${id}`,
          { code: 'no-such-machine', hint: 'those there are: signalbox gc --platform external --dry-run' },
        )
      const address = { host, port }
      const adopted = { address, createdAtMs: Number(createdAtMs) }
      return await within(
        make({ id, name: id, ignition: undefined, adopted }, wish, async () => {
          if (config.hosts.length === 0) return undefined
          const held = await tryHold(config, address)
          if (held !== undefined) return held
          throw new InfraError(`${host} is in use`, { code: 'no-free-host' })
        }),
      )
    },
    async [Symbol.asyncDispose]() {
      closing.abort(new UsageError('the platform is closed', { code: 'platform-closed' }))
      await Promise.allSettled(creations)
      await using all = new AsyncDisposableStack()
      for (const machine of own) all.use(machine)
    },
  }
}

function refusalsOf(
  spec: MachineSpec,
  { programs }: ExternalConfig,
  architecture: string,
): readonly string[] {
  const bytes = Buffer.byteLength(spec.ignition ?? '')
  return [
    spec.architecture === architecture
      ? undefined
      : `needs architecture ${spec.architecture}; the hosts are taken to be ${architecture}`,
    programs.provision === undefined && spec.hasOwnConfig === true
      ? 'needs an Ignition config; hosts without a program for provision get none'
      : undefined,
    programs.provision !== undefined && bytes > USER_DATA_LIMIT
      ? `needs a config of ${bytes} bytes; at most ${USER_DATA_LIMIT} fit into USERDATA`
      : undefined,
    spec.disks.length > 0
      ? `needs ${spec.disks.length} extra disks; external hosts have what they have`
      : undefined,
    spec.tpm ? NO_TPM : undefined,
    ...refuseSpecialHardware(spec, 'external hosts have what they have'),
    spec.privateIndex === undefined ? undefined : 'needs a private network; external hosts have none',
    (spec.kernelArguments?.length ?? 0) > 0 ? 'needs kernel arguments; external hosts take none' : undefined,
    spec.image === undefined ? undefined : 'needs another image; external hosts have theirs',
  ].filter((reason) => reason !== undefined)
}

/** A machine that this process has now. */
export function liveMachine(id: string): ExternalMachine | undefined {
  return machines.get(id)
}
