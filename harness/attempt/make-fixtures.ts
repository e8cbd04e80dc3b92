// Makes the fixtures that a body asked for, and only those.

import { UsageError } from '../errors.ts'
import type { FixtureName } from '../fixtures/fixture-names.ts'
import type { Cluster, Fixtures, Machine } from '../fixtures/fixtures.ts'
import type { RegisteredTest } from '../registry.ts'
import { asStep, currentAttempt, type AttemptContext } from '../running/context.ts'
import { clusterSync } from '../sync/cluster-sync.ts'
import type { RunEnvironment } from './environment.ts'
import { announced } from './network-steps.ts'
import type { HeldMachines } from './held-machines.ts'

export interface FixtureOptions {
  readonly context: AttemptContext
  readonly env: RunEnvironment
  readonly test: RegisteredTest
  readonly held: HeldMachines
  readonly used: ReadonlySet<FixtureName>
  /** Called after the body booted one more machine. */
  readonly onBoot: () => void
}

/** The fixtures object of one attempt. */
export async function makeFixtures(options: FixtureOptions): Promise<Fixtures> {
  const { context, env, test, held, used, onBoot } = options
  const first = (what: string): Machine => {
    const live = held.machines[0]
    if (live === undefined) {
      throw new UsageError(`test "${test.name}" uses the fixture "${what}" but asks for no machine`, {
        code: 'no-machine',
        hint: 'leave out "machines: 0", or boot one with cluster.boot()',
      })
    }
    return live.machine
  }
  const network = held.network && announced(held.network)
  const cluster: Cluster = {
    get machines() {
      return held.machines.map((live) => live.machine)
    },
    get network() {
      if (network !== undefined) return network
      throw new UsageError(`test "${test.name}" has no private network`, {
        code: 'no-private-network',
        hint: 'ask for one with "privateNetwork: true"',
      })
    },
    sync: clusterSync({
      store: held.sync,
      slowness: env.session.slowness,
      signal: () => currentAttempt()?.signal,
    }),
    async boot(bootOptions = {}) {
      return await asStep('boot', `boot m${held.machines.length}`, async () => {
        const live = await held.boot(test, context.ref, context.folder, bootOptions, context.signal)
        onBoot()
        if ((bootOptions.waitFor ?? 'ready') === 'ready') await live.becomeReady(context.signal)
        return live.machine
      })
    },
  }
  const http = used.has('http') ? await held.http() : undefined
  const updateServer = used.has('updateServer') ? await held.updateServer() : undefined
  return {
    cluster,
    get machine() {
      return first('machine')
    },
    get console() {
      return first('console').console
    },
    get journal() {
      return first('journal').journal
    },
    get http() {
      if (http === undefined)
        throw new UsageError('the http fixture was not destructured', { code: 'no-http' })
      return http
    },
    get payloads() {
      if (env.payloads !== undefined) return env.payloads
      throw new UsageError(`test "${test.name}" uses the fixture "payloads" without naming one`, {
        code: 'no-payloads',
        hint: 'name those it needs in its requirements: payloads: ["next"]',
      })
    },
    get updateServer() {
      if (updateServer === undefined)
        throw new UsageError('the updateServer fixture was not destructured', { code: 'no-update-server' })
      return updateServer
    },
  }
}
