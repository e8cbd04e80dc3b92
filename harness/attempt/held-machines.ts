// The machines that a job holds: acquired by its first attempt, used by all, released once.

import type { AttemptRef } from '../events.ts'
import type { BootOptions } from '../fixtures/fixtures.ts'
import type { HttpFixture } from '../fixtures/http.ts'
import { startHttp } from '../fixtures/http.ts'
import type { LiveMachine } from '../machines/live-machine.ts'
import type { RegisteredTest } from '../registry.ts'
import type { Requirements } from '../requirements.ts'
import { acquireMachine, readConfig } from './acquire.ts'
import type { RunEnvironment } from './environment.ts'

export interface HeldMachines extends AsyncDisposable {
  readonly machines: readonly LiveMachine[]
  /** The job's file server, started when first asked for. */
  http(): Promise<HttpFixture>
  /** Boots one more machine for a running test. */
  boot(
    test: RegisteredTest,
    attempt: AttemptRef,
    folder: string,
    options: BootOptions,
    signal: AbortSignal,
  ): Promise<LiveMachine>
  /** Aborts as soon as any machine is gone that should not be. */
  readonly gone: AbortSignal
}

export interface HoldOptions {
  readonly env: RunEnvironment
  readonly tests: readonly RegisteredTest[]
  readonly attempts: readonly AttemptRef[]
  readonly folder: string
}

/** An empty holding; `acquireAll` fills it. */
export function holdMachines(
  options: HoldOptions,
): HeldMachines & { acquireAll(signal: AbortSignal): Promise<void> } {
  const { env, tests, attempts, folder } = options
  const stack = new AsyncDisposableStack()
  const machines: LiveMachine[] = []
  const gone = new AbortController()
  let server: Promise<HttpFixture> | undefined
  const http = async (): Promise<HttpFixture> => {
    server ??= startHttp(env.session.hostAddress).then((fixture) => stack.use(fixture))
    return await server
  }
  const keep = (live: LiveMachine): LiveMachine => {
    machines.push(live)
    const onGone = (): void => gone.abort(live.gone.reason)
    if (live.gone.aborted) onGone()
    live.gone.addEventListener('abort', onGone, { once: true })
    return live
  }
  const acquire = async (
    name: string,
    needs: Requirements & Pick<BootOptions, 'waitFor'>,
    sources: readonly Requirements[],
    at: { readonly folder: string; readonly attempts: readonly AttemptRef[] },
    signal: AbortSignal,
  ): Promise<LiveMachine> => {
    const { profile, image } = env
    const configs = await Promise.all(
      sources.map(
        async (source) =>
          await readConfig(`the Ignition config for ${name}`, source, http, profile, image.identity.version),
      ),
    )
    const live = await acquireMachine(
      env,
      { name, needs, configs: configs.filter((config) => config !== undefined), ...at },
      signal,
    )
    return keep(live)
  }
  return {
    machines,
    http,
    gone: gone.signal,
    async acquireAll(signal) {
      const needs = tests[0]?.requirements ?? {}
      const names = Array.from({ length: needs.machines ?? 1 }, (_, index) => `m${index}`)
      const sources = tests.map((test) => test.requirements)
      const results = await Promise.allSettled(
        names.map(async (name) => await acquire(name, needs, sources, { folder, attempts }, signal)),
      )
      machines.sort((a, b) => a.machine.name.localeCompare(b.machine.name, 'en', { numeric: true }))
      const failed = results.find((result) => result.status === 'rejected')
      if (failed !== undefined) throw failed.reason
    },
    async boot(test, attempt, attemptFolder, bootOptions, signal) {
      const needs = { ...test.requirements, ...bootOptions }
      return await acquire(
        `m${machines.length}`,
        needs,
        [needs],
        { folder: attemptFolder, attempts: [attempt] },
        signal,
      )
    },
    async [Symbol.asyncDispose]() {
      const results = await Promise.allSettled(
        machines.map(async (live) => await live[Symbol.asyncDispose]()),
      )
      await stack.disposeAsync()
      const failed = results.find((result) => result.status === 'rejected')
      if (failed !== undefined) throw failed.reason
    },
  }
}
