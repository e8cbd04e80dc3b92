// `machine.control`: what a test can do to a machine over the harness's own line, whatever its network and sshd do.

import { MachineError, UsageError } from '../errors.ts'
import type { ControlLine, ControlOptions } from '../control/control-line.ts'
import type { MachineControl } from '../fixtures/fixtures.ts'
import { orThrow } from '../ssh/outcome.ts'

export interface MachineControlOptions {
  readonly machine: string
  /** Undefined where the platform has no line to an agent. */
  readonly line: ControlLine | undefined
  readonly isOff: () => boolean
  /** What ends every wait for the machine. */
  readonly signals: (extra?: AbortSignal) => AbortSignal
}

/** Makes the fixture's part. */
export function machineControl({ machine, line, isOff, signals }: MachineControlOptions): MachineControl {
  const open = (): ControlLine => {
    if (line === undefined) {
      throw new UsageError(`there is no control line to ${machine}: its platform has none`, {
        code: 'no-control-line',
        hint: 'a test that needs one says platforms: ["qemu"]',
      })
    }
    if (isOff()) {
      throw new MachineError(`${machine} is off: cannot run a command`, { code: 'machine-off' })
    }
    return line
  }
  const withSignals = (options: ControlOptions = {}): ControlOptions => ({
    ...options,
    signal: signals(options.signal),
  })
  return {
    exec: async (command, options) => {
      const { stdoutBuffer: _stdoutBuffer, ...outcome } = await open().exec(command, withSignals(options))
      return outcome
    },
    run: async (command, options) => {
      const outcome = orThrow(await open().exec(command, withSignals(options)))
      return outcome.stdout.trim()
    },
    readFile: async (path) => {
      const outcome = orThrow(await open().exec(['cat', '--', path], withSignals()))
      if (!outcome.truncated) return outcome.stdoutBuffer.toString('utf8')
      throw new MachineError(
        `${path} on ${machine} has ${outcome.stdoutBytes} bytes, more than the control line carries`,
        {
          code: 'control-file-size',
          hint: 'read a part of it: machine.control.run(["tail", "-c", "100000", path])',
        },
      )
    },
    journal: async (lines = 100) => {
      const count = `--lines=${Math.max(1, Math.floor(lines))}`
      const command = ['journalctl', '--boot', '--no-pager', '--output=short-monotonic', count]
      const outcome = orThrow(await open().exec(command, withSignals()))
      return outcome.stdout.split('\n')
    },
  }
}
