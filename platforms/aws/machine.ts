// One machine of the AWS platform: an instance, its address, its console, its power and its end.

import {
  RebootInstancesCommand,
  StartInstancesCommand,
  StopInstancesCommand,
  type Instance,
} from '@aws-sdk/client-ec2'
import { join } from 'node:path'
import { InfraError, messageOf, UsageError } from '../../harness/errors.ts'
import type { CreateOptions, MachineExit, PlatformMachine } from '../../harness/machine.ts'
import { openConsoleFeed } from '../../qemu/index.ts'
import { readConsole } from './console.ts'
import type { AwsContext } from './context.ts'
import { removeResource } from './remove.ts'
import { untilState, type Watcher } from './watcher.ts'

export interface AwsMachine extends PlatformMachine {
  /** Takes it out of the session that it ends with. */
  leaveSession: () => void
}

export interface AwsMachineOptions {
  readonly instance: string
  readonly name: string
  readonly facts: PlatformMachine['facts']
  /** What was made for it; goes after it. */
  readonly belongings: AsyncDisposable
}

const SSH_PORT = 22

/** Takes over an instance, waits until it runs, and destroys it when that fails. */
export async function openMachine(
  context: AwsContext,
  watcher: Watcher,
  { instance: id, name, facts, belongings }: AwsMachineOptions,
  { folder, signal }: Pick<CreateOptions, 'folder' | 'signal'>,
): Promise<AwsMachine> {
  const { aws, config, emit } = context
  await using undo = new AsyncDisposableStack()
  undo.use(belongings)
  const console = undo.use(await openConsoleFeed({ path: join(folder, 'console.txt') }))
  undo.defer(async () => {
    await removeResource(aws, { kind: 'machine', id })
    watcher.hurry()
    await untilState(watcher, id, isTerminated, AbortSignal.timeout(600_000))
  })
  const running = await untilState(watcher, id, (found) => isRunning(found, name), signal)
  const reader = readConsole(aws, id, console, config.consoleMs)
  // After the machine, whose last words it reads.
  undo.use({ [Symbol.asyncDispose]: async () => await reader[Symbol.asyncDispose]() })
  const owned = undo.move()
  let exited = Promise.withResolvers<MachineExit>()
  let address = addressOf(running)
  let power: 'on' | 'changing' | 'off' | 'gone' = 'on'
  let ending: Promise<void> | undefined
  const watching = watcher.watch(id, (found) => {
    if (power === 'on' || power === 'gone') address = addressOf(found) ?? address
    if (power !== 'on') return
    const exit = exitOf(found)
    if (exit === undefined) return
    power = exit.blame === 'image' ? 'off' : 'gone'
    exited.resolve(exit)
  })
  const askForAddress = async (asking: AbortSignal): Promise<string> => {
    if (address !== undefined) return address
    const found = await untilState(watcher, id, (seen) => addressOf(seen) !== undefined, asking)
    return (address = addressOf(found)) ?? ''
  }
  function addressOf(found: Instance | undefined): string | undefined {
    const text = config.usesPrivateAddress ? found?.PrivateIpAddress : found?.PublicIpAddress
    return text === '' ? undefined : text
  }
  const until = async (state: string, asking: AbortSignal): Promise<Instance | undefined> => {
    watcher.hurry()
    return await untilState(watcher, id, (found) => found?.State?.Name === state, asking)
  }
  const machine: AwsMachine = {
    id,
    name,
    facts,
    origin: 'cold',
    console: console.lines,
    leaveSession: () => undefined,
    get exited() {
      return exited.promise
    },
    async ssh(asking) {
      asking.throwIfAborted()
      if (ending !== undefined || power === 'gone')
        throw new InfraError(`${name} is gone`, { code: 'machine-gone' })
      return { host: await askForAddress(asking), port: SSH_PORT }
    },
    async power(action, asking) {
      asking.throwIfAborted()
      const InstanceIds = [id]
      switch (action) {
        case 'cut':
        case 'shutdown': {
          power = 'changing'
          // Without the force of a cut the OS is asked to end itself.
          const hard = action === 'cut' ? { Force: true, SkipOsShutdown: true } : {}
          await aws.call(
            `${action} ${id}`,
            async (options) =>
              await aws.ec2.send(new StopInstancesCommand({ InstanceIds, ...hard }), options),
            asking,
          )
          await until('stopped', asking)
          power = 'off'
          address = undefined
          exited.resolve({ expected: true, blame: 'platform', reason: `power ${action}` })
          return
        }
        case 'on':
          await aws.call(
            `switch on ${id}`,
            async (options) => await aws.ec2.send(new StartInstancesCommand({ InstanceIds }), options),
            asking,
          )
          address = addressOf(await until('running', asking))
          exited = Promise.withResolvers<MachineExit>()
          power = 'on'
          return
        case 'reset':
          await aws.call(
            `reset ${id}`,
            async (options) => await aws.ec2.send(new RebootInstancesCommand({ InstanceIds }), options),
            asking,
          )
          return
        case 'pause':
        case 'resume':
          throw new UsageError(`the platform aws cannot ${action} ${name}`, {
            code: 'no-power',
            hint: 'it can cut, shut down, switch on and reset',
          })
        default:
          action satisfies never
      }
    },
    async [Symbol.asyncDispose]() {
      ending ??= (async () => {
        power = 'gone'
        watching[Symbol.dispose]()
        exited.resolve({ expected: true, blame: 'platform', reason: 'destroyed' })
        // The end of the console is there only a while after the end of the machine.
        await removeResource(aws, { kind: 'machine', id }).catch(() => undefined)
        await reader.readEnd(config.consoleWaitMs)
        try {
          await owned.disposeAsync()
        } catch (error) {
          const message = `${name} (${id}) could not be removed whole: ${messageOf(error)}; "signalbox gc --platform aws" will`
          emit({ type: 'run.notice', level: 'warning', code: 'machine-left', message })
        }
      })()
      await ending
      machine.leaveSession()
    },
  }
  return machine
}

function isTerminated(found: Instance | undefined): boolean {
  return found === undefined || found.State?.Name === 'terminated'
}

// Right after its creation it may not be known yet everywhere.
function isRunning(found: Instance | undefined, name: string): boolean {
  const state = found?.State?.Name
  if (state === 'running') return true
  if (state !== 'terminated' && state !== 'shutting-down') return false
  const { Code = '', Message = 'no reason given' } = found?.StateReason ?? {}
  throw new InfraError(`${name} did not start: ${Message}`, {
    code: /Capacity|Spot/.test(Code) ? 'aws-no-capacity' : /Limit/.test(Code) ? 'aws-quota' : 'aws-failed',
  })
}

/** Undefined while it runs. A machine that stopped by itself was told so from inside; one that ended was taken away. */
function exitOf(found: Instance | undefined): MachineExit | undefined {
  const { Code = '', Message = Code } = found?.StateReason ?? {}
  switch (found?.State?.Name) {
    case undefined:
    case 'pending':
    case 'running':
      return undefined
    case 'stopping':
    case 'stopped':
      return Code === 'Client.InstanceInitiatedShutdown'
        ? { expected: false, blame: 'image', reason: 'it shut itself down' }
        : { expected: false, blame: 'platform', reason: `stopped by somebody else: ${Message}` }
    case 'shutting-down':
    case 'terminated':
      return { expected: false, blame: 'platform', reason: `taken away: ${Message}` }
    default:
      return undefined
  }
}
