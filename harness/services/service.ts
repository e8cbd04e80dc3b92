// One service: a program that runs beside the tests, in a process group of its own, with its output in a log. It is to
// live until it is stopped; ending sooner is a fault of the surroundings, not of the image.

import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { abortable, sleep, startDeadline, TimeoutError } from '../deadline.ts'
import { InfraError } from '../errors.ts'
import { openCappedFile } from '../machines/capped-file.ts'
import { dieWithParent } from '../process.ts'
import { endGroup } from './group.ts'
import type { Guard } from './guard.ts'
import { answers, readyText, saysReady, untilAnswers, type Ready } from './ready.ts'

export interface ServiceSpec {
  readonly name: string
  /** Program and arguments; no shell reads them. */
  readonly command: readonly [string, ...string[]]
  readonly ready: Ready
  readonly readyTimeoutMs: number
  /** Added to this process's. */
  readonly env: Readonly<Record<string, string>>
  /** Absolute. */
  readonly cwd: string
}

export interface ServiceContext {
  readonly guard: Guard
  /** Absolute, of its log. */
  readonly logPath: string
  readonly signal: AbortSignal
  readonly onNotice: (message: string) => void
}

export interface Service extends AsyncDisposable {
  readonly name: string
  /** Settles when it ends without having been stopped. Never rejects. */
  readonly died: Promise<InfraError>
}

const TAIL_LINES = 20
const GRACE_AFTER_DEATH_MS = 500

/** Starts a service and waits until it is ready. Throws InfraError with its last lines; a failed start leaves nothing. */
export async function startService(spec: ServiceSpec, context: ServiceContext): Promise<Service> {
  const { name, ready } = spec
  const { signal, guard, logPath } = context
  if ((await answers(ready, signal)) === true) {
    throw new InfraError(`service "${name}" cannot start: somebody answers at ${readyText(ready)} already`, {
      code: 'service-address-taken',
      hint: 'end what runs there; it may be left from an earlier run of something else',
    })
  }
  const tail: string[] = []
  const log = openCappedFile(logPath, (error) =>
    context.onNotice(`the log ${logPath} ends here: ${error.message}`),
  )
  const said = Promise.withResolvers<void>()
  const ended = Promise.withResolvers<InfraError>()
  const [file, ...rest] = spec.command
  const [program, ...args] = dieWithParent(file, rest)
  const child = spawn(program, args, {
    cwd: spec.cwd,
    env: { ...process.env, ...spec.env },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const group = child.pid
  if (group !== undefined) guard.watch(group)
  const fault = (what: string, code: string): InfraError =>
    new InfraError(`service "${name}" ${what}${tail.length === 0 ? ', and said nothing' : ''}`, {
      code,
      hint: `its log is ${logPath}`,
      evidence: [...tail],
    })
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      log.write(line)
      tail.push(line.slice(0, 2000))
      if (tail.length > TAIL_LINES) tail.shift()
      if (saysReady(ready, line)) said.resolve()
    })
  }
  let gone = group === undefined
  const forget = (): void => {
    gone = true
    if (group !== undefined) guard.forget(group)
  }
  let stopping: Promise<void> | undefined
  const bury = async (what: string): Promise<void> => {
    // What it started and left behind may hold its output open; while it is being stopped, that is seen to already.
    if (group !== undefined && stopping === undefined) {
      await endGroup(group, GRACE_AFTER_DEATH_MS)
      forget()
    }
    await Promise.race([closed.promise, sleep(GRACE_AFTER_DEATH_MS)])
    ended.resolve(fault(what, 'service-died'))
  }
  const closed = Promise.withResolvers<void>()
  child.once('close', () => closed.resolve())
  child.once('error', (error) => {
    ended.resolve(fault(`cannot be started: ${error.message}`, 'service-not-started'))
  })
  child.once('exit', (code, by) => {
    void bury(by === null ? `ended with exit status ${code}` : `was ended by ${by}`)
  })
  const stop = async (): Promise<void> => {
    if (group !== undefined && !gone) {
      const how = await endGroup(group)
      if (how === 'killed') context.onNotice(`service "${name}" did not end on SIGTERM and was killed`)
      forget()
    }
    await ended.promise
    child.stdout.destroy()
    child.stderr.destroy()
    await log[Symbol.asyncDispose]()
  }
  const service: Service = {
    name,
    died: ended.promise,
    [Symbol.asyncDispose]: async () => await (stopping ??= stop()),
  }
  try {
    await becomeReady(spec, { said: said.promise, died: ended.promise, signal })
    return service
  } catch (error) {
    await service[Symbol.asyncDispose]()
    if (error instanceof TimeoutError) throw fault(`was not ready: ${error.message}`, 'service-not-ready')
    throw error
  }
}

async function becomeReady(
  { ready, readyTimeoutMs }: ServiceSpec,
  world: { readonly said: Promise<void>; readonly died: Promise<InfraError>; readonly signal: AbortSignal },
): Promise<void> {
  using deadline = startDeadline({
    phase: readyText(ready),
    timeoutMs: readyTimeoutMs,
    signal: world.signal,
  })
  const over = new AbortController()
  void world.died.then((error) => over.abort(error))
  const signal = AbortSignal.any([deadline.signal, over.signal])
  switch (ready.kind) {
    case 'url':
    case 'port':
      return await untilAnswers(ready, signal)
    case 'line':
      return await abortable(world.said, signal)
    case 'started':
      return
    default:
      ready satisfies never
  }
}
