// The reference image's os-release, after os-release(5): what the harness compares, and the only thing in which two
// versions of one recipe differ.

export interface OsReleaseFacts {
  readonly version: string
  readonly channel: string
  readonly buildId: string
  readonly flavour?: string | undefined
}

/** The file's text. `SIGNALBOX_CHANNEL` is our own field; the others are the specification's. */
export function osRelease(facts: OsReleaseFacts): string {
  const { version, channel, buildId, flavour } = facts
  return [
    'NAME="Signalbox Reference OS"',
    `PRETTY_NAME="Signalbox Reference OS ${version} (${channel})"`,
    'ID=reference',
    'ID_LIKE=debian',
    `VERSION="${version}"`,
    `VERSION_ID=${version}`,
    `BUILD_ID=${buildId}`,
    'IMAGE_ID=reference',
    `IMAGE_VERSION=${version}`,
    `SIGNALBOX_CHANNEL=${channel}`,
    `VARIANT_ID=${flavour ?? 'reference'}`,
    '',
  ].join('\n')
}
