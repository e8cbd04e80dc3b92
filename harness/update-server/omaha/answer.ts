// What a request is answered: pure. Which applications are known, whether there is something newer for a machine of that
// version and channel, and a word of thanks for each ping and event.

import type { OfferedRelease } from '../release.ts'
import type { OmahaApp, OmahaRequest } from './request.ts'
import type { AppStatus, UpdateCheckStatus } from './words.ts'
import { isOlder } from './version.ts'

export interface AnsweredApp {
  readonly app: OmahaApp
  readonly status: AppStatus
  readonly check: UpdateCheckStatus | undefined
  /** What is offered, with the check `ok`. */
  readonly release: OfferedRelease | undefined
}

export interface OmahaAnswer {
  /** Of HTTP: 200 when any app is ok, as go-omaha has it. */
  readonly status: 200 | 400 | 500
  readonly apps: readonly AnsweredApp[]
}

/** What the server has, and what it is told to answer instead. */
export interface AnswerRules {
  readonly releases: readonly OfferedRelease[]
  readonly knownApps: ReadonlySet<string>
  readonly app?: AppStatus | undefined
  readonly check?: UpdateCheckStatus | undefined
}

export function answerOmaha(request: OmahaRequest, rules: AnswerRules): OmahaAnswer {
  const apps = request.apps.map((app) => answerApp(app, rules))
  const [first] = apps
  const isOk = apps.some(({ status }) => status === 'ok')
  return { status: isOk ? 200 : first?.status === 'error-internal' ? 500 : 400, apps }
}

function answerApp(app: OmahaApp, rules: AnswerRules): AnsweredApp {
  const status = rules.app ?? statusOf(app, rules.knownApps)
  const nothing = { app, status, check: undefined, release: undefined }
  if (status !== 'ok' || !app.updateCheck) return nothing
  if (rules.check !== undefined && rules.check !== 'ok') return { ...nothing, check: rules.check }
  const release = releaseFor(app, rules.releases)
  return { ...nothing, check: release === undefined ? 'noupdate' : 'ok', release }
}

function statusOf({ appId }: OmahaApp, known: ReadonlySet<string>): AppStatus {
  if (appId === undefined) return 'error-invalidAppId'
  return known.has(appId.toLowerCase()) ? 'ok' : 'error-unknownApplication'
}

/** The release of its channel, else the one for every channel; the latest offered of several. */
function releaseFor(app: OmahaApp, releases: readonly OfferedRelease[]): OfferedRelease | undefined {
  const own = releases.filter(({ appId }) => appId.toLowerCase() === app.appId?.toLowerCase())
  const release =
    own.findLast(({ track }) => track === app.track) ?? own.findLast(({ track }) => track === undefined)
  if (release === undefined || release.to === 'any') return release
  return isOlder(app.version, release.version) ? release : undefined
}
