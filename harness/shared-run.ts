// What the targets of one command share: the room of each platform's host, the turns to boot, the failures after which nothing
// more starts, and the quiet in which isolated attempts run. Every target joins before the first of them starts.

import { openSlots, type RunEnvironment } from './attempt/environment.ts'
import { openBeside, type Beside } from './beside.ts'
import type { PlatformSession } from './machine.ts'
import { openLane, type Lane } from './plan/lane.ts'
import { openSchedule, type Schedule } from './plan/schedule.ts'
import { Slots } from './ssh/index.ts'

export interface SharedRunOptions {
  /** Start nothing new after so many tests have failed, over all targets; undefined: go on. */
  readonly maxFailures: number | undefined
  readonly signal: AbortSignal
}

export interface SharedRun {
  join(wish: JoinOptions): Share
}

export interface JoinOptions {
  /** Targets of one platform share its host. */
  readonly platform: string
  readonly session: Pick<PlatformSession, 'budget' | 'mayAdmit'>
  /** Most jobs of this target at once. */
  readonly most: number
}

/** What one target has of it. Dispose it when the target has nothing more to do. */
export interface Share extends Disposable, Pick<RunEnvironment, 'forkSlots' | 'bootSlots'> {
  readonly beside: Beside
  readonly failures: SharedFailures
  /** Its jobs, once all have joined. */
  openLane(onError: (error: unknown, id: string) => void): Lane
  /** Runs what must have nothing beside it: when all targets have come so far, and one target at a time. */
  whenAlone(work: () => Promise<void>): Promise<void>
}

export interface SharedFailures {
  /** One more test will not become green. */
  note(): void
  /** Nothing more is to start. */
  readonly isEnough: boolean
}

/** The host of one platform. */
interface Room extends Pick<RunEnvironment, 'forkSlots' | 'bootSlots'> {
  readonly session: JoinOptions['session']
  readonly beside: Beside
  most: number
  schedule: Schedule | undefined
}

/** Opens it for the targets of one command. */
export function openSharedRun({ maxFailures = Infinity, signal }: SharedRunOptions): SharedRun {
  const rooms = new Map<string, Room>()
  const turns = new Slots(1)
  const all = Promise.withResolvers<void>()
  const never = new AbortController().signal
  let busy = 0
  let failed = 0
  const failures: SharedFailures = {
    note() {
      failed += 1
      if (failed >= maxFailures) for (const { schedule } of rooms.values()) schedule?.stop()
    },
    get isEnough() {
      return failed >= maxFailures
    },
  }
  return {
    join({ platform, session, most }) {
      const room = rooms.get(platform) ?? {
        session,
        ...openSlots(session.budget),
        beside: openBeside(),
        most,
        schedule: undefined,
      }
      rooms.set(platform, room)
      room.most = Math.max(room.most, most)
      busy += 1
      let isBusy = true
      const arrive = (): void => {
        if (!isBusy) return
        isBusy = false
        busy -= 1
        if (busy === 0) all.resolve()
      }
      return {
        forkSlots: room.forkSlots,
        bootSlots: room.bootSlots,
        beside: room.beside,
        failures,
        openLane(onError) {
          const { mayAdmit } = room.session
          room.schedule ??= openSchedule({
            slots: room.most,
            capacity: room.session.budget,
            signal,
            ...(mayAdmit === undefined ? {} : { mayAdmit: ({ memoryMiB }) => mayAdmit(memoryMiB) }),
            onError,
          })
          if (failures.isEnough) room.schedule.stop()
          return openLane({ schedule: room.schedule, most, onError })
        },
        async whenAlone(work) {
          arrive()
          await all.promise
          using turn = await turns.take(never)
          void turn
          await work()
        },
        [Symbol.dispose]: arrive,
      }
    },
  }
}
