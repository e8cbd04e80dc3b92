// The program `signalbox-sync` of a fake machine, over the same line and in the same words as the real one (a bash script, see
// harness/sync), but for its `--help`.

import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { AgentPort } from '../../harness/machine.ts'
import { createFeed } from './feed.ts'

export interface CallsPort extends AgentPort {
  /** Sends lines of the guest's and resolves with the answer to the last one. */
  call(...lines: readonly string[]): Promise<string>
}

/** Opens the line on which programs of the guest call. */
export function createCalls(): CallsPort {
  const lines = createFeed()
  const waiting = new Map<string, (answer: string) => void>()
  return {
    lines,
    send(line) {
      waiting.get(line.slice(0, 8))?.(line.slice(9))
      waiting.delete(line.slice(0, 8))
    },
    async call(...texts) {
      const id = randomBytes(4).toString('hex')
      const { promise, resolve } = Promise.withResolvers<string>()
      waiting.set(id, resolve)
      for (const text of texts) lines.push(`${id} ${text}`)
      return await promise
    },
  }
}

export interface SyncIo {
  readonly stdin: () => Promise<string>
  readonly out: (text: string) => void
  readonly err: (text: string) => void
}

/** Runs it; returns its exit status. */
export async function runSyncProgram(
  port: CallsPort,
  [verb = '', name = '', ...args]: readonly string[],
  io: SyncIo,
): Promise<number> {
  const option = (flag: string): string | undefined => {
    const at = args.indexOf(flag)
    return at < 0 ? undefined : args[at + 1]
  }
  const fail = (text: string, status: number): number => {
    io.err(`signalbox-sync: ${text}\n`)
    return status
  }
  const until = async (limitS: number, ask: () => Promise<string>): Promise<string> => {
    const endsAt = performance.now() + limitS * 1000
    for (;;) {
      const said = await ask()
      if (!/^(none|wait)/.test(said) || performance.now() >= endsAt) return said
      await sleep(50)
    }
  }
  switch (verb) {
    case 'set': {
      const value = Buffer.from(args[0] ?? (await io.stdin())).toString('base64')
      const pieces = value.match(/.{1,4000}/g) ?? []
      const said = await port.call(...pieces.map((piece) => `+ ${piece}`), `set ${name}`)
      return said === 'ok' ? 0 : fail(said.replace(/^error /, ''), 3)
    }
    case 'get': {
      const limit = option('--wait')
      const said = await until(Number(limit ?? 0), async () => await port.call(`get ${name}`))
      if (said.startsWith('ok')) io.out(Buffer.from(said.slice(3), 'base64').toString('utf8'))
      if (said.startsWith('error')) return fail(said.slice(6), 3)
      if (said !== 'none') return 0
      return limit === undefined ? 1 : fail(`waited ${limit} s for the key "${name}" to be set`, 124)
    }
    case 'barrier': {
      const limit = option('--timeout') ?? '60'
      const token = randomBytes(8).toString('hex')
      const who = option('--as')
      const request = `arrive ${name} ${args[0] ?? ''} ${token}${who === undefined ? '' : ` ${who}`}`
      const said = await until(Number(limit), async () => await port.call(request))
      if (said === 'ok') return 0
      await port.call(`leave ${name} ${token}`)
      if (said.startsWith('error')) return fail(said.slice(6), 3)
      return fail(`waited ${limit} s for barrier "${name}": ${said.slice(5)}`, 124)
    }
    default:
      return fail(`there is no "${verb}"`, 2)
  }
}
