// Asks a machine for its state, in one command.

import { randomBytes } from 'node:crypto'
import { MachineError } from '../errors.ts'
import type { GuestCommand } from '../fixtures/fixtures.ts'
import type { DistroProfile } from '../profiles/index.ts'
import type { CommandOutcome, ExecOptions } from '../ssh/index.ts'
import { readSnapshot } from './read.ts'
import { snapshotScript } from './script.ts'
import type { MachineSnapshot } from './snapshot.ts'

/** Of a machine with everything, some 600 KiB. */
const MOST_BYTES = 8 * 1024 * 1024

/** Takes a snapshot by `exec`. Throws MachineError when the state cannot be read or has no end. */
export async function takeSnapshot(
  exec: (command: GuestCommand, options: ExecOptions) => Promise<CommandOutcome>,
  profile: DistroProfile,
  slowness: number,
): Promise<MachineSnapshot> {
  const nonce = randomBytes(8).toString('hex')
  const { stdout } = await exec(['sh', '-c', snapshotScript(nonce, profile.snapshot)], {
    sudo: true,
    maxOutputBytes: MOST_BYTES,
    timeoutMs: 30_000 * slowness,
    title: 'take a snapshot of the state',
  })
  if (Buffer.byteLength(stdout) >= MOST_BYTES)
    throw new MachineError(`the machine's state is larger than ${MOST_BYTES / 1024 / 1024} MiB`, {
      code: 'snapshot-too-large',
    })
  return readSnapshot(stdout, nonce, profile.name)
}
