// Starts the update server of a test. It listens on the host's loopback only; the platform says under which address machines
// see that. Loaded when a test first asks for it.

import { InfraError } from '../errors.ts'
import { asMoment, asStep } from '../running/context.ts'
import { createAuthority, type Authority, type CertificateKind } from './certificates.ts'
import { checkDirectory, checkFolder, emptyDirectory } from './directory.ts'
import { openFaults, type ActiveFault, type FaultScope, type UpdateFault } from './faults.ts'
import { updateServerBrand, type UpdateServer, type UpdateServerUrls } from './fixture.ts'
import type { ListeningServer } from '../listen.ts'
import { listen } from './listen.ts'
import { eventsOf } from './omaha-events.ts'
import { openRecords, type UpdateRequest } from './records.ts'
import { checkRelease } from './release.ts'
import { handleRequest, OMAHA_PATH, SYSUPDATE_PATH, type Offered } from './handle-request.ts'

export interface UpdateServerOptions {
  /** How machines reach this host's 127.0.0.1; undefined when they cannot. */
  readonly hostAddress: string | undefined
  /** Default 1. */
  readonly slowness?: number
  /** Called when a request is over. */
  readonly onRequest?: (request: UpdateRequest) => void
}

/** Starts a server on a free port of 127.0.0.1. */
export async function startUpdateServer(options: UpdateServerOptions): Promise<UpdateServer> {
  const { hostAddress, slowness = 1, onRequest } = options
  const startedAt = performance.now()
  const records = openRecords()
  const faults = openFaults()
  let offered: Offered = { releases: [], current: [], directory: emptyDirectory }
  let releases = 0
  let authority: Promise<Authority> | undefined
  const secure = new Map<CertificateKind, Promise<ListeningServer>>()
  await using stack = new AsyncDisposableStack()
  const urlsOf = (scheme: 'http' | 'https', { port }: ListeningServer): UpdateServerUrls => {
    if (hostAddress === undefined) {
      throw new InfraError('machines of this platform cannot reach this host: no updateServer fixture here', {
        code: 'no-host-address',
      })
    }
    const base = `${scheme}://${hostAddress}:${port}`
    return { base: `${base}/`, omaha: `${base}${OMAHA_PATH}`, directory: `${base}${SYSUPDATE_PATH}` }
  }
  const getAuthority = async (): Promise<Authority> => await (authority ??= createAuthority())
  const serve = async (scheme: 'http' | 'https', kind?: CertificateKind): Promise<ListeningServer> => {
    const certificate =
      kind === undefined ? undefined : await (await getAuthority()).issue(kind, hostAddress ?? '127.0.0.1')
    const listener: ListeningServer = await listen(certificate, (request, response) => {
      handleRequest(request, response, {
        offered,
        faults,
        records,
        startedAt,
        onRequest,
        secure: scheme === 'https',
        base: `${scheme}://${hostAddress ?? '127.0.0.1'}:${listener.port}`,
      })
    })
    return listener
  }
  const plain = stack.use(await serve('http'))
  stack.defer(() => faults.endAll())
  const owned = stack.move()
  let disposed: Promise<void> | undefined
  return {
    [updateServerBrand]: true,
    get urls() {
      return urlsOf('http', plain)
    },
    slowness,
    async https(kind = 'valid') {
      let started = secure.get(kind)
      if (started === undefined) {
        started = serve('https', kind).then((listener) => owned.use(listener))
        secure.set(kind, started)
      }
      return urlsOf('https', await started)
    },
    caCertificate: async () => (await getAuthority()).certificate,
    async offerRelease(offer) {
      const { version, track } = offer
      await asStep(
        'update',
        `update server: offer ${version}${track === undefined ? '' : ` to ${track}`}`,
        async () => {
          releases += 1
          const release = await checkRelease(offer, releases)
          const { directory } = offered
          offered = {
            releases: [...offered.releases, release],
            current: [...offered.current, release],
            directory,
          }
        },
      )
    },
    async offerFiles(files, directoryOptions = {}) {
      await asStep('update', `update server: offer ${files.length} files`, async () => {
        offered = { ...offered, directory: await checkDirectory(files, directoryOptions) }
      })
    },
    async offerFolder(folder, folderOptions = {}) {
      await asStep('update', 'update server: offer a folder', async () => {
        offered = { ...offered, directory: await checkFolder(folder, folderOptions) }
      })
    },
    withdraw() {
      asMoment('update', 'update server: offer nothing', () => {
        offered = { ...offered, current: [], directory: emptyDirectory }
      })
    },
    misbehave(fault, scope) {
      let active: ActiveFault | undefined
      asMoment('update', `update server: misbehave: ${faultText(fault, scope)}`, () => {
        active = faults.add(fault, scope)
      })
      // `asMoment` has run it or thrown.
      return active as ActiveFault
    },
    behave: () => asMoment('update', 'update server: behave', () => faults.endAll()),
    requests: () => records.list(),
    events: () => eventsOf(records.list()),
    [Symbol.asyncDispose]: async () => await (disposed ??= owned.disposeAsync()),
  }
}

/** `drop atByte 100, first 2 of /packages/1/update.gz`. */
function faultText(fault: UpdateFault, { times, path }: FaultScope = {}): string {
  const { kind, ...rest } = fault
  const facts = Object.entries(rest).map(([name, value]) => `${name} ${value}`)
  const first = times === undefined ? [] : [`first ${times}`]
  const of = path === undefined ? [] : [`of ${String(path)}`]
  return [[kind, ...facts].join(' '), [...first, ...of].join(' ')].filter((part) => part !== '').join(', ')
}
