// A machine under test: the platform's machine, an SSH session, its logs and the watch over them, held together. It
// knows when the machine goes away and ends every wait for it with the reason.

import { asStep, currentAttempt } from '../running/context.ts'
import { openAgent, requireAgent } from '../agent/agent.ts'
import { openControlLine } from '../control/control-line.ts'
import { InfraError, MachineError, messageOf } from '../errors.ts'
import type { ShellTarget } from '../debugging/shell-target.ts'
import { machineBrand } from '../fixtures/brand.ts'
import type { GuestCommand, Machine } from '../fixtures/fixtures.ts'
import type { LedgerEntry } from '../ledger.ts'
import type { PlatformMachine, PowerAction, SshEndpoint } from '../machine.ts'
import type { MachineOrigin } from '../model.ts'
import { hostKeyOf } from '../forks/identity.ts'
import { finishRenewal, renew, setClock } from '../forks/renew.ts'
import { settle, unsettle, type Settled } from '../forks/settle.ts'
import { answerCalls } from '../sync/sync-calls.ts'
import { SshSession, type CommandOutcome, type ExecOptions } from '../ssh/index.ts'
import type { AdoptOptions, Clone } from './adopt-options.ts'
import { followJournalOverSsh } from './follow-journal.ts'
import { commandEvent, exitError, failedUnitsError, noCheckpoints, noKeep } from './machine-trouble.ts'
import { openInsides } from './insides.ts'
import { machineControl } from './machine-control.ts'
import { openManagerLine } from './manager-line.ts'
import { machineHardware } from './machine-hardware.ts'
import { takeSnapshot } from '../snapshot/index.ts'
import { updateClientOf } from '../update/index.ts'
import { openLogs } from './machine-logs.ts'
import { lastLinesOf, onSshHint, seesLine, type LogBuffer } from './machine-log.ts'
import { reach, type Reached } from './reach.ts'
import { osIdentity } from './os-identity.ts'
import { rebootUntilReady } from './reboot-until-ready.ts'
import { describeFailedUnits, judgeSystem, listFailedUnits, lookAtSystem, type SystemState } from './ready.ts'
import { isDead, type Watch } from './watch.ts'

/** What the harness holds of a machine; tests see only `machine`. */
export interface LiveMachine extends AsyncDisposable {
  /** Its artefacts: console.txt, journal.txt, ignition.json. */
  readonly folder: string
  readonly origin: MachineOrigin
  readonly machine: Machine
  readonly watch: Watch
  readonly expectedMessages: readonly string[]
  readonly console: LogBuffer
  readonly journal: LogBuffer
  /** Aborts when the machine is gone for good, with the error that says why. */
  readonly gone: AbortSignal
  /** Waits until the machine is ready and has passed the ready check. */
  becomeReady(signal: AbortSignal): Promise<void>
  /** Units that have failed by now; none when the machine is off or gone. */
  failedUnits(signal: AbortSignal): Promise<readonly string[]>
  failedUnitEvidence(units: readonly string[], signal: AbortSignal): Promise<readonly string[]>
  /** Whether SSH has answered and nothing fatal was seen since: is it worth asking the machine anything? */
  isReachable(): boolean
  /** How it can be asked something now, and what it says where that is not over SSH. Throws only when aborted. */
  reach(signal: AbortSignal): Promise<Reached>
  /** Its journal comes over a side channel. */
  readonly hasJournalChannel: boolean
  /** Brings it to rest, to be saved as a template; there is no SSH connection to it afterwards. */
  settle(signal: AbortSignal, isolated: boolean): Promise<Settled>
  /** Sets it going again after all, to be used as it is. */
  unsettle(signal: AbortSignal): Promise<void>
  /** Lets a clone run that was started paused. */
  resume(signal: AbortSignal): Promise<void>
  /** The platform's machine while it runs; undefined when it is off or gone. */
  running(): PlatformMachine | undefined
  /** Hands the machine over to be saved, which ends it. */
  release(): PlatformMachine
  /** What its OS calls itself; empty before it is ready. */
  osIdentity(): Readonly<Record<string, string>>
  /** Says that it has reached a milestone. */
  mark(milestone: string): void
  /** Memory that it alone uses now, MiB; undefined where that cannot be told. */
  privateMemoryMiB(): number | undefined
  cpuTime(): ReturnType<NonNullable<PlatformMachine['cpuTime']>>
  /** Where SSH answers now. */
  endpoint(signal: AbortSignal): Promise<SshEndpoint>
  /** Lets it outlive this process; see `PlatformMachine.keep`. Throws UsageError where that cannot be had. */
  keep(notes: LedgerEntry['data'], signal: AbortSignal): Promise<void>
  /** Every way into it, for a person. */
  readonly shellTarget: ShellTarget
}

/** Takes a created machine over. Disposing the result destroys the machine. */
export async function adoptMachine(options: AdoptOptions): Promise<LiveMachine> {
  const { platformMachine: raw, profile, emit, slowness, folder, readyTimeoutMs } = options
  await using stack = new AsyncDisposableStack()
  stack.use(raw)
  const startedAt = performance.now()
  const gone = new AbortController()
  let power: 'on' | 'off' = 'on'
  let isKept = false
  const milestones = new Set<string>()
  const milestone = (name: string): void => {
    if (milestones.has(name)) return
    milestones.add(name)
    if (name === 'journal' || name === 'ssh') options.onUp()
    emit({
      type: 'machine.milestone',
      machine: raw.id,
      milestone: name,
      sinceMs: performance.now() - startedAt,
    })
  }
  let osRelease: Readonly<Record<string, string>> = {}
  const identify = (found: Readonly<Record<string, string>>): void => {
    if (Object.keys(osRelease).length > 0 || Object.keys(found).length === 0) return
    osRelease = found
    emit({ type: 'machine.identified', machine: raw.id, osRelease })
  }

  const { console, journal, watch, feedJournal } = stack.use(
    openLogs({ raw, distro: profile.name, folder, slowness, emit, milestone }),
  )

  // Every life of the machine ends once; the next one has a promise of its own.
  const watchExit = (): void => {
    void raw.exited.then((exit) => {
      emit({ type: 'machine.exited', machine: raw.id, reason: exit.reason, expected: exit.expected })
      if (power === 'off' || exit.expected || options.mayVanish) return
      gone.abort(exitError(raw.name, exit, console))
    })
  }
  watchExit()
  const lastSeen = (): string => lastLinesOf(console)

  const { user = profile.defaultUser, key: sshKey = options.sshKey, password } = raw.login ?? {}
  const session = stack.use(
    new SshSession({
      endpoint: async (signal) => await raw.ssh(signal),
      machine: raw.name,
      user,
      privateKey: sshKey.privateKey,
      password,
      lastSeen,
      hints: raw.journal === undefined ? undefined : (onHint) => onSshHint(journal, onHint),
      onCommand: (outcome) => emit(commandEvent(raw.id, outcome)),
    }),
  )
  const agent = raw.agent === undefined ? undefined : stack.use(openAgent(raw.agent))
  if (raw.calls !== undefined) stack.use(answerCalls(raw.calls, raw.name, () => options.sync?.()))
  const agentMs = 5_000 * slowness
  const line =
    raw.agent === undefined || agent === undefined
      ? undefined
      : stack.use(
          openControlLine({
            machine: raw.name,
            port: raw.agent,
            agent,
            answerMs: agentMs,
            onCommand: (outcome) => emit(commandEvent(raw.id, outcome, 'control')),
          }),
        )
  const shellTarget: ShellTarget = {
    name: raw.name,
    endpoint: async (signal) => await raw.ssh(signal),
    user,
    sshKey,
    password,
    slowness,
    control: line,
    serial: raw.serial,
  }
  const signals = (extra?: AbortSignal): AbortSignal => {
    const attempt = currentAttempt()?.signal
    return AbortSignal.any([
      gone.signal,
      ...(attempt === undefined ? [] : [attempt]),
      ...(extra === undefined ? [] : [extra]),
    ])
  }
  const exec = async (command: GuestCommand, execOptions: ExecOptions = {}): Promise<CommandOutcome> => {
    if (power === 'off')
      throw new MachineError(`${raw.name} is off: cannot run a command`, { code: 'machine-off' })
    return await session.exec(command, { ...execOptions, signal: signals(execOptions.signal) })
  }
  const look = async (signal: AbortSignal): Promise<SystemState | undefined> => {
    if (power === 'off' || gone.signal.aborted) return undefined
    return await lookAtSystem(exec, { signal, timeoutMs: readyTimeoutMs })
  }
  const failedUnitEvidence = async (
    units: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly string[]> => await describeFailedUnits(exec, units, { signal, sudo: true })
  const becomeReady = async (outer: AbortSignal): Promise<void> => {
    const signal = signals(outer)
    if (options.clone !== undefined && !milestones.has('ssh')) {
      await becomeClone(options.clone, signal)
      return
    }
    await session.connect({ signal, timeoutMs: readyTimeoutMs })
    milestone('ssh')
    if (raw.journal === undefined || raw.journal.bytes === 0)
      followJournalOverSsh(session, gone.signal, feedJournal)
    const state = await look(signal)
    if (state === undefined)
      throw new MachineError(`${raw.name} went away while it started`, { code: 'machine-gone' })
    milestone('running')
    identify(osIdentity(state.osRelease))
    judgeSystem(state, profile, raw.name, options.leaveOut)
    if (state.failedUnits.length > 0 && !options.leaveOut.has('failed-units')) {
      const evidence = await failedUnitEvidence(state.failedUnits, signal)
      throw failedUnitsError(raw.name, state.failedUnits, evidence)
    }
  }
  // Its template was ready, and was judged then. What fails here is never the image's fault.
  const becomeClone = async (
    { identity, bootId, osIdentity: known }: Clone,
    signal: AbortSignal,
  ): Promise<void> => {
    try {
      const asked = { agent: requireAgent(agent), timeoutMs: agentMs, signal }
      const nextHostKey = hostKeyOf(identity)
      // No command is run before the clone is itself; but sshd may answer meanwhile, which takes as long.
      await Promise.all([
        session.connect({ signal, timeoutMs: readyTimeoutMs, listening: true, bootId, nextHostKey }),
        renew({ ...asked, identity }).then(async () => await finishRenewal(asked)),
      ])
      milestone('ssh')
      milestone('running')
      identify(known)
    } catch (cause) {
      if (signal.aborted || cause instanceof InfraError) throw cause
      throw new InfraError(`${raw.name}, a fork, did not come up: ${messageOf(cause)}`, {
        code: 'fork-failed',
        hint: 'it is booted instead; --no-fork boots every machine',
        cause,
      })
    }
  }
  const doPower = async (action: PowerAction): Promise<void> => {
    if (action === 'cut' || action === 'shutdown') power = 'off'
    if (action === 'cut' || action === 'reset' || action === 'shutdown') session.forgetBoot()
    await raw.power(action, signals())
    if (action === 'on' || action === 'reset') {
      if (power === 'off') watchExit()
      power = 'on'
      await becomeReady(signals())
    }
  }

  const machine: Machine & { readonly [machineBrand]: true } = {
    [machineBrand]: true,
    name: raw.name,
    id: raw.id,
    console: console.log,
    journal: journal.log,
    slowness,
    privateAddress: options.privateAddress,
    control: machineControl({ machine: raw.name, line, isOff: () => power === 'off', signals }),
    exec,
    run: async (command, execOptions = {}) => {
      if (power === 'off')
        throw new MachineError(`${raw.name} is off: cannot run a command`, { code: 'machine-off' })
      const outcome = await session.run(command, { ...execOptions, signal: signals(execOptions.signal) })
      return outcome.stdout.trim()
    },
    readFile: async (path) =>
      (
        await session.download(path, { sudo: true, limitBytes: 16 * 1024 * 1024, signal: signals() })
      ).toString('utf8'),
    writeFile: async (path, content, uploadOptions = {}) =>
      await asStep(
        'upload',
        `write ${path}`,
        async () =>
          await session.upload(content, path, {
            sudo: true,
            ...uploadOptions,
            signal: signals(uploadOptions.signal),
          }),
      ),
    get updates() {
      return updateClientOf(machine, profile)
    },
    snapshot: async () =>
      await asStep(
        'test.step',
        `snapshot of ${raw.name}`,
        async () => await takeSnapshot(exec, profile, slowness),
      ),
    reboot: async ({ timeoutMs, by, mayTakeSeveralBoots = false } = {}) =>
      await asStep('reboot', `reboot ${raw.name}`, async () => {
        const longest = timeoutMs === undefined ? readyTimeoutMs : timeoutMs * slowness
        const reboot = { session, how: by, timeoutMs: longest, signal: signals(), lastSeen }
        if (mayTakeSeveralBoots) await rebootUntilReady({ ...reboot, machine: raw.name, becomeReady })
        else {
          await session.reboot(reboot)
          await becomeReady(signals())
        }
      }),
    power: async (action) =>
      await asStep('power', `${action} ${raw.name}`, async () => await doPower(action)),
    waitForExit: async () => await raw.exited,
    shell: async () =>
      await asStep('test.step', `a shell in ${raw.name}`, async () => await options.openShell(shellTarget)),
    ...machineHardware(raw, signals),
    checkpoint: async () =>
      await asStep('power', `checkpoint of ${raw.name}`, async () => {
        if (raw.checkpoint === undefined || agent === undefined) throw noCheckpoints(raw.name)
        return await raw.checkpoint(signals())
      }),
    restore: async (checkpoint) =>
      await asStep('power', `restore ${raw.name}`, async () => {
        if (raw.restore === undefined || agent === undefined) throw noCheckpoints(raw.name)
        await session.disconnect('the machine goes back to a checkpoint')
        await raw.restore(checkpoint, signals())
        if (power === 'off') watchExit()
        power = 'on'
        await setClock({ agent, timeoutMs: agentMs, signal: signals() })
      }),
  }

  const isReachable = (): boolean =>
    milestones.has('ssh') && power === 'on' && !gone.signal.aborted && !watch.hits.some((hit) => hit.fatal)
  openInsides({ machine, session, gone: gone.signal, signals, readyTimeoutMs, lastSeen, becomeReady })
  const manager = openManagerLine(async (command, { signal, ...execOptions }) => {
    const ended = signal === undefined ? gone.signal : AbortSignal.any([gone.signal, signal])
    return await session.exec(command, { ...execOptions, signal: ended })
  })
  let looks = 0
  const owned = stack.move()
  return {
    folder,
    origin: raw.origin,
    machine,
    watch,
    expectedMessages: options.expectedMessages,
    console,
    journal,
    gone: gone.signal,
    shellTarget,
    becomeReady: async (signal) => {
      await becomeReady(signal)
      await options.onReady(shellTarget)
    },
    failedUnits: async (signal) => {
      if (power === 'off' || gone.signal.aborted) return []
      looks += 1
      // To open the line costs as much as to ask by a command: it is for those who ask again.
      if (looks > 1 && (await manager.failedUnits(signals(signal))) === 0) return []
      return await listFailedUnits(exec, { signal, timeoutMs: readyTimeoutMs })
    },
    failedUnitEvidence,
    isReachable,
    reach: async (signal) =>
      power === 'off' || gone.signal.aborted || isDead(watch)
        ? { kind: 'gone' }
        : await reach({ session, line, expectSsh: isReachable(), slowness, signal }),
    get hasJournalChannel() {
      return raw.journal !== undefined && raw.journal.bytes > 0
    },
    endpoint: async (signal) => await raw.ssh(signal),
    settle: async (outer, isolated) => {
      if (agent === undefined) return { kind: 'unsettled', reason: 'there is no agent in it', lasting: true }
      return await settle({
        agent,
        disconnect: async () => await session.disconnect('the machine is being saved'),
        timeoutMs: agentMs,
        signal: signals(outer),
        isolated,
        journalHas: async (text, timeoutMs) =>
          raw.journal !== undefined && (await seesLine(journal, text, timeoutMs, signals(outer))),
      })
    },
    unsettle: async (outer) =>
      await unsettle({ agent: requireAgent(agent), timeoutMs: agentMs, signal: signals(outer) }),
    keep: async (notes, outer) => {
      if (raw.keep === undefined) throw noKeep(raw.name)
      await raw.keep(notes, outer)
      power = 'off'
      isKept = true
    },
    resume: async (outer) => await raw.power('resume', signals(outer)),
    running: () => (power === 'off' || gone.signal.aborted ? undefined : raw),
    release: () => {
      power = 'off'
      return raw
    },
    osIdentity: () => osRelease,
    mark: milestone,
    privateMemoryMiB: () => raw.privateMemoryMiB?.(),
    cpuTime: () => raw.cpuTime?.(),
    async [Symbol.asyncDispose]() {
      const disposeStart = performance.now()
      power = 'off'
      options.onUp()
      if (owned.disposed) return
      await owned.disposeAsync()
      if (isKept) return
      emit({ type: 'machine.destroyed', machine: raw.id, durationMs: performance.now() - disposeStart })
    },
  }
}
