// The harness's side of the runner in one machine: sets it up, hands it tests, listens to its stream. It lives as long as
// the machine or until the next reboot; a connection that breaks is made again, and what the runner wrote down tells what
// was missed.

import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { abortable, sleep } from '../deadline.ts'
import { MachineError, messageOf } from '../errors.ts'
import { ansiQuote } from '../agent/bash-text.ts'
import type { Machine } from '../fixtures/fixtures.ts'
import { oneLine } from '../hostile-text.ts'
import { insidesOf } from '../machines/insides.ts'
import { CommandError } from '../ssh/outcome.ts'
import { tarOf, type BundleFile } from './bundle.ts'
import {
  ACKNOWLEDGE,
  END_TEST,
  FOLLOW,
  LAST_STATUS,
  LEAVE_JOURNAL,
  REBOOT_PROGRAMS,
  REQUEST,
  RUNNER,
  RUNNER_FOLDER,
  RUNNER_UNIT,
  SET_UP,
} from './guest-scripts.ts'
import { parseMessage, splitOutput, type RunnerMessage } from './output.ts'

export interface RunRequest {
  /** Absolute in the guest. */
  readonly program: string
  readonly environment: Readonly<Record<string, string>>
  readonly onOutput: (chunk: Buffer) => void
  /** Told when it began: microseconds of the guest's monotonic clock. */
  readonly onBegin: (atUs: number) => void
  readonly signal: AbortSignal
}

/** How a test, or a part of it up to a reboot, ended. `cut`: the output that came is not all, the connection was lost. */
export type RunEnd =
  | {
      readonly kind: 'ended'
      readonly status: number
      readonly cut: boolean
      /** Undefined: what came of it does not say. */
      readonly atUs?: number
    }
  | Extract<RunnerMessage, { kind: 'asks' }>
  /** The runner itself is gone: its unit was killed or stopped. */
  | { readonly kind: 'lost'; readonly state: string }

export interface GuestRunner {
  /** Where programs were installed. */
  readonly programFolder: string
  run(request: RunRequest): Promise<RunEnd>
  /** Ends the running test and everything it started. */
  endTest(signal: AbortSignal): Promise<void>
  /** Keeps the rest of the running test's output out of the journal. */
  leaveJournal(signal: AbortSignal): Promise<void>
  /** Lets the program that asked for a reboot go on. */
  acknowledge(signal: AbortSignal): Promise<void>
}

const SET_UP_MS = 120_000
const RETRY_MS = 500

/** Our own files of a bundle. */
function runnerFiles(mayReboot: boolean): readonly BundleFile[] {
  const folder = RUNNER_FOLDER.slice(1)
  const text = (name: string, content: string, mode = 0o644): BundleFile => ({
    name,
    mode,
    content: { kind: 'text', text: content },
  })
  const pipe = (name: string): BundleFile => ({
    name: `${folder}/${name}`,
    mode: 0o600,
    content: { kind: 'pipe' },
  })
  return [
    { name: folder, mode: 0o700, content: { kind: 'folder' } },
    pipe('in'),
    pipe('o'),
    pipe('s'),
    pipe('j'),
    text(`${folder}/runner`, RUNNER),
    text(`${folder}/request`, REQUEST),
    ...(mayReboot ? [text(`${folder}/may-reboot`, '')] : []),
    ...Object.entries(REBOOT_PROGRAMS).map(([name, content]) => text(`tmp/${name}`, content, 0o755)),
  ]
}

export interface RunnerOptions {
  readonly machine: Machine
  /** Of the tests; none after a reboot, when they are there already. */
  readonly files: readonly BundleFile[]
  readonly mayReboot: boolean
  readonly signal: AbortSignal
}

/** Uploads, starts the runner and connects to it: two commands. */
export async function startRunner(options: RunnerOptions): Promise<GuestRunner> {
  const { machine, files, mayReboot, signal } = options
  const insides = insidesOf(machine)
  const outcome = await machine.exec(['sh', '-c', SET_UP], {
    sudo: true,
    stdin: tarOf([...files, ...runnerFiles(mayReboot)]),
    timeoutMs: SET_UP_MS * machine.slowness,
    title: `set up external tests (${files.length} files)`,
    signal,
  })
  if (outcome.exitCode !== 0) throw new CommandError(outcome)
  const programFolder = outcome.stdout.trim().split('\n').at(-1) ?? ''

  let input: Readable | undefined
  let onChunk: ((chunk: Buffer) => void) | undefined
  /** Settles when the follower has ended, with why. */
  let followed: Promise<string> | undefined
  const connect = (): void => {
    input = new Readable({ read: () => undefined })
    followed = insides
      .follow(['sh', '-c', FOLLOW], {
        sudo: true,
        stdin: input,
        title: 'follow external tests',
        timeoutMs: Number.POSITIVE_INFINITY,
        maxOutputBytes: 1024,
        onStdout: (chunk) => onChunk?.(chunk),
      })
      .then(
        () => 'the runner closed its stream',
        (error: unknown) => messageOf(error),
      )
      .finally(() => (followed = undefined))
  }
  connect()

  /** As root, over SSH; where that is not to be had, through the agent. */
  const command = async (code: string, title: string, outer: AbortSignal): Promise<string> => {
    try {
      const { stdout } = await machine.exec(['sh', '-c', code], {
        sudo: true,
        title,
        signal: outer,
        timeoutMs: 15_000 * machine.slowness,
      })
      return stdout
    } catch (error) {
      outer.throwIfAborted()
      const answer = await machine.control.exec(['sh', '-c', code], { signal: outer }).catch(() => undefined)
      if (answer === undefined) throw error
      return answer.stdout
    }
  }

  /** What is known of a test when its stream has ended: it goes on, it has ended, or the runner is no more. */
  const lookUp = async (nonce: string, outer: AbortSignal): Promise<RunEnd | 'begun' | 'waiting'> => {
    const said = await command(LAST_STATUS, 'the state of external tests', outer)
    const own = said
      .split('\n')
      .flatMap((line) => (line.startsWith(`${nonce} `) ? line.slice(nonce.length + 1) : []))
    const status = own.find((text) => /^\d{1,3}$/.test(text))
    if (status !== undefined) return { kind: 'ended', status: Number(status), cut: true }
    const asked = own.map(parseMessage).find((message) => message?.kind === 'asks')
    if (asked !== undefined) return asked
    if (/^ActiveState=active$/m.test(said)) return said.includes(`begun ${nonce}\n`) ? 'begun' : 'waiting'
    const state = said
      .split('\n')
      .filter((line) => line.includes('='))
      .join(', ')
    return { kind: 'lost', state: oneLine(state, 300) }
  }

  const run = async (request: RunRequest): Promise<RunEnd> => {
    const nonce = `signalbox-${randomBytes(6).toString('hex')}`
    const { promise, resolve } = Promise.withResolvers<RunEnd>()
    let begun = false
    onChunk = splitOutput(nonce, {
      // What a test before has left in the pipes is not this one's.
      output: (chunk) => {
        if (begun) request.onOutput(chunk)
      },
      message: (message) => {
        switch (message.kind) {
          case 'begins':
            begun = true
            request.onBegin(message.atUs)
            return
          case 'ended':
            resolve({ ...message, cut: false })
            return
          case 'asks':
            resolve(message)
            return
          default:
            message satisfies never
        }
      },
    })
    const assignments = Object.entries(request.environment).map(([name, value]) =>
      ansiQuote(`${name}=${value}`),
    )
    const line = ['run', nonce, ansiQuote(request.program), ...assignments].join(' ')
    if (followed === undefined) connect()
    input?.push(`${line}\n`)
    const settled = promise.then(() => undefined)
    for (;;) {
      const lost = await abortable(Promise.race([settled, followed ?? Promise.resolve('')]), request.signal)
      if (lost === undefined) return await promise
      // The stream broke: the test stopped sshd, the network, or the runner.
      const known = await lookUp(nonce, request.signal)
      if (typeof known === 'object') return known
      await sleep(RETRY_MS, request.signal)
      connect()
      if (known === 'waiting') input?.push(`${line}\n`)
      else begun = true
    }
  }
  return {
    programFolder,
    run,
    leaveJournal: async (outer) => void (await command(LEAVE_JOURNAL, 'end the journal of the test', outer)),
    endTest: async (outer) => void (await command(END_TEST, 'end the external test', outer)),
    acknowledge: async (outer) => void (await command(ACKNOWLEDGE, 'acknowledge the reboot', outer)),
  }
}

/** The failure of a test whose runner went away under it. */
export function runnerLost(machine: string, state: string): MachineError {
  return new MachineError(`${machine}: ${RUNNER_UNIT} ended while the test ran in it (${state})`, {
    code: 'external-unit-lost',
    hint: 'the test, or something that it did, stopped or killed its own unit',
  })
}
