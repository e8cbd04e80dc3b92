// The apt source for a release's backports, on the mirror and with the keys that the host already uses for the release.

import type { AptSource } from '../../qemu/image/apt-mirror.ts'

/** The host's own archive of `release`: the mirror to take backports from. */
export function findReleaseSource(sources: readonly AptSource[], release: string): AptSource | undefined {
  return sources.find(({ suite, components }) => suite === release && components.includes('main'))
}

/** The deb822 text (sources.list(5)) of a source for the backports of `source`'s release. */
export function backportsSource(source: AptSource): string {
  const lines = [
    '# Added by Signalbox for a newer QEMU; safe to delete together with the packages that came from it.',
    'Types: deb',
    `URIs: ${source.uri}`,
    `Suites: ${source.suite}-backports`,
    'Components: main',
    // Without it apt checks against its trusted keys, as it does for the host's own entry.
    ...(source.signedBy === undefined ? [] : [`Signed-By: ${source.signedBy}`]),
  ]
  return `${lines.join('\n')}\n`
}
