// A nightly's place in the history: claimed before anything starts, kept up while it runs, ended with its exit code.

import { hostname } from 'node:os'
import {
  BEAT_MS,
  claimNightly,
  type Nightly,
  type NightlyNews,
  updateNightly,
} from '../../reports/history/index.ts'
import { InfraError, messageOf } from '../errors.ts'
import { withHistory } from './with-history.ts'
import { identifyProcess, isAlive, type ProcessIdentity } from '../process.ts'

export interface ClaimedNightly extends Disposable {
  readonly id: number
  /** Those before it that did not end. */
  readonly lost: readonly Nightly[]
  /** Writes something down; what goes wrong is a warning, for the run matters more. */
  note(news: NightlyNews): Promise<void>
}

/** Claims; throws InfraError `nightly-running` while another one of the same history runs. Disposing stops the signs of life. */
export async function beginNightly(
  flags: Readonly<Record<string, unknown>>,
  name: string,
  warn: (message: string) => void,
): Promise<ClaimedNightly> {
  const owner = JSON.stringify(identifyProcess(process.pid) ?? { pid: process.pid })
  const claim = await withHistory(
    flags,
    async (history) =>
      await claimNightly(history, {
        name,
        nowMs: Date.now(),
        host: hostname(),
        owner,
        isAlive: (text) => isAlive(JSON.parse(text) as ProcessIdentity),
      }),
  )
  if (claim.kind === 'running') {
    const { host, atMs, owner: other } = claim.by
    const { pid } = JSON.parse(other) as Pick<ProcessIdentity, 'pid'>
    throw new InfraError(
      `a nightly of this history is running since ${new Date(atMs).toISOString()}: process ${pid} on ${host}`,
      {
        code: 'nightly-running',
        hint: 'wait for it or end it; nightlies that are to run beside each other need histories of their own: --history',
      },
    )
  }
  const { id, lost } = claim
  const note = async (news: NightlyNews): Promise<void> => {
    try {
      await withHistory(flags, async (history) => await updateNightly(history, id, news))
    } catch (error) {
      warn(`the history was not told about the nightly: ${messageOf(error)}`)
    }
  }
  const beats = setInterval(() => void note({ beatMs: Date.now() }), BEAT_MS).unref()
  return { id, lost, note, [Symbol.dispose]: () => clearInterval(beats) }
}
