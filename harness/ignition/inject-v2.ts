// Ignition spec 2.x, which Flatcar still takes. It has no `merge`; its `append` does the same for us: the harness's
// config comes first, the tests' configs are appended to it as data URLs and stay as they are. Users, files and units
// of an appended config are worked off after those of the first, so the test's version of a file stands.

import { compareVersions } from '../profiles/index.ts'
import { dataUrl, type IgnitionFragment } from './fragment.ts'
import type { IgnitionConfig } from './source.ts'

/**
 * The harness's config of spec 2.x with the tests' configs appended. Its version is the highest of theirs (2.0.0
 * without any), so that an image that reads the tests' configs reads it too.
 */
export function wrapV2(configs: readonly IgnitionConfig[], fragment: Required<IgnitionFragment>): string {
  const version =
    configs
      .map((config) => config.version)
      .toSorted(compareVersions)
      .at(-1) ?? '2.0.0'
  // 2.0.0 knew only `enable`; later versions deprecate it in favour of `enabled`.
  const enable = compareVersions(version, '2.1.0') < 0 ? 'enable' : 'enabled'
  const append = configs.map((config) => ({ source: dataUrl(config.text), verification: {} }))
  return JSON.stringify({
    ignition: { version, config: append.length === 0 ? {} : { append } },
    passwd: {
      users: fragment.sshKeys.map(({ user, publicKeys }) => ({ name: user, sshAuthorizedKeys: publicKeys })),
    },
    storage: {
      // `overwrite` came with 2.2 and is true for files by default; before, files always replaced what was there.
      files: fragment.files.map(({ path, text, mode }) => ({
        filesystem: 'root',
        path,
        mode,
        contents: { source: dataUrl(text) },
      })),
    },
    systemd: {
      units: fragment.units.map(({ enabled, ...unit }) => ({
        ...unit,
        ...(enabled === undefined ? {} : { [enable]: enabled }),
      })),
    },
  })
}
