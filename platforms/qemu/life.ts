// One power cycle of a machine: a QEMU process (and its TPM) from launch to end, watched for what must end it early:
// a kernel panic, or a host disk that cannot be written.

import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { sleep } from '../../harness/deadline.ts'
import { codeOf, InfraError } from '../../harness/errors.ts'
import type { LedgerEntry } from '../../harness/ledger.ts'
import type { MachineExit } from '../../harness/machine.ts'
import {
  isKnownEvent,
  launchMachine,
  letGo,
  loadState,
  plugPrivateCard,
  readLines,
  startSoftwareTpm,
  type ConsoleFeed,
  type LineBuffer,
  type MachineConfig,
  type MachineFolders,
  type MemoryPlace,
  type QmpEvent,
  type RunningMachine,
} from '../../qemu/index.ts'
import type { AgentLine } from './agent-line.ts'
import { toMachineExit, type Intent } from './exit.ts'
import { onLostTimer } from './lost-timer.ts'

export interface LifeOptions {
  readonly folders: MachineFolders
  readonly console: ConsoleFeed
  readonly journal: LineBuffer
  readonly agent: AgentLine
  readonly calls: AgentLine
  readonly tpm: boolean
  /** Lets the machine outlive this process: not at all, once it is kept, or from the start. */
  readonly outlives: 'never' | 'when-kept' | 'always'
  /** What a kernel panic that the guest reports does. */
  readonly onPanic: 'stop' | 'run'
  /** The port to ask for again; 0 for any. */
  readonly sshPort: number
  readonly signal: AbortSignal
  /** A state that the machine goes on from, instead of booting. */
  readonly state?: (SavedState & { readonly paused: boolean }) | undefined
  /** Takes the machine's end of its cluster's network, where it has one. */
  readonly connect?: ((stream: Duplex) => void) | undefined
  readonly config: (tpmSocket: string | undefined, sshPort: number) => MachineConfig
}

/** A saved state: the file, and where the RAM is that belongs to it. */
export interface SavedState {
  readonly path: string
  readonly memory: MemoryPlace
}

/** How a life ended; `rebooted` means that the guest asked for another one. */
export type LifeEnd = { readonly kind: 'gone'; readonly exit: MachineExit } | { readonly kind: 'rebooted' }

export interface Life {
  readonly machine: RunningMachine
  readonly sshPort: number
  /** Never rejects. Settles when the process is gone and the console was read to its end. */
  readonly ended: Promise<LifeEnd>
  /** Pulls the plug and waits; `reason` becomes the expected exit's. */
  cut(reason: string): Promise<void>
  /** Lets it go on without us; see `letGo`. `notes` go into the ledger. */
  keep(consoleFile: string, notes: LedgerEntry['data'], signal: AbortSignal): Promise<void>
  /** What the next end will be taken for. */
  intend(intent: Intent): void
  /** Resolves when the guest has let go of a device, by its id. Ask before it is told to. */
  deviceGone(id: string): Promise<void>
}

/** Starts a life. Nothing is left behind when it fails. */
export async function startLife(options: LifeOptions): Promise<Life> {
  await using undo = new AsyncDisposableStack()
  const outlives = options.outlives !== 'never'
  const tpm = options.tpm
    ? undo.use(await startSoftwareTpm(options.folders, { signal: options.signal, outlives }))
    : undefined
  let intent: Intent = { kind: 'none' }
  let wasCut = false
  let kept = false
  const leaving = new Map<string, () => void>()
  const streams = Promise.withResolvers<void>()
  const endWith = (next: Intent): void => {
    // A guest that panics while it shuts down did not shut down.
    if (intent.kind === 'none' || (next.kind === 'panic' && !wasCut)) intent = next
    machine?.kill()
  }
  const onEvent = (event: QmpEvent): void => {
    if (kept || !isKnownEvent(event)) return
    if (event.event === 'GUEST_PANICKED' && options.onPanic === 'stop') {
      void quiet(options.console).then(() => endWith({ kind: 'panic' }))
    }
    if (event.event === 'DEVICE_DELETED') leaving.get(event.data.device ?? '')?.()
    if (event.event === 'BLOCK_IO_ERROR' && event.data.action === 'stop') {
      const what = event.data.nospace === true ? 'the disk of the host is full' : 'the disk of the host fails'
      endWith({ kind: 'host-fault', reason: `${what}: ${event.data.reason} (${event.data.operation})` })
    }
  }
  const isEnding = (): boolean => intent.kind !== 'none'
  let machine: RunningMachine | undefined
  const launch = async (sshPort: number): Promise<RunningMachine> => {
    const config = options.config(tpm?.socket, sshPort)
    const onLost = (): void =>
      endWith({ kind: 'host-fault', reason: 'the emulator lost the timer of one of its CPUs' })
    if (config.accelerator.kind === 'tcg') undo.defer(onLostTimer(options.console.lines, onLost))
    return await launchMachine(config, {
      signal: options.signal,
      detach: outlives,
      onEvent,
      attach: ({ console, journal, agent, calls, privateNetwork }) => {
        if (privateNetwork !== undefined) options.connect?.(privateNetwork)
        void Promise.all([
          options.console.attach(console),
          readLines(journal, options.journal),
          options.agent.attach(agent),
          options.calls.attach(calls),
        ]).then(() => streams.resolve())
      },
    })
  }
  machine = undo.use(await onSamePort(options.sshPort, launch))
  // What was seen while it was being launched.
  if (isEnding()) machine.kill()
  const running = machine
  if (options.state !== undefined) {
    const { path, memory, paused } = options.state
    await loadState(running.qmp, path, { memory, signal: options.signal })
    const { privateNetwork: net } = running.config
    if (net?.card === 'unplugged') await plugPrivateCard(running.qmp, net.mac, { signal: options.signal })
    if (!paused) await running.qmp.execute('cont', {}, { signal: options.signal })
  }
  if (options.outlives === 'always') {
    options.folders.handOver(running.pid)
    tpm?.handOver()
  }
  const owned = undo.move()
  const ended = running.ended.then(async (end): Promise<LifeEnd> => {
    await streams.promise
    await owned.disposeAsync().catch(() => undefined)
    if (intent.kind === 'none' && end.kind === 'guest-reboot') return { kind: 'rebooted' }
    return { kind: 'gone', exit: toMachineExit(end, intent) }
  })
  return {
    machine: running,
    sshPort: running.sshPort ?? 0,
    ended,
    async cut(reason) {
      wasCut = true
      intent = { kind: 'power-off', reason }
      running.kill()
      await owned.disposeAsync()
      await ended
    },
    async keep(consoleFile, notes, signal) {
      const { runtime } = options.folders
      const sockets = {
        consoleSocket: join(runtime, 'console.sock'),
        agentSocket: join(runtime, 'agent.sock'),
      }
      await letGo(running.qmp, { consoleFile, ...sockets, signal })
      kept = true
      options.folders.keep(running.pid, { ...notes, ...sockets })
      tpm?.handOver()
    },
    intend(next) {
      intent = next
    },
    async deviceGone(id) {
      const { promise, resolve } = Promise.withResolvers<void>()
      leaving.set(id, resolve)
      await promise
    },
  }
}

// A machine keeps its port over power cycles where it can; another process may have taken it in between.
async function onSamePort(
  port: number,
  launch: (port: number) => Promise<RunningMachine>,
): Promise<RunningMachine> {
  if (port === 0) return await launch(0)
  try {
    return await launch(port)
  } catch (error) {
    if (error instanceof InfraError && codeOf(error) === 'no-port') return await launch(0)
    throw error
  }
}

// pvpanic is told before the kernel has printed everything: the last lines of a panic are the ones people need.
async function quiet(feed: ConsoleFeed): Promise<void> {
  let seen = -1
  for (let waitedMs = 0; waitedMs < 3000 && seen !== feed.lines.bytes; waitedMs += 250) {
    seen = feed.lines.bytes
    await sleep(250)
  }
}
