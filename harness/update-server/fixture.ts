// The `updateServer` fixture as a test sees it: what an update client of an image talks to.

import type { CertificateKind } from './certificates.ts'
import type { PackageOffer } from './declared.ts'
import type { DirectoryOptions, FolderOptions } from './directory.ts'
import type { ActiveFault, FaultScope, UpdateFault } from './faults.ts'
import type { OmahaEvent } from './omaha-events.ts'
import type { UpdateRequest } from './records.ts'
import type { ReleaseOffer } from './release.ts'

/** Where a guest finds the server; each ends with a slash. */
export interface UpdateServerUrls {
  readonly base: string
  /** For `SERVER=` of update_engine: `http://10.0.2.2:40123/v1/update/`. */
  readonly omaha: string
  /** For `Path=` of a sysupdate transfer's `[Source]`: `http://10.0.2.2:40123/sysupdate/`. */
  readonly directory: string
}

/** Every update server carries this key. */
export const updateServerBrand: unique symbol = Symbol.for('signalbox.update-server') as never

export function isUpdateServer(value: unknown): value is UpdateServer {
  return typeof value === 'object' && value !== null && updateServerBrand in value
}

/**
 * An update server of the machines of a test: Omaha 3.0 for update_engine, a directory with SHA256SUMS for systemd-sysupdate. It
 * remembers what was asked, and misbehaves when it is told to. What is offered is checked first: a payload that is not what it is
 * declared to be is a UsageError.
 *
 * ```ts
 * await updateServer.offerRelease({ version: '4230.2.1', packages: [{ name: 'update.gz', content: '/path/update.gz' }] })
 * using fault = updateServer.misbehave({ kind: 'drop', atByte: 1_000_000 }, { times: 1 })
 * await expect(updateServer).toHaveReceivedEvent({ type: 'update-complete', result: 'success-reboot' })
 * ```
 */
export interface UpdateServer extends AsyncDisposable {
  readonly [updateServerBrand]: true
  /** Over plain HTTP; throws InfraError where machines cannot reach this host. */
  readonly urls: UpdateServerUrls
  /** How much slower than with KVM its clients run; for waits. */
  readonly slowness: number
  /** Over TLS, with a good certificate (default) or a bad one; from the first call on. */
  https(certificate?: CertificateKind): Promise<UpdateServerUrls>
  /** The authority, PEM, that a guest has to trust for `https()`. */
  caCertificate(): Promise<string>
  /** Offers a release over Omaha, beside those that are offered already; the latest counts. */
  offerRelease(offer: ReleaseOffer): Promise<void>
  /** Puts files in the directory of sysupdate, in place of those there, with SHA256SUMS and its signature. */
  offerFiles(files: readonly PackageOffer[], options?: DirectoryOptions): Promise<void>
  /** The same with a release's own folder as it was published: its SHA256SUMS must hold, and with a key its signature. */
  offerFolder(folder: string, options?: FolderOptions): Promise<void>
  /** Offers nothing any more: `noupdate`, an empty directory. Packages stay for who downloads them. */
  withdraw(): void
  /** Does something wrong from now on. Several faults may be on. */
  misbehave(fault: UpdateFault, scope?: FaultScope): ActiveFault
  /** Ends all faults. */
  behave(): void
  /** The requests so far, in order, at least the last 10,000; those that are being answered too. */
  requests(): readonly UpdateRequest[]
  /** The events that clients reported over Omaha, in order. */
  events(): readonly OmahaEvent[]
}
