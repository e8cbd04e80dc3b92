// Starts one QEMU process and hands it over when it answers: control connection open, console and journal attached,
// SSH port known. A launch that fails or is aborted leaves no process behind.

import type { Duplex, Readable } from 'node:stream'
import { abortable } from '../harness/deadline.ts'
import { machineArguments } from './arguments.ts'
import { startChild, type Child } from './child.ts'
import { PRIVATE_NETWORK_FD, type MachineConfig } from './machine-config.ts'
import { explainEnd, type MachineEnd } from './machine-end.ts'
import type { QmpEvent, ShutdownReason } from './qmp-commands.ts'
import { isKnownEvent } from './qmp-commands.ts'
import { QmpConnection } from './qmp.ts'
import { startFailure } from './start-failure.ts'
import { killAndWait } from './stop.ts'
import { readSshPort } from './usernet.ts'

export interface LaunchOptions {
  readonly signal?: AbortSignal | undefined
  /** Takes the guest's serial console and its ports, at once; all must be read for as long as they last. */
  readonly attach: (streams: {
    readonly console: Duplex
    readonly journal: Readable
    readonly agent: Duplex
    readonly calls: Duplex
    /** Ethernet frames for `EthernetSwitch.connect`; present if and only if the config has a `privateNetwork`. */
    readonly privateNetwork?: Duplex
  }) => void
  /** Lets the process outlive this one. Default false: it dies with us, even by SIGKILL. */
  readonly detach?: boolean
  /** QMP events from the first on. */
  readonly onEvent?: (event: QmpEvent) => void
}

/** A QEMU process that answers. Disposing kills it. */
export interface RunningMachine extends AsyncDisposable {
  readonly pid: number
  readonly config: MachineConfig
  readonly qmp: QmpConnection
  /** Forwarded to the guest's port 22, on 127.0.0.1; undefined without a network. */
  readonly sshPort: number | undefined
  /** QEMU's version, `10.0.2`. */
  readonly version: string
  /** Settles when the process is gone and its console was read to the end; never rejects. */
  readonly ended: Promise<MachineEnd>
  /** SIGKILL: pulls the plug. `ended` says so as `requested`. */
  kill(): void
}

/** Launches a machine whose channels are `INHERITED_CHANNELS`. Throws InfraError with QEMU's own words. */
export async function launchMachine(config: MachineConfig, options: LaunchOptions): Promise<RunningMachine> {
  options.signal?.throwIfAborted()
  const { privateNetwork: net } = config
  if (net !== undefined && net.fd !== PRIVATE_NETWORK_FD) {
    throw new Error(`the private network must be descriptor ${PRIVATE_NETWORK_FD}, not ${net.fd}`)
  }
  await using undo = new AsyncDisposableStack()
  const child = await startChild(config.binary, machineArguments(config), {
    sockets: net === undefined ? 5 : 6,
    detach: options.detach ?? false,
  })
  let requested = false
  const kill = (): void => {
    requested = true
    child.kill()
  }
  undo.defer(async () => killAndWait(kill, child.ended, child.pid))
  const [qmpSocket, console, journal, agent, calls, privateNetwork] = child.sockets
  if (!qmpSocket || !console || !journal || !agent || !calls) throw new Error('no sockets')
  if (net !== undefined && !privateNetwork) throw new Error('no socket for the private network')
  options.attach({ console, journal, agent, calls, ...(privateNetwork && { privateNetwork }) })
  let shutdown: ShutdownReason | undefined
  const onEvent = (event: QmpEvent): void => {
    if (isKnownEvent(event) && event.event === 'SHUTDOWN') shutdown = event.data.reason
    options.onEvent?.(event)
  }
  const ended = child.ended.then((end) => explainEnd(end, { shutdown, requested }))
  const qmp = undo.use(
    await orEarlyEnd(config, child, options.signal, async (signal) =>
      QmpConnection.negotiate(qmpSocket, { signal, onEvent }),
    ),
  )
  const sshPort = await orEarlyEnd(config, child, options.signal, async (signal) =>
    config.network === undefined ? undefined : readSshPort(qmp, signal),
  )
  const version = await qmp.version
  const owned = undo.move()
  return {
    pid: child.pid,
    config,
    qmp,
    sshPort,
    version,
    ended,
    kill,
    [Symbol.asyncDispose]: async () => owned.disposeAsync(),
  }
}

// When QEMU ends instead of answering, its own message is the error, not the lost connection.
async function orEarlyEnd<T>(
  config: MachineConfig,
  child: Child,
  outer: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const early = new AbortController()
  const signal = outer === undefined ? early.signal : AbortSignal.any([outer, early.signal])
  void child.ended.then(({ exitCode, signal: killedBy, messages }) =>
    early.abort(startFailure(config.binary, exitCode ?? killedBy ?? 'an unknown signal', messages)),
  )
  try {
    return await abortable(work(signal), signal)
  } catch (error) {
    // The socket closes a moment before the exit status is known.
    if (outer?.aborted !== true && !early.signal.aborted) await endSoon(child)
    throw early.signal.aborted && outer?.aborted !== true ? early.signal.reason : error
  }
}

async function endSoon(child: Child): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, 500)
  await Promise.race([child.ended, promise])
  clearTimeout(timer)
}
