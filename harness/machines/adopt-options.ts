// What the harness needs to take a created machine over.

import type { ShellTarget } from '../debugging/shell-target.ts'
import type { Emit } from '../events.ts'
import type { Machine } from '../fixtures/fixtures.ts'
import type { NewIdentity } from '../forks/identity.ts'
import type { PlatformMachine } from '../machine.ts'
import type { DistroProfile } from '../profiles/index.ts'
import type { CheckName } from '../requirements.ts'
import type { SshKey } from '../ssh/index.ts'
import type { SyncStore } from '../sync/sync-store.ts'

export interface AdoptOptions {
  readonly platformMachine: PlatformMachine
  readonly profile: DistroProfile
  readonly sshKey: SshKey
  /** The machine's artefact folder. */
  readonly folder: string
  readonly emit: Emit
  readonly slowness: number
  /** From created (or rebooted) to ready, wall milliseconds. */
  readonly readyTimeoutMs: number
  readonly leaveOut: ReadonlySet<CheckName>
  /** Codes of messages that this machine was booted to provoke. */
  readonly expectedMessages: readonly string[]
  /** For a fork: who it is to be, and the boot that its template is of. */
  readonly clone?: Clone | undefined
  /** Its addresses on the private network of its cluster. */
  readonly privateAddress?: Machine['privateAddress']
  /** Told when its userspace runs (its journal, or where that cannot be seen its first SSH connection), or of its end before. */
  readonly onUp: () => void
  /** Told when it becomes ready; asked for a person's session in it. */
  readonly onReady: (target: ShellTarget) => Promise<void>
  readonly openShell: (target: ShellTarget) => Promise<void>
  /** The machine may vanish without that being anybody's fault: a boot that must fail. */
  readonly mayVanish: boolean
  /** What its programs share with other machines: the store of the attempt that runs now. */
  readonly sync?: (() => SyncStore | undefined) | undefined
}

/** What a clone needs to become a machine of its own. */
export interface Clone {
  readonly identity: NewIdentity
  readonly bootId: string
  /** What its template's OS called itself; empty when that was not kept. */
  readonly osIdentity: Readonly<Record<string, string>>
}
