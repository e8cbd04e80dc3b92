// Forking the machines of an attempt: find the template, or boot it, bring it to rest and save it. Whenever a fork is in
// doubt the machine is booted; why is said.

import { sleep } from '../deadline.ts'
import { codeOf, InfraError, messageOf } from '../errors.ts'
import { newIdentity } from '../forks/renew.ts'
import type { PlatformMachine, Template, TemplateDraft } from '../machine.ts'
import type { LiveMachine } from '../machines/live-machine.ts'
import { adopt, type MachineOrder } from './acquire.ts'
import type { RunEnvironment } from './environment.ts'

/** A machine that boots to become a template; it and the draft are the holder's to dispose, the machine first. */
export interface Seedling {
  readonly draft: TemplateDraft
  readonly live: LiveMachine
}

export type ForkStart =
  | { readonly kind: 'template'; readonly template: Template }
  | { readonly kind: 'seedling'; readonly seedling: Seedling }
  | { readonly kind: 'boot'; readonly reason: string }

/** Looks for the template of a machine; where there is none, boots the machine that will be it. */
export async function startFork(
  env: RunEnvironment,
  order: MachineOrder,
  signal: AbortSignal,
): Promise<ForkStart> {
  const { forks } = env.session
  if (forks === undefined) return { kind: 'boot', reason: 'the platform has no forks' }
  const { spec, folder } = order
  const refusal = forks.refuses(spec)
  if (refusal !== undefined) return { kind: 'boot', reason: refusal }
  const claim = await forks.claim(spec, signal)
  switch (claim.kind) {
    case 'none':
      return { kind: 'boot', reason: claim.reason }
    case 'template':
      return claim
    case 'draft': {
      await using undo = new AsyncDisposableStack()
      const draft = undo.use(claim.draft)
      const live = await adopt(env, order, await draft.create({ folder, signal }))
      undo.move()
      return { kind: 'seedling', seedling: { draft, live } }
    }
    default:
      return claim satisfies never
  }
}

export type Grown =
  | { readonly kind: 'template'; readonly template: Template }
  /** The machine did not settle, but is ready: it serves as it is. */
  | { readonly kind: 'machine'; readonly reason: string }

/** Settles and saves a ready machine. On `template` the machine is gone. */
export async function saveTemplate({ draft, live }: Seedling, signal: AbortSignal): Promise<Grown> {
  const settled = await live.settle(signal)
  if (settled.kind === 'unsettled') {
    if (settled.lasting) await draft.refuse(settled.reason)
    return { kind: 'machine', reason: settled.reason }
  }
  const { hostKeyTypes, bootId } = settled
  return { kind: 'template', template: await live.saveAs(draft, { hostKeyTypes, bootId }, signal) }
}

/** How often a fork that found no memory asks for it again. */
const MEMORY_POLL_MS = 500

/** Starts a clone. One that finds no memory waits for some until the signal aborts. */
export async function forkMachine(
  env: RunEnvironment,
  order: MachineOrder,
  template: Template,
  signal: AbortSignal,
): Promise<LiveMachine> {
  const { hostKeyTypes, bootId } = template.notes
  const { folder, spec } = order
  const types = Array.isArray(hostKeyTypes) ? (hostKeyTypes as readonly string[]) : []
  const identity = await newIdentity(spec.name, types)
  const raw = await whenThereIsMemory(signal, async () => await template.fork(spec.name, { folder, signal }))
  return await adopt(env, order, raw, { identity, bootId: String(bootId) })
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

/** Codes of failures that only say that a fork did not work: the test is then booted, and nothing is counted. */
const FORK_FAULTS: ReadonlySet<string> = new Set([
  'fork-failed',
  'template-damaged',
  'template-not-saved',
  'state-not-saved',
  'state-not-loaded',
  'clone-not-renewed',
])

/** Whether a failure is the fork's own, and not the machine's or the test's. */
export function isForkFault(code: string): boolean {
  return FORK_FAULTS.has(code)
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
