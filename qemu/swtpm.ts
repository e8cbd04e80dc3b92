// A software TPM 2.0 for one machine: swtpm on a UNIX socket, its state in the machine's storage, so that it lasts
// over power cycles. It ends with the QEMU it serves, and with us.

import { existsSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { sleep, withDeadline } from '../harness/deadline.ts'
import { InfraError } from '../harness/errors.ts'
import { recordInLedger } from '../harness/ledger.ts'
import { identifyProcess } from '../harness/process.ts'
import { startChild } from './child.ts'
import type { MachineFolders } from './machine-folders.ts'
import { startFailure } from './start-failure.ts'
import { killAndWait } from './stop.ts'

/** The ledger's kind for a software TPM: `data` holds `socket`, which its command line shows. */
export const TPM_KIND = 'swtpm'

// sun_path of unix(7) holds 108 bytes with the NUL.
const MAX_SOCKET_PATH = 107

export interface SoftwareTpm extends AsyncDisposable {
  /** Control socket, for `MachineConfig.tpmSocket`. */
  readonly socket: string
  /** Makes its process the owner in the ledger; disposing does nothing from then on. Only for one that `outlives` us. */
  handOver(): void
}

/** Starts swtpm and waits for its socket. Throws InfraError with its own words when it does not come up. */
export async function startSoftwareTpm(
  folders: MachineFolders,
  options: { readonly signal?: AbortSignal; readonly outlives?: boolean } = {},
): Promise<SoftwareTpm> {
  const { signal, outlives = false } = options
  const socket = join(folders.runtime, 'tpm.sock')
  if (Buffer.byteLength(socket) > MAX_SOCKET_PATH) {
    throw new InfraError(`the path of the TPM's socket is longer than ${MAX_SOCKET_PATH} bytes: ${socket}`, {
      code: 'socket-path-too-long',
      hint: 'name a shorter folder with SIGNALBOX_RUNTIME',
    })
  }
  const state = join(folders.storage, 'tpm')
  await mkdir(state, { recursive: true, mode: 0o700 })
  await rm(socket, { force: true })
  await using undo = new AsyncDisposableStack()
  undo.use(recordInLedger(TPM_KIND, `${TPM_KIND}-${folders.id}`, { socket }))
  const control = ['--ctrl', `type=unixio,path=${socket}`]
  const args = ['socket', '--tpm2', '--tpmstate', `dir=${state}`, ...control, '--terminate']
  const child = await startChild('swtpm', args, { detach: outlives })
  undo.defer(async () => killAndWait(() => child.kill(), child.ended, child.pid))
  let ended = false
  const watched = child.ended.finally(() => {
    ended = true
  })
  await withDeadline({ phase: 'the socket of swtpm', timeoutMs: 10_000, signal }, async (deadline) => {
    while (!existsSync(socket)) {
      if (ended) {
        const end = await watched
        throw startFailure('swtpm', end.exitCode ?? end.signal ?? 'an unknown signal', end.messages)
      }
      await sleep(10, deadline.signal)
    }
  })
  const owned = undo.move()
  let kept = false
  return {
    socket,
    handOver() {
      const data = { socket, detached: 1 }
      recordInLedger(TPM_KIND, `${TPM_KIND}-${folders.id}`, data, identifyProcess(child.pid))
      kept = true
    },
    async [Symbol.asyncDispose]() {
      if (!kept) await owned.disposeAsync()
    },
  }
}
