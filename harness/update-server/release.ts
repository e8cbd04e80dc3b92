// A release as Omaha offers it: a version for an application and a channel, with its packages.

import { UsageError } from '../errors.ts'
import { checkPackage, type CheckedPackage, type PackageOffer } from './declared.ts'

/** Flatcar's application, which update_engine asks for unless it is told otherwise. */
export const FLATCAR_APP_ID = '{e96281a6-d1af-4bde-9a0a-97b76e56dc57}'

/** The reference image's, which reports over Omaha what became of its updates and takes none that way. */
export const REFERENCE_APP_ID = '{7c5c1e5a-5c0e-4f0a-9d0e-2f6f3b1a9a41}'

/** Attributes of the postinstall action, over the defaults. */
export interface PostinstallAction {
  readonly needsadmin?: 'true' | 'false'
  readonly IsDeltaPayload?: 'true' | 'false'
  readonly DisablePayloadBackoff?: 'true' | 'false'
  readonly MaxFailureCountPerUrl?: string
  readonly MetadataSize?: string
  readonly MetadataSignatureRsa?: string
  readonly Prompt?: 'true' | 'false'
  readonly MoreInfo?: string
  readonly deadline?: string
}

export interface ReleaseOffer {
  readonly version: string
  /** Default: Flatcar's. Compared without regard to case. */
  readonly appId?: string
  /** Only for machines of this group (channel); default: for those whose group has no release of its own. */
  readonly track?: string
  /** The payload first; then those of the OEM and of extensions (`oem-qemu.gz`, `flatcar-docker.gz`). */
  readonly packages: readonly [PackageOffer, ...PackageOffer[]]
  /** `older` (default) to machines of an older version; `any` also to newer ones and those that have it: a downgrade. */
  readonly to?: 'older' | 'any'
  readonly action?: PostinstallAction
}

/** A release whose packages were read and checked. */
export interface OfferedRelease {
  /** Part of the URLs of its packages. */
  readonly id: number
  readonly version: string
  readonly appId: string
  readonly track: string | undefined
  readonly to: 'older' | 'any'
  readonly packages: readonly [CheckedPackage, ...CheckedPackage[]]
  readonly action: PostinstallAction
}

/** Reads and checks what is to be offered; throws UsageError for what is not what it is declared to be. */
export async function checkRelease(offer: ReleaseOffer, id: number): Promise<OfferedRelease> {
  const { version, appId = FLATCAR_APP_ID, track, to = 'older', packages, action = {} } = offer
  if (version === '' || !/^[\w{}.-]{1,128}$/.test(appId)) {
    throw new UsageError(`a release needs a version and an application: "${version}", "${appId}"`, {
      code: 'release-identity',
      hint: `such as { version: '4230.2.1', appId: '${FLATCAR_APP_ID}' }`,
    })
  }
  const [main, ...others] = packages
  const names = packages.map(({ name }) => name)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) {
    throw new UsageError(`two packages of release ${version} are named ${twice}`, { code: 'payload-name' })
  }
  const checked = await checkPackage(main)
  const rest: CheckedPackage[] = []
  for (const other of others) rest.push(await checkPackage(other))
  return { id, version, appId, track, to, packages: [checked, ...rest], action }
}
