// Brings saved machines up again, all that were saved at one instant together, on a network of their own where they had
// one. They run on as they were, but for the clock, which is set. Nothing of what was saved is written to.

import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openAgent } from '../agent/agent.ts'
import { openControlLine } from '../control/control-line.ts'
import { codeOf, messageOf, UsageError } from '../errors.ts'
import { setClock } from '../forks/renew.ts'
import type { PlatformMachine, PlatformSession, PrivateNetwork } from '../machine.ts'
import type { SavedRecord } from './saved-record.ts'
import type { ShellTarget } from './shell-target.ts'

/** What the agent has to set the clock, before slowness. */
const CLOCK_MS = 5_000

export interface ResumeOptions {
  readonly session: PlatformSession
  readonly saved: readonly { readonly folder: string; readonly record: SavedRecord }[]
  /** For what the machines write about themselves; exists. */
  readonly folder: string
  /** They may be kept. */
  readonly keepable: boolean
  readonly signal: AbortSignal
  /** Told what could not be done, and does not matter for the rest. */
  readonly warn: (message: string) => void
}

export interface ResumedMachine {
  readonly raw: PlatformMachine
  readonly record: SavedRecord
  readonly target: ShellTarget
}

/** A machine that runs again, all disposed together. */
export interface Resumed extends AsyncDisposable {
  readonly machines: readonly ResumedMachine[]
}

/** Throws UsageError for what cannot be brought up here, InfraError when the host fails; nothing is left then. */
export async function resumeMachines(options: ResumeOptions): Promise<Resumed> {
  const { session, saved, folder, keepable, signal, warn } = options
  const { saves, slowness } = session
  const first = saved[0]?.record
  if (saves === undefined) {
    throw new UsageError(`the platform ${first?.platform ?? ''} brings no saved machine up again`, {
      code: 'no-saves',
    })
  }
  for (const { record } of saved) {
    const why = saves.refuses(record.saved)
    if (why !== undefined)
      throw new UsageError(`${record.machine} cannot be resumed here: ${why}`, { code: 'resume-refused' })
  }
  await using stack = new AsyncDisposableStack()
  const network = openNetwork(session, saved)
  if (network !== undefined) stack.use(network)
  const raws = await Promise.all(
    saved.map(async ({ folder: from, record }) => {
      const own = join(folder, record.machine)
      await mkdir(own)
      const wish = { folder: own, signal, network, keepable, paused: true }
      return stack.use(await saves.resume(record.saved, from, wish))
    }),
  )
  // None runs before all are there: they would miss each other.
  await Promise.all(raws.map(async (raw) => await raw.power('resume', signal)))
  const machines = await Promise.all(
    raws.map(async (raw, index): Promise<ResumedMachine> => {
      const record = saved[index]?.record
      if (record === undefined) throw new Error('more machines than were saved')
      const agent = raw.agent === undefined ? undefined : stack.use(openAgent(raw.agent))
      const control =
        raw.agent === undefined || agent === undefined
          ? undefined
          : stack.use(
              openControlLine({ machine: raw.name, port: raw.agent, agent, answerMs: CLOCK_MS * slowness }),
            )
      try {
        if (agent === undefined) throw new Error('there is no agent in it')
        await setClock({ agent, timeoutMs: CLOCK_MS * slowness, signal })
      } catch (error) {
        signal.throwIfAborted()
        warn(`the clock of ${record.machine} is still that of ${record.savedAt}: ${messageOf(error)}`)
      }
      return { raw, record, target: await targetOf(raw, record, slowness, control) }
    }),
  )
  const owned = stack.move()
  return { machines, [Symbol.asyncDispose]: async () => await owned.disposeAsync() }
}

function openNetwork(
  { privateNetworks }: PlatformSession,
  saved: ResumeOptions['saved'],
): PrivateNetwork | undefined {
  const places = saved.flatMap(({ record }) => record.saved.spec.privateIndex ?? [])
  if (places.length === 0) return undefined
  if (privateNetworks !== undefined) return privateNetworks.open(Math.max(...places) + 1)
  throw new UsageError('these machines had a network of their own, and this platform has none', {
    code: 'no-private-network',
  })
}

async function targetOf(
  raw: PlatformMachine,
  { key, user }: SavedRecord,
  slowness: number,
  control: ShellTarget['control'],
): Promise<ShellTarget> {
  const privateKey = await readFile(key, 'utf8').catch((error: unknown) => {
    throw new UsageError(
      `the SSH key that opens ${raw.name} cannot be read: ${key}: ${codeOf(error) ?? ''}`,
      {
        code: 'saved-key-gone',
        hint: 'put it there again; it was made with the cache folder, and is never saved with a machine',
      },
    )
  })
  return {
    name: raw.name,
    endpoint: async (signal) => await raw.ssh(signal),
    user,
    sshKey: { privateKey, publicKey: '', path: key },
    slowness,
    control,
    serial: raw.serial,
  }
}
