// Commands over the agent's line: several at once, each with a deadline that ends it in the guest, output bounded there.
// They need neither network nor sshd. What comes back is hostile like everything from a guest.

import { randomBytes } from 'node:crypto'
import type { Agent } from '../agent/agent.ts'
import { ansiQuote } from '../agent/bash-text.ts'
import { abortable, formatSeconds, startDeadline, TimeoutError } from '../deadline.ts'
import { MachineError, UsageError } from '../errors.ts'
import { oneLine } from '../hostile-text.ts'
import type { AgentPort } from '../machine.ts'
import { showCommand, Slots, type Command, type CommandOutcome } from '../ssh/index.ts'
import { jobFunction, jobFunctions } from './job-functions.ts'
import { openJob, type Job } from './job.ts'

export interface ControlOptions {
  /** From the call to the end of the command, which is then killed with all that it started; default 120 s. */
  readonly timeoutMs?: number | undefined
  /** Given to the command as standard input, at most 1 MiB; without it the command reads end of file at once. */
  readonly input?: string | Uint8Array | undefined
  readonly signal?: AbortSignal | undefined
  /** Told once what the command came to, as far as is known, also when the call throws. */
  readonly onFinished?: ((outcome: CommandOutcome) => void) | undefined
}

/** What a command came to, with the bytes that were kept. */
export interface ControlOutcome extends CommandOutcome {
  readonly stdoutBuffer: Buffer
}

export interface ControlLine extends Disposable {
  /**
   * Runs a command as root, a string by bash and an array as it is. Throws TimeoutError, the signal's reason, or MachineError
   * `control-silent` (the agent does not answer) or `agent-restarted` (it was killed, or the machine rebooted).
   */
  exec(command: Command, options?: ControlOptions): Promise<ControlOutcome>
}

export interface ControlLineOptions {
  /** As it is called in errors: `m0`. */
  readonly machine: string
  readonly port: AgentPort
  readonly agent: Agent
  /** How long the agent may take for an answer of its own. */
  readonly answerMs: number
  /** Told of every command when it ends, also of one that timed out. */
  readonly onCommand?: (outcome: CommandOutcome) => void
}

const DEFAULT_TIMEOUT_MS = 120_000
const MOST_INPUT = 1024 * 1024
/** Of base64, so that other requests get their turn in between; a multiple of four. */
const INPUT_PIECE = 4000
/** More at once would only make an emulated guest slow. */
const MOST_AT_ONCE = 16

/** Opens the line for commands. Disposing ends the wait for those that run. */
export function openControlLine(options: ControlLineOptions): ControlLine {
  const { machine, port, agent, answerMs, onCommand } = options
  const jobs = new Map<string, Job>()
  const slots = new Slots(MOST_AT_ONCE)
  const stop = port.lines.subscribe((line) => {
    if (line === 'up') {
      for (const job of jobs.values()) if (job.hasStarted) job.fail(restarted(machine))
      return
    }
    const id = line.slice(0, 8)
    if (line[8] === ' ') jobs.get(id)?.take(line.slice(9))
  })
  const ask = async (code: string, signal: AbortSignal): Promise<number> => {
    try {
      const title = 'the agent in the guest'
      return (await agent.ask(code, { title, timeoutMs: answerMs, signal })).status
    } catch (error) {
      if (error instanceof TimeoutError && !signal.aborted) throw silent(machine, answerMs, error)
      throw error
    }
  }
  const begin = async (id: string, words: readonly string[], input: Buffer, signal: AbortSignal) => {
    const encoded = input.toString('base64')
    const pieces = Array.from({ length: Math.ceil(encoded.length / INPUT_PIECE) }, (_, index) =>
      encoded.slice(index * INPUT_PIECE, (index + 1) * INPUT_PIECE),
    )
    const requests = [
      ...pieces.map((piece) => `${jobFunction.put} ${id} ${piece}`),
      `${jobFunction.job} ${id} ${words.map((word) => ansiQuote(word)).join(' ')}`,
    ]
    for (const request of requests) {
      let status = await ask(request, signal)
      if (status === 127) {
        await ask(jobFunctions, signal)
        status = await ask(request, signal)
      }
      if (status !== 0) throw notStarted(machine, status)
    }
  }
  const exec = async (command: Command, execOptions: ControlOptions = {}): Promise<ControlOutcome> => {
    const shown = showCommand(command)
    const words = typeof command === 'string' ? ['bash', '-c', command] : command
    const input = readInput(execOptions.input)
    refuse(words)
    const job = openJob(shown)
    using deadline = startDeadline({
      phase: `the command "${oneLine(shown, 200)}" over the control line of ${machine}`,
      timeoutMs: execOptions.timeoutMs ?? DEFAULT_TIMEOUT_MS,
      signal: execOptions.signal,
    })
    const id = randomBytes(4).toString('hex')
    try {
      using slot = await slots.take(deadline.signal)
      void slot
      jobs.set(id, job)
      await begin(id, words, input, deadline.signal)
      job.started()
      return await abortable(job.ended, deadline.signal)
    } catch (error) {
      if (job.hasStarted) await end(id, job)
      if (!(error instanceof TimeoutError)) throw error
      throw new TimeoutError(error.phase, error.timeoutMs, job.lastLine() || 'no output')
    } finally {
      jobs.delete(id)
      const outcome = job.outcome()
      execOptions.onFinished?.(outcome)
      onCommand?.(outcome)
    }
  }
  // What the command said so far comes with its end, and makes the error worth reading.
  const end = async (id: string, job: Job): Promise<void> => {
    const signal = AbortSignal.timeout(answerMs)
    try {
      await agent.ask(`${jobFunction.kill} ${id}`, {
        title: 'the command to end',
        timeoutMs: answerMs,
        signal,
      })
      await abortable(job.ended, signal)
    } catch {
      // The guest is gone, or it does not answer: then there is nothing to add.
    }
  }
  return {
    exec,
    [Symbol.dispose]() {
      stop()
      for (const job of jobs.values()) job.fail(new Error('the control line was closed'))
    },
  }
}

function readInput(input: ControlOptions['input'] = ''): Buffer {
  const bytes = Buffer.from(input)
  if (bytes.length <= MOST_INPUT) return bytes
  throw new UsageError(`${bytes.length} bytes of input are more than the control line takes`, {
    code: 'control-input',
    hint: `at most ${MOST_INPUT}; larger files go over SSH with machine.writeFile()`,
  })
}

function refuse(words: readonly string[]): void {
  if (words.length === 0) throw new UsageError('the command is empty', { code: 'command-empty' })
  if (words.some((word) => word.includes('\0'))) {
    throw new UsageError('a command for a machine holds a NUL character, which no program can receive', {
      code: 'command-nul',
    })
  }
}

function silent(machine: string, answerMs: number, cause: unknown): MachineError {
  const message = `the agent in ${machine} does not answer (waited ${formatSeconds(answerMs)})`
  return new MachineError(message, {
    code: 'control-silent',
    hint: 'it runs from early in the boot until the machine is off: see the console for a panic or a hang',
    cause,
  })
}

function notStarted(machine: string, status: number): MachineError {
  return new MachineError(`the agent in ${machine} could not start a command: status ${status}`, {
    code: 'control-failed',
    hint: 'it needs room for a file in /run and for a process: see the journal',
  })
}

function restarted(machine: string): MachineError {
  return new MachineError(`the agent in ${machine} was started anew, which ended its commands`, {
    code: 'agent-restarted',
    hint: 'it was killed, or the machine rebooted: see the console and the journal',
  })
}
