// One machine of the external platform: a host that is held, or made by the user's program, with its console, its power and its end.
// Whatever happens, what was provisioned is deprovisioned, looked at once more and let go.

import { join } from 'node:path'
import { InfraError, messageOf, UsageError } from '../../harness/errors.ts'
import { recordInLedger } from '../../harness/ledger.ts'
import type {
  CreateOptions,
  MachineExit,
  OpenOptions,
  PlatformMachine,
  PowerAction,
  SerialLine,
  SshEndpoint,
} from '../../harness/machine.ts'
import { openConsoleFeed } from '../../qemu/index.ts'
import { runProgram, startConsole, type ProgramContext } from './programs.ts'
import type { HeldHost } from './pool.ts'
import { addressOf, nameOf, type ExternalConfig, type HostAddress } from './settings.ts'
import { checkLogin, openTunnel } from './tunnel.ts'

/** The ledger's kind for what this platform uses; `data` holds `host`, `port`, `run`, `createdAtMs` and `expiresAtMs`. */
export const EXTERNAL_KIND = 'external'

export interface ExternalContext {
  readonly config: ExternalConfig
  readonly run: string
  readonly user: string
  readonly loginKey: NonNullable<OpenOptions['login']>['key'] | undefined
  readonly emit: OpenOptions['emit']
}

/** How a machine comes to be: provisioned, or found as it is. */
export interface ExternalOrder {
  readonly id: string
  readonly name: string
  readonly held: HeldHost | undefined
  readonly ignition: string | undefined
  /** It is there already, at this address. */
  readonly adopted?: { readonly address: HostAddress; readonly createdAtMs: number }
}

export interface ExternalMachine extends PlatformMachine {
  /** Takes it out of the session that it ends with. */
  leaveSession: () => void
}

const TTL_MS = 5 * 3_600_000
/** A host that does not answer after use by then is not fit. */
const HEALTH_MS = 30_000

/** Makes it ready. What fails or is aborted gives everything back; the host's health is judged by it, an abort aside. */
export async function createMachine(
  context: ExternalContext,
  { id, name, held, ignition, adopted }: ExternalOrder,
  { folder, signal }: CreateOptions,
): Promise<ExternalMachine> {
  const { config, run } = context
  const { programs } = config
  await using undo = new AsyncDisposableStack()
  if (held !== undefined) undo.use(held)
  const createdAtMs = adopted?.createdAtMs ?? Date.now()
  let address = adopted?.address ?? held?.address
  const record = (): Disposable =>
    recordInLedger(EXTERNAL_KIND, id, {
      run,
      createdAtMs,
      expiresAtMs: createdAtMs + TTL_MS,
      ...(address === undefined ? {} : { host: address.host, port: address.port }),
    })
  const telling = (): ProgramContext => ({ machine: id, run, address })
  undo.use(record())
  try {
    if (programs.provision === undefined) {
      if (adopted === undefined && address !== undefined)
        await checkHealth(context, address, telling(), signal)
    } else if (adopted === undefined) {
      // Also after a provision that was cut short: nobody else knows what it has begun.
      undo.defer(async () => await giveBack(context, telling()))
      const said = await runProgram(
        'provision',
        programs.provision,
        { ...telling(), userData: ignition ?? '' },
        config,
        signal,
      )
      address ??= addressIn(said, id)
      record()
    } else undo.defer(async () => await giveBack(context, telling()))
  } catch (error) {
    if (!signal.aborted) await blame(context, held, error)
    throw error
  }
  if (address === undefined) throw new InfraError(`${id} has no address`, { code: 'no-address' })
  const at = address
  if (programs.provision === undefined && held !== undefined)
    undo.defer(async () => await checkAfterUse(context, held, telling()))
  else if (held !== undefined) undo.defer(async () => await held.worked())
  const tunnel = undo.use(await openTunnel(config, at))
  const console = undo.use(await openConsoleFeed({ path: join(folder, 'console.txt') }))
  if (programs.console !== undefined) undo.use(startConsole(programs.console, telling(), console))
  signal.throwIfAborted()
  const owned = undo.move()
  let exited = Promise.withResolvers<MachineExit>()
  let ending: Promise<void> | undefined
  let isOff = false
  const exit = (reason: string): void => exited.resolve({ expected: true, blame: 'platform', reason })
  const machine: ExternalMachine = {
    id,
    name,
    facts: { address: nameOf(at), ...(config.jumps.length === 0 ? {} : { jumps: config.jumps.length }) },
    origin: 'cold',
    login: config.login,
    console: console.lines,
    ...(programs.console === undefined
      ? {}
      : {
          serial: {
            listen: (onBytes) => console.listen(onBytes),
            send: (bytes: Uint8Array) => console.send(bytes),
          } satisfies SerialLine,
        }),
    leaveSession: () => undefined,
    get exited() {
      return exited.promise
    },
    async ssh(asking): Promise<SshEndpoint> {
      await Promise.resolve()
      asking.throwIfAborted()
      if (ending !== undefined) throw new InfraError(`${name} is gone`, { code: 'machine-gone' })
      return tunnel.endpoint
    },
    async power(action: PowerAction, asking) {
      await Promise.resolve()
      asking.throwIfAborted()
      const { power } = programs
      if (power === undefined || (action !== 'cut' && action !== 'on' && action !== 'reset'))
        throw new UsageError(`the platform external cannot do "${action}" to ${name}`, {
          code: 'no-power',
          hint:
            power === undefined ? 'set a program for power: --set power=PROGRAM' : 'it can cut, on and reset',
        })
      await runProgram('power', power, { ...telling(), action }, config, asking)
      if (action === 'cut') exit('the power was cut')
      else if (isOff) exited = Promise.withResolvers<MachineExit>()
      isOff = action === 'cut'
    },
    async [Symbol.asyncDispose]() {
      ending ??= (async () => {
        exit('destroyed')
        await owned.disposeAsync()
      })()
      await ending
      machine.leaveSession()
    },
  }
  return machine
}

/** Logs in and asks the user's program. Throws InfraError. */
async function checkHealth(
  { config, user, loginKey }: ExternalContext,
  address: HostAddress,
  telling: ProgramContext,
  outer: AbortSignal,
): Promise<void> {
  const signal = AbortSignal.any([outer, AbortSignal.timeout(HEALTH_MS)])
  await using tunnel = await openTunnel(config, address)
  const login = {
    user,
    ...(loginKey === undefined ? {} : { key: loginKey }),
    ...config.login,
  }
  try {
    await checkLogin(tunnel.endpoint, login, signal)
  } catch (error) {
    if (outer.aborted || !signal.aborted) throw error
    throw new InfraError(`${nameOf(address)} did not answer within ${HEALTH_MS / 1000} s`, {
      code: 'host-unhealthy',
    })
  }
  const { health } = config.programs
  if (health !== undefined) await runProgram('health', health, telling, config, outer)
}

async function checkAfterUse(
  context: ExternalContext,
  held: HeldHost,
  telling: ProgramContext,
): Promise<void> {
  try {
    await checkHealth(context, held.address, telling, AbortSignal.timeout(HEALTH_MS * 2))
    await held.worked()
  } catch (error) {
    await blame(context, held, error)
  }
}

async function blame({ emit }: ExternalContext, held: HeldHost | undefined, error: unknown): Promise<void> {
  if (held === undefined) return
  if (!(await held.failed(messageOf(error)))) return
  const message = `${nameOf(held.address)} keeps failing and is left out: ${messageOf(error)}`
  emit({ type: 'run.notice', level: 'warning', code: 'host-quarantined', message })
}

// Its failure is told, and keeps nothing else from being given back; the ledger's entry goes, because nothing more can be done.
async function giveBack({ config, emit }: ExternalContext, telling: ProgramContext): Promise<void> {
  const { deprovision } = config.programs
  if (deprovision === undefined) return
  try {
    await runProgram(
      'deprovision',
      deprovision,
      telling,
      config,
      AbortSignal.timeout(config.commandTimeoutMs),
    )
  } catch (error) {
    emit({ type: 'run.notice', level: 'warning', code: 'deprovision-failed', message: messageOf(error) })
  }
}

function addressIn(said: string, id: string): HostAddress {
  const line = said.trim().split('\n').at(-1)?.trim() ?? ''
  try {
    return addressOf(line)
  } catch (cause) {
    throw new InfraError(`the program for provision of ${id} printed no address: its last line must be one`, {
      code: 'provision-failed',
      evidence: [line.slice(0, 200)],
      cause,
    })
  }
}
