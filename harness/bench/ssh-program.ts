// The ssh program, asked until a guest answers: what the floors of boots and forks are measured with.

import { sleep } from '../deadline.ts'
import { execCommand } from '../process.ts'

/** Waits until `true` succeeds in the guest; `pauseMs` lies between two tries. */
export async function untilSshAnswers(options: {
  readonly keyPath: string
  readonly port: number
  readonly pauseMs: number
  readonly signal: AbortSignal
}): Promise<void> {
  const { keyPath, port, pauseMs, signal } = options
  while (!(await answers(keyPath, port, signal))) {
    signal.throwIfAborted()
    await sleep(pauseMs, signal)
  }
}

async function answers(key: string, port: number, signal: AbortSignal): Promise<boolean> {
  const options = [
    'BatchMode=yes',
    'StrictHostKeyChecking=no',
    'UserKnownHostsFile=/dev/null',
    'ConnectTimeout=5',
    'LogLevel=ERROR',
  ]
  const args = [
    '-i',
    key,
    ...options.flatMap((option) => ['-o', option]),
    '-p',
    String(port),
    'core@127.0.0.1',
    'true',
  ]
  return (await execCommand('ssh', args, { timeoutMs: 20_000, signal })).exitCode === 0
}
