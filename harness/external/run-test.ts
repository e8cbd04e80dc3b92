// The body of an external test: its files and a runner on each of its machines, the test in the runner, reboots as it asks
// for them, its output kept, its end judged.

import { join } from 'node:path'
import { startDeadline, TimeoutError, formatSeconds } from '../deadline.ts'
import { MachineError, messageOf } from '../errors.ts'
import type { Cluster, Machine } from '../fixtures/fixtures.ts'
import { plainText } from '../hostile-text.ts'
import { insidesOf } from '../machines/insides.ts'
import { forgetTimes, noteBegin, noteEnd } from '../machines/journal-times.ts'
import { announce } from '../running/attachments.ts'
import { asStep, requireAttempt, type AttemptContext } from '../running/context.ts'
import { skip } from '../running/skip.ts'
import { layOut, type Bundle, type BundlePlace } from './bundle.ts'
import { readStart, type ExternalTest } from './find.ts'
import { runnerLost, startRunner, type GuestRunner, type RunEnd } from './guest-runner.ts'
import { DATA_ROOT, RUNNER_UNIT } from './guest-scripts.ts'
import { openOutputFile, type OutputFile } from './output-file.ts'
import { lineReader } from './output.ts'
import { readTap, type TapReader } from './tap.ts'
import { judgeEnd } from './verdict.ts'

export interface ExternalRun {
  readonly test: ExternalTest
  /** The tests that may come to the same machine, this one included: they are uploaded together. */
  readonly companions: readonly ExternalTest[]
  /** Of the test itself, without what it takes to bring it there; for a host with KVM. */
  readonly timeoutMs: number
}

/** What was set up on a machine, for the tests that come to it one after the other. */
interface Station {
  readonly runner: GuestRunner
  readonly bundle: Bundle
}

const stations = new WeakMap<Machine, Station>()

/** Runs the test on all machines of the cluster at once; it passes when it passes on all. */
export async function runExternalTest(run: ExternalRun, { machines }: Cluster): Promise<void> {
  requireProgram(run.test)
  const context = requireAttempt('an external test')
  const ends = await Promise.allSettled(
    machines.map(async (machine) => await runOn(run, machine, machines, context)),
  )
  const failed = ends.find((end) => end.status === 'rejected' && !isSkip(end.reason))
  const first = failed ?? ends.find((end) => end.status === 'rejected')
  if (first !== undefined && first.status === 'rejected') throw first.reason
}

function isSkip(error: unknown): boolean {
  return error instanceof Error && error.name === 'SkipError'
}

async function runOn(
  run: ExternalRun,
  machine: Machine,
  machines: readonly Machine[],
  context: AttemptContext,
): Promise<void> {
  const { test } = run
  const name = machines.length === 1 ? `${test.name}.txt` : `${test.name}-${machine.name}.txt`
  const path = join(context.folder, name)
  using file = openOutputFile(path, (error) =>
    context.emit({
      type: 'log',
      attempt: context.ref,
      level: 'warning',
      message: `the output of the test cannot be saved: ${messageOf(error)}`,
    }),
  )
  const prefix = machines.length === 1 ? '' : `${machine.name} > `
  const tap = readTap((subtest) =>
    context.emit({
      type: 'subtest.finished',
      attempt: context.ref,
      ...subtest,
      name: `${prefix}${subtest.name}`,
    }),
  )
  try {
    const status = await untilEnd(run, machine, machines, { context, file, tap })
    judge(status, tap, file)
  } finally {
    file[Symbol.dispose]()
    await announce(context, name, path, { machine: machine.id })
  }
}

interface Outlets {
  readonly context: AttemptContext
  readonly file: OutputFile
  readonly tap: TapReader
}

/** Runs the test, and again after each reboot that it asks for, until it has ended. Returns its exit status. */
async function untilEnd(
  run: ExternalRun,
  machine: Machine,
  machines: readonly Machine[],
  { context, file, tap }: Outlets,
): Promise<number> {
  const { test, companions, timeoutMs } = run
  const mayReboot = test.meta.exclusive !== false
  const reader = lineReader((line) => tap.line(line))
  let station = stations.get(machine)
  let isInJournal = true
  const onOutput = (chunk: Buffer): void => {
    file.write(chunk)
    reader.push(chunk)
    if (file.total < MOST_JOURNALED_BYTES || !isInJournal) return
    isInJournal = false
    // Only saves time: a flood that stays in the journal is thinned out there.
    station?.runner.leaveJournal(context.signal).catch(() => undefined)
  }
  let mark: string | undefined
  for (;;) {
    station ??= await setUp(machine, layOut(companions), { isNew: true, mayReboot }, context)
    stations.set(machine, station)
    const { runner, bundle } = station
    const place = placeOf(bundle, test)
    const environment = environmentOf(test, place, machine, machines, mark)
    const program = `${runner.programFolder}/${place.program}`
    const end = await withinTime({ test, machine, runner, timeoutMs, file }, context.signal, async (signal) =>
      runner.run({
        program,
        environment,
        onOutput,
        // A machine that reboots for its test has no other.
        onBegin: (atUs) => {
          if (!mayReboot) noteBegin(machine, context.ref, atUs)
        },
        signal,
      }),
    )
    if (end.kind === 'ended') {
      reader.end()
      if (end.atUs !== undefined) noteEnd(machine, context.ref, end.atUs)
      return end.status
    }
    stations.delete(machine)
    forgetTimes(machine)
    if (end.kind === 'lost') throw withOutput(runnerLost(machine.name, end.state), file)
    await reboot(machine, runner, end, context.signal)
    ;({ mark } = end)
    station = await setUp(machine, bundle, { isNew: false, mayReboot }, context)
  }
}

function placeOf(bundle: Bundle, test: ExternalTest): BundlePlace {
  const place = bundle.places.get(test.name)
  if (place === undefined) throw new Error(`${test.name} is not in the bundle of its machine`)
  return place
}

async function setUp(
  machine: Machine,
  bundle: Bundle,
  { isNew, mayReboot }: { readonly isNew: boolean; readonly mayReboot: boolean },
  { signal }: AttemptContext,
): Promise<Station> {
  const runner = await asStep('upload', `set up external tests on ${machine.name}`, async () =>
    startRunner({ machine, files: isNew ? bundle.files : [], mayReboot, signal }),
  )
  return { runner, bundle }
}

function environmentOf(
  test: ExternalTest,
  { data, program }: BundlePlace,
  machine: Machine,
  machines: readonly Machine[],
  mark: string | undefined,
): Readonly<Record<string, string>> {
  return {
    KOLA_UNIT: RUNNER_UNIT,
    KOLA_TEST: test.kolaName,
    KOLA_TEST_EXE: program.replace(/^kola-runext-/, ''),
    KOLA_EXT_DATA: `${DATA_ROOT}/${data ?? 'extdata'}`,
    SIGNALBOX_TEST: test.name,
    SIGNALBOX_MACHINE: machine.name,
    SIGNALBOX_MACHINES: machines.map(({ name }) => name).join(' '),
    ...(mark === undefined ? {} : { AUTOPKGTEST_REBOOT_MARK: mark }),
  }
}

interface Timed {
  readonly test: ExternalTest
  readonly machine: Machine
  readonly runner: GuestRunner
  readonly timeoutMs: number
  readonly file: OutputFile
}

/** The test's own deadline: when it passes, everything the test started is ended, and the machine goes on. */
async function withinTime(
  { test, machine, runner, timeoutMs, file }: Timed,
  outer: AbortSignal,
  work: (signal: AbortSignal) => Promise<RunEnd>,
): Promise<RunEnd> {
  const limitMs = timeoutMs * machine.slowness
  using deadline = startDeadline({
    phase: `the external test ${test.kolaName}`,
    timeoutMs: limitMs,
    signal: outer,
  })
  try {
    return await work(deadline.signal)
  } catch (error) {
    if (!(error instanceof TimeoutError) || outer.aborted) throw error
    try {
      await runner.endTest(outer)
    } catch {
      // It may still be at work: this machine is no place for another test, which a timeout says.
      throw error
    }
    const hint = 'raise it with the key "timeoutMin"'
    throw withOutput(
      new MachineError(
        `${test.kolaName} did not end within ${formatSeconds(limitMs)} on ${machine.name}; it was killed with all it had started`,
        { code: 'external-timeout', hint },
      ),
      file,
    )
  }
}

async function reboot(
  machine: Machine,
  runner: GuestRunner,
  { what, when, mark }: Extract<RunEnd, { kind: 'asks' }>,
  signal: AbortSignal,
): Promise<void> {
  const insides = insidesOf(machine)
  const acknowledge = async (): Promise<void> => await runner.acknowledge(signal)
  await asStep('reboot', `${what} of ${machine.name}, mark ${JSON.stringify(mark)}`, async () => {
    if (what === 'reboot') return await insides.rebootBy(when === 'now' ? 'orderly' : acknowledge)
    await insides.softRebootBy(
      when === 'prepare'
        ? acknowledge
        : async () => void (await machine.exec(['systemctl', 'soft-reboot'], { sudo: true, signal })),
    )
  })
}

/** More of an output does not go to the journal. */
const MOST_JOURNALED_BYTES = 1024 * 1024

function judge(status: number, tap: TapReader, file: OutputFile): void {
  const lastLines = file.lastLines(40)
  const verdict = judgeEnd({ status, tap: tap.end(), lastLines })
  switch (verdict.kind) {
    case 'passed':
      return
    case 'skipped':
      return skip(verdict.reason)
    case 'failed': {
      const { code, message, hint } = verdict
      throw withOutput(new MachineError(message, { code, ...(hint === undefined ? {} : { hint }) }), file)
    }
    default:
      verdict satisfies never
  }
}

/** The same error with the end of the output as evidence. */
function withOutput({ message, code, hint }: MachineError, file: OutputFile): MachineError {
  const cut =
    file.dropped > 0 ? [`(${file.total} bytes of output came; ${file.dropped} of them are not kept)`] : []
  return new MachineError(message, {
    code,
    ...(hint === undefined ? {} : { hint }),
    evidence: [...cut, ...file.lastLines(40).map((line) => plainText(line))],
  })
}

/** Linux runs ELF files and scripts with a first line that names their interpreter; nothing else without help. */
function requireProgram({ executable, kolaName }: ExternalTest): void {
  const start = readStart(executable, 64)
  const isElf = start.subarray(0, 4).equals(Buffer.from([0x7f, 0x45, 0x4c, 0x46]))
  if (isElf || start.subarray(0, 2).toString('latin1') === '#!' || start.includes(0)) return
  throw new MachineError(`${kolaName} is no program: it is neither an ELF file nor begins with #!`, {
    code: 'external-no-program',
    hint: 'a script needs a first line like #!/bin/bash',
  })
}
