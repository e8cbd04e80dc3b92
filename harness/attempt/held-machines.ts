// The machines that a job holds: forked or booted by its first attempt, used by all, released once.

import type { AttemptRef } from '../events.ts'
import type { BootOptions } from '../fixtures/fixtures.ts'
import type { HttpFixture } from '../fixtures/http.ts'
import { startHttp } from '../fixtures/http.ts'
import type { Template } from '../machine.ts'
import type { LiveMachine } from '../machines/live-machine.ts'
import type { Job } from '../plan/group.ts'
import type { RegisteredTest } from '../registry.ts'
import type { Requirements } from '../requirements.ts'
import { acquireMachine, orderMachine, readConfig, type MachineWish } from './acquire.ts'
import type { RunEnvironment } from './environment.ts'
import {
  asForkFault,
  forkMachine,
  requireWhole,
  saveTemplate,
  startFork,
  type Seedling,
} from './fork-machines.ts'

export interface HeldMachines extends AsyncDisposable {
  readonly machines: readonly LiveMachine[]
  /** The job's file server, started when first asked for. */
  http(): Promise<HttpFixture>
  /** Creates the machines of the job: forks them, or starts to boot them. */
  acquireAll(signal: AbortSignal): Promise<void>
  /** Waits until all machines are ready. A machine that boots to become a template is replaced by its clones. */
  becomeReady(signal: AbortSignal): Promise<void>
  /** Boots one more machine for a running test. */
  boot(
    test: RegisteredTest,
    attempt: AttemptRef,
    folder: string,
    options: BootOptions,
    signal: AbortSignal,
  ): Promise<LiveMachine>
  /** Whether the machines are clones, which every test can have anew. */
  readonly origin: 'cold' | 'fork'
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
  const needs = first?.requirements ?? {}
  const names = Array.from({ length: needs.machines ?? 1 }, (_, index) => `m${index}`)
  const stack = new AsyncDisposableStack()
  const machines: LiveMachine[] = []
  const gone = new AbortController()
  let server: Promise<HttpFixture> | undefined
  let seedling: Seedling | undefined
  let template: Template | undefined
  const http = async (): Promise<HttpFixture> => {
    server ??= startHttp(env.session.hostAddress).then((fixture) => stack.use(fixture))
    return await server
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
    own: Requirements & Pick<BootOptions, 'waitFor'>,
    sources: readonly Pick<Requirements, 'ignition'>[],
    at: { readonly folder: string; readonly attempts: readonly AttemptRef[] },
  ): Promise<MachineWish> => {
    const { profile, image } = env
    const configs = await Promise.all(
      sources.map(
        async (source) =>
          await readConfig(`the Ignition config for ${name}`, source, http, profile, image.identity.version),
      ),
    )
    return { name, needs: own, configs: configs.filter((config) => config !== undefined), ...at }
  }
  const ownWish = async (name: string): Promise<MachineWish> =>
    await wishFor(
      name,
      needs,
      job.sources.map((test) => test.requirements),
      { folder, attempts },
    )
  const bootAll = async (which: readonly string[], signal: AbortSignal): Promise<void> => {
    await together(which.map(async (name) => keep(await acquireMachine(env, await ownWish(name), signal))))
  }
  const forkAll = async (from: Template, signal: AbortSignal): Promise<void> => {
    template = from
    options.onTemplate?.()
    try {
      await together(
        names.map(async (name) => {
          const order = await orderMachine(env, await ownWish(name))
          // Held until the clone is ready: coming up is what costs.
          using slot = await env.forkSlots.take(signal)
          void slot
          await keep(await forkMachine(env, order, from, signal)).becomeReady(signal)
        }),
      )
    } catch (error) {
      throw asForkFault(error, signal)
    }
  }
  const notForked = (reason: string): void => {
    const { name = job.id } = first ?? {}
    env.emit({
      type: 'run.notice',
      level: 'info',
      code: 'not-forked',
      message: `${name} is booted: ${reason}`,
    })
  }
  return {
    machines,
    http,
    gone: gone.signal,
    get origin() {
      return template === undefined ? 'cold' : 'fork'
    },
    async acquireAll(signal) {
      const [name] = names
      if (!job.forks || name === undefined) return await bootAll(names, signal)
      // The folder of a template's own boot stands beside those of the clones.
      const order = await orderMachine(env, { ...(await ownWish(name)), name: 'template' })
      const start = await startFork(env, order, signal)
      switch (start.kind) {
        case 'boot':
          notForked(start.reason)
          return await bootAll(names, signal)
        case 'template':
          return await forkAll(start.template, signal)
        case 'seedling':
          seedling = start.seedling
          keep(start.seedling.live)
          return
        default:
          start satisfies never
      }
    },
    async becomeReady(signal) {
      // Clones are ready when they are acquired.
      if (template !== undefined) return
      await together(machines.map(async (live) => await live.becomeReady(signal)))
      if (seedling === undefined) return
      const grown = await saveTemplate(seedling, signal)
      if (grown.kind === 'machine') {
        notForked(grown.reason)
        await bootAll(names.slice(1), signal)
        await together(machines.map(async (live) => await live.becomeReady(signal)))
        return
      }
      const { live, draft } = seedling
      seedling = undefined
      machines.splice(machines.indexOf(live), 1)
      await live[Symbol.asyncDispose]()
      await draft[Symbol.asyncDispose]()
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
      const at = { folder: attemptFolder, attempts: [attempt] }
      const wish = await wishFor(`m${machines.length}`, own, [own], at)
      return keep(await acquireMachine(env, wish, signal))
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

/** Waits for all, then throws the first failure: what the others made must be known before anything is undone. */
async function together(work: readonly Promise<unknown>[]): Promise<void> {
  const failed = (await Promise.allSettled(work)).find((result) => result.status === 'rejected')
  if (failed !== undefined) throw failed.reason
}
