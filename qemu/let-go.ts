// Lets a running machine go on without us: its console and its agent get sockets of their own, on which somebody may come
// back, and its console file is written by QEMU itself. The journal's port stays closed: its writer in the guest waits.

import type { SocketBackend } from './qmp-commands.ts'
import type { QmpConnection } from './qmp.ts'

export interface LetGoOptions {
  /** Appended to; without limit. */
  readonly consoleFile: string
  /** UNIX sockets that QEMU will listen on. */
  readonly consoleSocket: string
  readonly agentSocket: string
  readonly signal?: AbortSignal | undefined
}

/** Our ends of the console and of the agent's line are closed by it. */
export async function letGo(qmp: QmpConnection, options: LetGoOptions): Promise<void> {
  const { consoleFile, consoleSocket, agentSocket, signal } = options
  // A guest that reboots gets no new process any more.
  await qmp.execute('set-action', { reboot: 'reset' }, { signal })
  const log = { logfile: consoleFile, logappend: true } as const
  await listen(qmp, 'console', { ...unixServer(consoleSocket), ...log }, signal)
  await listen(qmp, 'agent', unixServer(agentSocket), signal)
}

const unixServer = (path: string) =>
  ({ addr: { type: 'unix', data: { path } }, server: true, wait: false }) as const

async function listen(
  qmp: QmpConnection,
  id: string,
  data: SocketBackend,
  signal: AbortSignal | undefined,
): Promise<void> {
  await qmp.execute('chardev-change', { id, backend: { type: 'socket', data } }, { signal })
}
