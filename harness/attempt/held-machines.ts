// The machines that a job holds: forked or booted by its first attempt, used by all, released once.

import { UsageError } from '../errors.ts'
import type { AttemptRef } from '../events.ts'
import type { BootOptions } from '../fixtures/fixtures.ts'
import type { HttpFixture } from '../fixtures/http.ts'
import { startHttp } from '../fixtures/http.ts'
import type { PrivateNetwork, Template } from '../machine.ts'
import type { LiveMachine } from '../machines/live-machine.ts'
import { isOneMachine, type Job } from '../plan/group.ts'
import type { MachineOrigin } from '../model.ts'
import type { RegisteredTest } from '../registry.ts'
import type { Requirements } from '../requirements.ts'
import { bootRequirements } from '../serial-group.ts'
import { openSyncStore, type SyncStore } from '../sync/sync-store.ts'
import { acquireMachine, bootInTurn, orderMachine, readConfig, type MachineWish } from './acquire.ts'
import type { UpdateRequest, UpdateServer } from '../update-server/index.ts'
import type { RunEnvironment } from './environment.ts'
import {
  allOrFirstError,
  asForkFault,
  forkMachine,
  requireWhole,
  saveTemplate,
  startFork,
  type ForkStart,
  type Seedling,
} from './fork-machines.ts'
import { seedsOf } from './seeds.ts'
import { requestEvent } from './update-events.ts'

export interface HeldMachines extends AsyncDisposable {
  readonly machines: readonly LiveMachine[]
  /** What the machines of the running attempt share. */
  readonly sync: SyncStore
  /** Begins an attempt: what the one before has left of `sync` is not seen by it. */
  beginAttempt(ref: AttemptRef): void
  /** The job's file server, started when first asked for. */
  http(): Promise<HttpFixture>
  /** The job's update server, started when first asked for. */
  updateServer(): Promise<UpdateServer>
  /** Creates the machines of the job: forks them, or starts to boot them. */
  acquireAll(signal: AbortSignal): Promise<void>
  /**
   * Waits until all machines are ready and, where the test extends others, prepared. Machines that boot to become a
   * template are then replaced by their clones.
   */
  becomeReady(signal: AbortSignal, prepare: (() => Promise<void>) | undefined): Promise<void>
  /** The network that only these machines are on. */
  readonly network: PrivateNetwork | undefined
  /** Boots one more machine for a running test. */
  boot(
    test: RegisteredTest,
    attempt: AttemptRef,
    folder: string,
    options: BootOptions,
    signal: AbortSignal,
  ): Promise<LiveMachine>
  /** Spent so far on a template that others fork too, milliseconds: on making it, or on waiting for who did. */
  readonly templateMs: number
  /** How the machines began: `fork` when all are, which every test can have anew; `initrd` when one of them did there. */
  readonly origin: MachineOrigin
  /** Memory that the machines alone use now, MiB; undefined where that cannot be told. */
  privateMemoryMiB(): number | undefined
  /** Throws InfraError when what the clones were forked from is damaged. */
  requireWhole(signal: AbortSignal): Promise<void>
  /** Aborts as soon as any machine is gone that should not be. */
  readonly gone: AbortSignal
}

export interface HoldOptions {
  readonly env: RunEnvironment
  readonly job: Job
  readonly attempts: readonly AttemptRef[]
  readonly folder: string
  /** Called once a template is there, for others to use it too. */
  readonly onTemplate?: () => void
}

/** An empty holding; `acquireAll` fills it. */
export function holdMachines(options: HoldOptions): HeldMachines {
  const { env, job, attempts, folder } = options
  const [first] = job.tests
  const needs = first === undefined ? {} : bootRequirements(first)
  const places = Array.from({ length: needs.machines ?? 1 }, (_, index) => index)
  const stack = new AsyncDisposableStack()
  const machines: LiveMachine[] = []
  const gone = new AbortController()
  let server: Promise<HttpFixture> | undefined
  let updates: Promise<UpdateServer> | undefined
  let running: AttemptRef | undefined
  let seedling: Seedling | undefined
  let template: Template | undefined
  const newStore = (): SyncStore => openSyncStore(() => machines.map((live) => live.machine.name))
  let sync = newStore()
  let askedAt = 0
  let templateMs = 0
  let created = places.length
  const http = async (): Promise<HttpFixture> => {
    server ??= startHttp(env.session.hostAddress).then((fixture) => stack.use(fixture))
    return await server
  }
  const updateServer = async (): Promise<UpdateServer> => {
    const { hostAddress, slowness } = env.session
    const onRequest = (request: UpdateRequest): void => {
      if (running !== undefined) env.emit(requestEvent(running, request))
    }
    updates ??= import('../update-server/update-server.ts').then(async ({ startUpdateServer }) =>
      stack.use(await startUpdateServer({ hostAddress, slowness, onRequest })),
    )
    return await updates
  }
  const keep = (live: LiveMachine): LiveMachine => {
    machines.push(live)
    machines.sort((a, b) => a.machine.name.localeCompare(b.machine.name, 'en', { numeric: true }))
    const onGone = (): void => {
      if (machines.includes(live)) gone.abort(live.gone.reason)
    }
    if (live.gone.aborted) onGone()
    live.gone.addEventListener('abort', onGone, { once: true })
    return live
  }
  const wishFor = async (
    name: string,
    own: Requirements & Pick<BootOptions, 'waitFor' | 'image'>,
    sources: readonly Pick<Requirements, 'ignition'>[],
    at: { readonly folder: string; readonly attempts: readonly AttemptRef[] },
  ): Promise<MachineWish> => {
    const { profile, image } = env
    const configs = await Promise.all(
      sources.map(
        async (source) =>
          await readConfig(
            `the Ignition config for ${name}`,
            source,
            { http, updateServer },
            profile,
            image.identity.version,
          ),
      ),
    )
    const read = configs.filter((config) => config !== undefined)
    return { name, needs: own, configs: read, sync: () => sync, ...at }
  }
  const network = needs.privateNetwork === true ? stack.use(openNetwork(env, places.length)) : undefined
  let sowing = seedsOf(job)
  const ownWish = async (index: number): Promise<MachineWish> => {
    const sources = job.sources.map((test) => test.requirements)
    // Others get clones of their own; a boot is everybody's.
    const users = template === undefined || isOneMachine(job) ? attempts : attempts.slice(0, 1)
    const wish = await wishFor(`m${index}`, needs, sources, { folder, attempts: users })
    return network === undefined ? wish : { ...wish, privatePlace: { index, network } }
  }
  const bootAll = async (indices: readonly number[], signal: AbortSignal): Promise<void> => {
    await allOrFirstError(
      indices.map(async (index) => {
        const wish = { ...(await ownWish(index)), mayBeginInInitrd: job.initrd }
        keep(await bootInTurn(env, signal, async (onUp) => await acquireMachine(env, wish, signal, onUp)))
      }),
    )
  }
  const forkOne = async (from: Template, index: number, signal: AbortSignal): Promise<void> => {
    const order = await orderMachine(env, await ownWish(index))
    // Held until the clone is ready: coming up is what costs.
    using slot = await env.forkSlots.take(signal)
    void slot
    const clone = { order, template: from, index: 0, paused: false, joins: sowing.joins }
    await keep(await forkMachine(env, clone, signal)).becomeReady(signal)
  }
  const forkCluster = async (from: Template, signal: AbortSignal): Promise<void> => {
    await allOrFirstError(
      places.map(async (index) => {
        const order = await orderMachine(env, await ownWish(index))
        keep(await forkMachine(env, { order, template: from, index, paused: true, joins: false }, signal))
      }),
    )
    await allOrFirstError(machines.map(async (live) => await live.resume(signal)))
    await allOrFirstError(machines.map(async (live) => await live.becomeReady(signal)))
  }
  const forkAll = async (from: Template, signal: AbortSignal): Promise<void> => {
    template = from
    options.onTemplate?.()
    // Read while the clones come up; whoever asks later gets the same answer.
    from.damage(signal).catch(() => undefined)
    try {
      if (sowing.asOne) await forkCluster(from, signal)
      else await allOrFirstError(places.map(async (index) => await forkOne(from, index, signal)))
    } catch (error) {
      throw asForkFault(error, signal)
    }
  }
  const startSeeds = async (signal: AbortSignal): Promise<ForkStart> => {
    const orders = await Promise.all(
      sowing.seeds.map(async ({ index, name }) => {
        // The folders of a template's own boot stand beside those of the clones.
        const wish = { ...(await ownWish(index)), name }
        return await orderMachine(env, sowing.joins ? { ...wish, privatePlace: undefined } : wish)
      }),
    )
    return await startFork(env, orders, sowing.preparation, signal)
  }
  const releaseSeedling = async (): Promise<void> => {
    const { lives = [], draft } = seedling ?? {}
    seedling = undefined
    machines.splice(0)
    await allOrFirstError(lives.map(async (live) => await live[Symbol.asyncDispose]()))
    await draft?.[Symbol.asyncDispose]()
  }
  const beganInInitrd = (): boolean => machines.some(({ origin }) => origin === 'initrd')
  const notForked = (reason: string): void => {
    const { name = job.id } = first ?? {}
    const message = `${name} is booted instead of forked: ${reason}`
    env.noticeOnce({ level: 'info', code: 'not-forked', message }, reason)
  }
  return {
    machines,
    http,
    get sync() {
      return sync
    },
    updateServer,
    beginAttempt(ref) {
      sync = newStore()
      running = ref
    },
    gone: gone.signal,
    get origin() {
      if (template !== undefined) return 'fork'
      return beganInInitrd() ? 'initrd' : 'cold'
    },
    network,
    get templateMs() {
      return templateMs
    },
    async acquireAll(signal) {
      if (!job.forks || places.length === 0) return await bootAll(places, signal)
      askedAt = performance.now()
      let start = await startSeeds(signal)
      if (start.kind === 'boot' && sowing.joins) {
        sowing = seedsOf(job, true)
        start = await startSeeds(signal)
      }
      switch (start.kind) {
        case 'boot':
          notForked(start.reason)
          return await bootAll(places, signal)
        case 'template': {
          // To find one takes milliseconds: somebody else has made it meanwhile.
          const waitedMs = performance.now() - askedAt
          if (waitedMs > 1000) templateMs = waitedMs
          return await forkAll(start.template, signal)
        }
        case 'seedling':
          seedling = start.seedling
          for (const live of start.seedling.lives) keep(live)
          return
        default:
          start satisfies never
      }
    },
    async becomeReady(signal, prepare) {
      // Clones are ready when they are acquired, and their template was prepared.
      if (template !== undefined) return
      try {
        await allOrFirstError(machines.map(async (live) => await live.becomeReady(signal)))
      } catch (error) {
        // It may be lost without its cluster: what is wrong with the image shows in the cluster's own boot, too.
        // What a clone in the initrd says of the image is never believed.
        const isDoubted = beganInInitrd() || (seedling !== undefined && sowing.joins)
        throw isDoubted ? asForkFault(error, signal) : error
      }
      if (seedling === undefined) return await prepare?.()
      await prepare?.()
      const grown = await saveTemplate(seedling, signal)
      if (grown.kind === 'machines') {
        notForked(grown.reason)
        if (sowing.joins) await releaseSeedling()
        const missing = places.slice(machines.length)
        await bootAll(missing, signal)
        await allOrFirstError(machines.map(async (live) => await live.becomeReady(signal)))
        return
      }
      await releaseSeedling()
      templateMs = performance.now() - askedAt
      await forkAll(grown.template, signal)
    },
    privateMemoryMiB() {
      const each = machines.map((live) => live.privateMemoryMiB())
      return each.reduce<number | undefined>(
        (sum, mib) => (sum === undefined || mib === undefined ? undefined : sum + mib),
        0,
      )
    },
    async requireWhole(signal) {
      if (template !== undefined) await requireWhole(template, signal)
    },
    async boot(test, attempt, attemptFolder, bootOptions, signal) {
      const own = { ...test.requirements, ...bootOptions }
      const index = created
      created += 1
      const at = { folder: attemptFolder, attempts: [attempt] }
      const wish = await wishFor(`m${index}`, own, [own], at)
      const privatePlace = network === undefined ? undefined : { index, network }
      return keep(await acquireMachine(env, { ...wish, privatePlace }, signal))
    },
    async [Symbol.asyncDispose]() {
      const results = await Promise.allSettled(
        machines.map(async (live) => await live[Symbol.asyncDispose]()),
      )
      await seedling?.draft[Symbol.asyncDispose]()
      await stack.disposeAsync()
      const failed = results.find((result) => result.status === 'rejected')
      if (failed !== undefined) throw failed.reason
    },
  }
}

function openNetwork({ session, target }: RunEnvironment, machines: number): PrivateNetwork {
  const { privateNetworks } = session
  if (privateNetworks !== undefined) return privateNetworks.open(machines)
  throw new UsageError(`platform ${target.platform} has no private networks`, { code: 'no-private-network' })
}
