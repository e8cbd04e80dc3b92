// The states of all machines of a session, asked for together: one request at a time for as many as there are, soon after something was
// done and then less and less often.

import { DescribeInstancesCommand, type Instance } from '@aws-sdk/client-ec2'
import { abortable, sleep } from '../../harness/deadline.ts'
import { messageOf } from '../../harness/errors.ts'
import type { Aws } from './clients.ts'
import { isNotFound } from './errors.ts'

export interface Watcher extends AsyncDisposable {
  /** Tells every state from now on, and `undefined` for a machine that is not there, until the result is disposed. */
  watch(id: string, onState: (instance: Instance | undefined) => void): Disposable
  /** Asks again soon: something was done. */
  hurry(): void
}

/** What is asked for beside each other goes into one request. */
const FIRST_MS = 10
const LAST_MS = 10_000
/** Ids of one request. */
const MOST = 200

/** Opens it; asks nothing while nobody watches. */
export function openWatcher(aws: Aws): Watcher {
  const watched = new Map<string, Set<(instance: Instance | undefined) => void>>()
  const closing = new AbortController()
  let pauseMs = FIRST_MS
  let running: Promise<void> | undefined
  let waking = new AbortController()
  const loop = async (): Promise<void> => {
    while (watched.size > 0 && !closing.signal.aborted) {
      const woken = waking.signal
      try {
        await sleep(pauseMs, AbortSignal.any([woken, closing.signal]))
      } catch {
        if (closing.signal.aborted) return
      }
      pauseMs = Math.min(LAST_MS, pauseMs * 2)
      const ids = [...watched.keys()].slice(0, MOST)
      const found = await look(aws, ids, closing.signal)
      if (found === undefined) continue
      for (const id of ids) for (const onState of watched.get(id) ?? []) onState(found.get(id))
      // Those that were not asked for are next.
      if (watched.size > MOST) rotate(watched, ids)
    }
  }
  const hurry = (): void => {
    pauseMs = FIRST_MS
    waking.abort()
    waking = new AbortController()
    running ??= loop().finally(() => {
      running = undefined
      if (watched.size > 0 && !closing.signal.aborted) hurry()
    })
  }
  return {
    hurry,
    watch(id, onState) {
      const listeners = watched.get(id) ?? new Set()
      watched.set(id, listeners.add(onState))
      hurry()
      return {
        [Symbol.dispose]() {
          listeners.delete(onState)
          if (listeners.size === 0) watched.delete(id)
        },
      }
    },
    async [Symbol.asyncDispose]() {
      closing.abort(new Error('nobody watches any more'))
      watched.clear()
      waking.abort()
      await running?.catch(() => undefined)
    },
  }
}

/** Waits until a machine's state is the one, or it is not there and that is the one. */
export async function untilState(
  watcher: Watcher,
  id: string,
  isIt: (instance: Instance | undefined) => boolean,
  signal: AbortSignal,
): Promise<Instance | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<Instance | undefined>()
  using watching = watcher.watch(id, (instance) => {
    try {
      if (isIt(instance)) resolve(instance)
    } catch (error) {
      reject(error instanceof Error ? error : new Error(messageOf(error)))
    }
  })
  void watching
  return await abortable(promise, signal)
}

/** By a filter, not by ids: one that is not known yet would make the whole request fail. Undefined: ask again later. */
async function look(
  aws: Aws,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Instance> | undefined> {
  try {
    const found = new Map<string, Instance>()
    let NextToken: string | undefined
    do {
      const page = await aws.call(
        'look at machines',
        async (options) =>
          await aws.ec2.send(
            new DescribeInstancesCommand({
              Filters: [{ Name: 'instance-id', Values: [...ids] }],
              ...(NextToken === undefined ? {} : { NextToken }),
            }),
            options,
          ),
        signal,
      )
      for (const { Instances = [] } of page.Reservations ?? [])
        for (const instance of Instances) found.set(instance.InstanceId ?? '', instance)
      NextToken = page.NextToken
    } while (NextToken !== undefined)
    return found
  } catch (error) {
    // What is not answered now is asked again; who waits has a deadline.
    return isNotFound(error) ? new Map() : undefined
  }
}

function rotate<T>(map: Map<string, T>, ids: readonly string[]): void {
  for (const id of ids) {
    const value = map.get(id)
    if (value === undefined) continue
    map.delete(id)
    map.set(id, value)
  }
}
