// Failures that something else explains better than the wait that ended: what the agent of a silent machine can tell, or that
// the host had no time for the machine.

import type { Diagnosis } from '../control/diagnose.ts'
import { formatSeconds } from '../deadline.ts'
import type { Failure } from '../model.ts'

/** A machine that SSH does not reach, and what was found. */
export interface SilentMachine {
  readonly name: string
  readonly diagnosis: Diagnosis
}

/** Whether SSH that does not answer could be what made this failure. Pure. */
export function maySilenceExplain({ kind, code, phase }: Failure): boolean {
  if (phase !== 'ready' && phase !== 'body') return false
  return kind === 'timeout' || code.startsWith('ssh-')
}

/** The failure with the likely cause in front and the findings behind. Pure. */
export function explain(failure: Failure, silent: readonly SilentMachine[]): Failure {
  const [first] = silent
  if (first === undefined || !maySilenceExplain(failure)) return failure
  const found = silent.flatMap(({ name, diagnosis }) =>
    diagnosis.evidence.map((line) => `${name} says: ${line}`),
  )
  return {
    ...failure,
    machine: failure.machine ?? first.name,
    message: `${silent.map(({ name, diagnosis }) => `${name}: ${diagnosis.cause}`).join('; ')} (${failure.message})`,
    evidence: [...(failure.evidence ?? []), ...found],
  }
}

/** What a machine has had of its host. */
export interface MachineTime {
  readonly name: string
  readonly ranMs: number
  readonly waitedMs: number
}

/** Who waits for the CPU twice as long as they have it are given less than a third of what they could use. */
const STARVED = 2

/** Of waits that the guest itself gives up: for a device in the initrd, say. */
const BOOT_ENDED = /\.(?:initrd-emergency|emergency-shell)$/
const GAVE_UP = /\btimed out\b/i

function isWait({ kind, phase, code, evidence = [] }: Failure): boolean {
  if (kind === 'timeout') return true
  return phase === 'ready' && BOOT_ENDED.test(code) && evidence.some((line) => GAVE_UP.test(line))
}

/** A wait that ended because the host was too busy says nothing about the image: it is the host's failure. Pure. */
export function blameHost(failure: Failure, machines: readonly MachineTime[]): Failure {
  const starved = machines.find(({ ranMs, waitedMs }) => waitedMs > STARVED * ranMs)
  if (starved === undefined || !isWait(failure)) return failure
  if (failure.phase !== 'ready' && failure.phase !== 'body') return failure
  const { name, ranMs, waitedMs } = starved
  return {
    ...failure,
    kind: 'infra',
    code: 'host-starved',
    machine: failure.machine ?? name,
    message: `the host was too busy for ${name}, which ran for ${formatSeconds(ranMs)} and waited ${formatSeconds(waitedMs)} for a CPU (${failure.message})`,
    hint: 'run fewer jobs at once with -j, or when the host has less to do',
  }
}
