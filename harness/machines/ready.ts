// The ready check: SSH answers, systemd has left its starting states, os-release is the profile's, no unit has failed.
// One command a look, since every round trip costs an emulated guest.

import { MachineError } from '../errors.ts'
import { oneLine } from '../hostile-text.ts'
import type { DistroProfile } from '../profiles/index.ts'
import type { CheckName } from '../requirements.ts'
import type { CommandOutcome, ExecOptions } from '../ssh/index.ts'

/** What a look at systemd showed. */
export interface SystemState {
  /** `systemctl is-system-running`: running, degraded, ... */
  readonly state: string
  readonly osRelease: ReadonlyMap<string, string>
  readonly failedUnits: readonly string[]
  readonly bootId: string
}

type Exec = (command: string, options?: ExecOptions) => Promise<CommandOutcome>

const MARK = '--signalbox--'
const LOOK = [
  'systemctl is-system-running --wait',
  `echo ${MARK}; cat /etc/os-release`,
  `echo ${MARK}; systemctl list-units --state=failed --plain --no-legend --no-pager`,
  `echo ${MARK}; cat /proc/sys/kernel/random/boot_id`,
].join('; ')

/** Waits in the guest until systemd is done starting, then tells what it found. */
export async function lookAtSystem(exec: Exec, options: ExecOptions): Promise<SystemState> {
  const { stdout } = await exec(LOOK, options)
  const [state = '', release = '', failed = '', bootId = ''] = stdout.split(`${MARK}\n`)
  return {
    state: state.trim(),
    osRelease: parseOsRelease(release),
    failedUnits: unitNames(failed),
    bootId: bootId.trim(),
  }
}

/** Units that have failed by now. One number first: on an emulated guest the list costs three times as much. */
export async function listFailedUnits(exec: Exec, options: ExecOptions): Promise<readonly string[]> {
  const count = await exec('systemctl show --property=NFailedUnits --value', options)
  if (count.stdout.trim() === '0') return []
  const { stdout } = await exec('systemctl list-units --state=failed --plain --no-legend --no-pager', options)
  return unitNames(stdout)
}

function unitNames(table: string): readonly string[] {
  return table
    .split('\n')
    .map((line) => line.trim().split(/\s+/)[0] ?? '')
    .filter((unit) => unit !== '')
}

/** os-release(5): shell-like assignments. */
export function parseOsRelease(text: string): ReadonlyMap<string, string> {
  const entries = text.split('\n').flatMap((line): [string, string][] => {
    const match = /^([A-Z][A-Z0-9_]*)=(.*)$/.exec(line.trim())
    const [, key, raw] = match ?? []
    if (key === undefined || raw === undefined) return []
    const unquoted = /^(["'])(.*)\1$/.exec(raw)?.[2] ?? raw
    return [[key, unquoted.replaceAll(/\\(["$`\\])/g, '$1')]]
  })
  return new Map(entries)
}

const ACCEPTED_STATES = new Set(['running', 'degraded', 'maintenance'])

/** Throws a MachineError for the first thing that is not as it must be. */
export function judgeSystem(
  state: SystemState,
  profile: DistroProfile,
  machine: string,
  leaveOut: ReadonlySet<CheckName>,
): void {
  if (!leaveOut.has('system-state') && !ACCEPTED_STATES.has(state.state)) {
    throw new MachineError(`${machine}: systemd says "${oneLine(state.state)}" instead of "running"`, {
      code: 'system-state',
    })
  }
  const { field, value } = profile.readyOsRelease
  const actual = state.osRelease.get(field)
  if (!leaveOut.has('os-release') && actual !== value) {
    throw new MachineError(
      `${machine}: os-release has ${field}=${actual ?? '(nothing)'}; the ${profile.name} profile expects ${value}`,
      {
        code: 'os-release',
        hint: 'is this the right image? choose the profile with --distro',
      },
    )
  }
}

/** Status and journal of failed units, for the error; empty when none failed. */
export async function describeFailedUnits(
  exec: Exec,
  units: readonly string[],
  options: ExecOptions,
): Promise<readonly string[]> {
  const evidence: string[] = []
  for (const unit of units.slice(0, 5)) {
    const quoted = `'${unit.replaceAll("'", `'\\''`)}'`
    const { stdout } = await exec(
      `systemctl status --no-pager --lines=0 -- ${quoted}; journalctl --boot --no-pager --output=short-monotonic --lines=20 --unit=${quoted}`,
      options,
    )
    evidence.push(...stdout.trimEnd().split('\n'))
  }
  return evidence
}
