// What the parts of the contract get of the suite around them.

import type {
  LineFeed,
  MachineExit,
  MachineSpec,
  PlatformMachine,
  PlatformSession,
} from '../../harness/machine.ts'

export interface ContractTools {
  readonly session: () => PlatformSession
  /** Opens another session of the same platform. */
  readonly open: () => Promise<PlatformSession>
  readonly spec: (name: string) => MachineSpec
  /** Creates a machine in the suite's session, or another one, within the suite's time. */
  readonly create: (name: string, from?: PlatformSession, signal?: AbortSignal) => Promise<PlatformMachine>
  /** A folder for a machine's files; removed after the test. */
  readonly folderFor: (name: string) => string
  /** What the platform has now; the suite compares it around each test. */
  readonly leftovers: () => Promise<readonly string[]>
  readonly timeoutMs: number
}

export const never: AbortSignal = new AbortController().signal

/** Until a line holds the text. */
export async function untilLine(feed: LineFeed, text: string): Promise<void> {
  await until(feed, (line) => line.includes(text))
}

/** Until a line is the one. */
export async function until(feed: LineFeed, isIt: (line: string) => boolean): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const leave = feed.subscribe((line) => {
    if (isIt(line)) resolve()
  })
  await promise
  leave()
}

/** Whether it has not ended by now. */
export async function stillRuns({ exited }: PlatformMachine): Promise<boolean> {
  const pending = Symbol('pending')
  const first: MachineExit | symbol = await Promise.race([exited, Promise.resolve(pending)])
  return first === pending
}
