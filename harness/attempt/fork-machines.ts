// Forking the machines of an attempt: find the template, or boot it, bring it to rest and save it. Whenever a fork is in
// doubt the machine is booted; why is said.

import { sleep } from '../deadline.ts'
import { codeOf, InfraError, messageOf } from '../errors.ts'
import { identityFunctions, type PrivatePlace } from '../forks/identity.ts'
import { newIdentity } from '../forks/renew.ts'
import type { Forks, MachineSpec, PlatformMachine, Template, TemplateDraft } from '../machine.ts'
import type { LiveMachine } from '../machines/live-machine.ts'
import { parseOsIdentity } from '../machines/os-identity.ts'
import { isForkFault } from '../verdict.ts'
import { adopt, bootInTurn, keepsFailed, type MachineOrder } from './acquire.ts'
import type { RunEnvironment } from './environment.ts'

/** Machines that boot to become a template; they and the draft are the holder's to dispose, the machines first. */
export interface Seedling {
  readonly draft: TemplateDraft
  readonly lives: readonly LiveMachine[]
}

export type ForkStart =
  | { readonly kind: 'template'; readonly template: Template }
  | { readonly kind: 'seedling'; readonly seedling: Seedling }
  | { readonly kind: 'boot'; readonly reason: string }

/** Looks for the template of these machines; where there is none, boots the machines that will be it. */
export async function startFork(
  env: RunEnvironment,
  orders: readonly MachineOrder[],
  preparation: string,
  signal: AbortSignal,
): Promise<ForkStart> {
  const { forks } = env.session
  if (forks === undefined) return { kind: 'boot', reason: 'the platform has no forks' }
  const specs = orders.map(({ spec }) => spec)
  const refusal = whyUnforkable(forks, specs)
  if (refusal !== undefined) return { kind: 'boot', reason: refusal }
  const claim = await forks.claim(specs, fullPreparation(preparation), signal)
  switch (claim.kind) {
    case 'none':
      return { kind: 'boot', reason: claim.reason }
    case 'template':
      return claim
    case 'draft': {
      await using undo = new AsyncDisposableStack()
      const draft = undo.use(claim.draft)
      // Those that are still being created when one fails must be released, too.
      const lives = await allOrFirstError(
        orders.map(async (order, index) => {
          const { folder, wish } = order
          const options = { folder, signal, network: wish.privatePlace?.network, keepable: keepsFailed(env) }
          const live = await bootInTurn(
            env,
            signal,
            async (onUp) => await adopt(env, order, await draft.create(index, options), { onUp }),
          )
          return undo.use(live)
        }),
      )
      undo.move()
      return { kind: 'seedling', seedling: { draft, lives } }
    }
    default:
      return claim satisfies never
  }
}

/** Why the platform forks no such machines, or undefined. */
export function whyUnforkable(forks: Forks, specs: readonly MachineSpec[]): string | undefined {
  return specs.map((spec) => forks.refuses(spec)).find((reason) => reason !== undefined)
}

/** All that is done to machines before they are saved. */
export function fullPreparation(own: string): string {
  // What a clone is told is defined in its template: another version of it is another template.
  return `${identityFunctions()}\n${own}`
}

export type Grown =
  | { readonly kind: 'template'; readonly template: Template }
  /** The machines did not settle, but are ready: they serve as they are. */
  | { readonly kind: 'machines'; readonly reason: string }

/** Settles and saves ready machines. On `template` they are gone. */
export async function saveTemplate({ draft, lives }: Seedling, signal: AbortSignal): Promise<Grown> {
  const isolated = lives.length > 1
  const all = await Promise.all(lives.map(async (live) => await live.settle(signal, isolated)))
  const unsettled = all.find((each) => each.kind === 'unsettled')
  if (unsettled !== undefined) {
    if (unsettled.lasting) await draft.refuse(unsettled.reason)
    const settledOnes = lives.filter((_, index) => all[index]?.kind === 'settled')
    await Promise.all(settledOnes.map(async (live) => await live.unsettle(signal)))
    return { kind: 'machines', reason: unsettled.reason }
  }
  const settled = all.filter((each) => each.kind === 'settled')
  const notes = {
    // One entry a machine.
    hostKeyTypes: settled.map(({ hostKeyTypes }) => hostKeyTypes.join(' ')),
    bootIds: settled.map(({ bootId }) => bootId),
    osIdentities: lives.map((live) => JSON.stringify(live.osIdentity())),
  }
  const machines = lives.map((live) => live.release())
  const template = await draft.save(machines, notes, signal)
  for (const live of lives) live.mark('saved')
  return { kind: 'template', template }
}

/** How often a fork that found no memory asks for it again. */
const MEMORY_POLL_MS = 500

export interface CloneOrder {
  readonly order: MachineOrder
  readonly template: Template
  /** Which of the template's machines. */
  readonly index: number
  /** It waits, loaded but not running. */
  readonly paused: boolean
  /** Its template is on no private network; the clone gets the place of the order there. */
  readonly joins: boolean
}

/** Starts a clone. One that finds no memory waits for some until the signal aborts. */
export async function forkMachine(
  env: RunEnvironment,
  { order, template, index, paused, joins }: CloneOrder,
  signal: AbortSignal,
): Promise<LiveMachine> {
  const { folder, spec, wish } = order
  const types = note(template, 'hostKeyTypes', index)
    .split(' ')
    .filter((type) => type !== '')
  const { privatePlace } = wish
  const joined = joins && privatePlace !== undefined ? privatePlace : undefined
  const identity = { ...(await newIdentity(spec.name, types)), privatePlace: placeOf(env, joined) }
  const { hostName } = identity
  const options = {
    folder,
    signal,
    paused,
    hostName,
    network: privatePlace?.network,
    keepable: keepsFailed(env),
    ...(joined === undefined ? {} : { privateIndex: joined.index }),
  }
  const raw = await whenThereIsMemory(signal, async () => await template.fork(index, spec.name, options))
  const clone = {
    identity,
    bootId: note(template, 'bootIds', index),
    osIdentity: parseOsIdentity(note(template, 'osIdentities', index)),
  }
  return await adopt(env, order, raw, { clone })
}

function placeOf(
  { session }: Pick<RunEnvironment, 'session'>,
  joined: MachineOrder['wish']['privatePlace'],
): PrivatePlace | undefined {
  const place = joined && session.privateNetworks?.place(joined.index)
  return joined && place && { ...place, domain: joined.network.domain }
}

function note({ notes }: Template, name: string, index: number): string {
  const list = notes[name]
  return Array.isArray(list) ? String(list[index] ?? '') : ''
}

async function whenThereIsMemory(
  signal: AbortSignal,
  fork: () => Promise<PlatformMachine>,
): Promise<PlatformMachine> {
  for (;;) {
    try {
      return await fork()
    } catch (error) {
      if (codeOf(error) !== 'out-of-memory' || signal.aborted) throw error
      await sleep(MEMORY_POLL_MS, signal)
    }
  }
}

/** Throws when a template's files are not as they were saved: what its clones said is worth nothing. */
export async function requireWhole(template: Template, signal: AbortSignal): Promise<void> {
  const damage = await template.damage(signal)
  if (damage === undefined) return
  throw new InfraError(`template ${template.id} is damaged: ${damage}`, {
    code: 'template-damaged',
    hint: 'it is made anew on the next use; see whether the host has a bad disk or bad memory',
  })
}

/** A fork that could not be started, as the fork's own fault. */
export function asForkFault(error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted || isForkFault(codeOf(error) ?? '')) return error
  return new InfraError(`a machine could not be forked: ${messageOf(error)}`, {
    code: 'fork-failed',
    hint: 'it is booted instead; --no-fork boots every machine',
    cause: error,
  })
}

/** Waits for all, then gives what they made or throws the first failure. */
export async function allOrFirstError<T>(work: readonly Promise<T>[]): Promise<readonly T[]> {
  const results = await Promise.allSettled(work)
  return results.map((result) => {
    if (result.status === 'rejected') throw result.reason
    return result.value
  })
}
