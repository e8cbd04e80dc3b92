// `signalbox serve`: the dashboard, until Ctrl-C.

import { createServer } from 'node:http'
import { hostname } from 'node:os'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { createDashboard, isLoopback, newToken, TOKEN_PARAMETER } from '../../../reports/serve/index.ts'
import { UsageError } from '../../errors.ts'
import { listenAt } from '../../listen.ts'
import { readBytes } from '../../../reports/gate/index.ts'
import { findBaselines } from '../find-baselines.ts'
import { publicKeyAt } from '../gate-flags.ts'
import { withHistory } from '../with-history.ts'

interface ServeFlags {
  readonly results: string
  readonly decisions: string
  readonly key?: string
  readonly host: string
  readonly port: number
  readonly tokenFile?: string
}

const SHORTEST_TOKEN = 16

/** The action of `serve`; exits 0 when it is ended. */
export async function serve(given: Readonly<Record<string, unknown>>): Promise<number> {
  const flags = given as unknown as ServeFlags
  const { host } = flags
  const isLocal = isLoopback(host)
  const fromFile = flags.tokenFile === undefined ? undefined : await tokenIn(flags.tokenFile)
  const token = fromFile ?? (isLocal ? undefined : newToken())
  const key = await publicKeyAt(flags.key)
  return await withHistory(given, async (history) => {
    await using stack = new AsyncDisposableStack()
    const dashboard = stack.use(
      createDashboard({
        history,
        results: resolve(flags.results),
        decisions: resolve(flags.decisions),
        key,
        // Of this port only: other servers on this host have cookies of their own.
        door: { token, isLoopback: isLocal, cookie: `signalbox-${flags.port}` },
        findBaselines,
      }),
    )
    const listener = stack.use(
      await listenAt(
        createServer((request, response) => dashboard.handle(request, response)),
        host,
        flags.port,
      ),
    )
    const address = `http://${shownHost(host)}:${listener.port}/`
    // A token of a file is known already.
    const entrance =
      token === undefined || fromFile !== undefined ? address : `${address}?${TOKEN_PARAMETER}=${token}`
    const lines = [
      `Dashboard: ${entrance}`,
      `History:   ${history.place}`,
      `Results:   ${resolve(flags.results)}`,
      `Decisions: ${resolve(flags.decisions)}`,
      ...(isLocal ? [] : ['Others see what passes between you and it: it speaks plain HTTP.']),
      ...(fromFile === undefined
        ? []
        : [`Open it with ?${TOKEN_PARAMETER}= and the token of ${flags.tokenFile}.`]),
      'Ctrl-C ends it.',
    ]
    process.stdout.write(`${lines.join('\n')}\n`)
    await ending()
    return 0
  })
}

/** The end that somebody wishes: it is the usual one, and no failure. */
async function ending(): Promise<void> {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  const done = new AbortController()
  await Promise.race(
    signals.map(async (name) => await once(process, name, { signal: done.signal }).catch(() => undefined)),
  )
  done.abort()
}

function shownHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return hostname()
  return host.includes(':') ? `[${host}]` : host
}

async function tokenIn(path: string): Promise<string> {
  const token = (await readBytes(path, 'the token')).toString('utf8').trim()
  if (token.length >= SHORTEST_TOKEN && /^[\w.~+/=-]+$/.test(token)) return token
  throw new UsageError(
    `the token of ${path} must have at least ${SHORTEST_TOKEN} characters: letters, digits and -._~+/=`,
    { code: 'weak-token', hint: `openssl rand -hex 32 > ${path}` },
  )
}
