// A machine as a person's session sees it: every way into it.

import type { ControlLine } from '../control/control-line.ts'
import type { SerialLine, SshEndpoint } from '../machine.ts'
import type { SshKey } from '../ssh/index.ts'

export interface ShellTarget {
  readonly name: string
  readonly endpoint: (signal: AbortSignal) => Promise<SshEndpoint>
  readonly user: string
  readonly sshKey: SshKey
  /** Of a machine that does not take the key; the ssh program asks a person for it. */
  readonly password?: string | undefined
  /** Multiplies what is waited for. */
  readonly slowness: number
  /** Undefined where there is none, or the machine is off. */
  readonly control: ControlLine | undefined
  readonly serial: SerialLine | undefined
}
