// Extensions as systemd-sysext(8) and systemd-confext(8) take them: files below /usr, or /etc, in a read-only filesystem, and the
// release that they fit.

import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, normalize } from 'node:path'
import { UsageError } from './errors.ts'
import { runCommand } from './process.ts'

/** A system extension is merged into /usr, a configuration extension into /etc. */
export type ExtensionKind = 'sysext' | 'confext'

export interface ExtensionOptions {
  /** Default `sysext`. */
  readonly kind?: ExtensionKind
  /**
   * What the file is called in `/var/lib/extensions` (`/var/lib/confexts`), without `.raw`: letters, digits, `.`, `_` and `-`.
   */
  readonly name: string
  /**
   * The fields of its extension-release(5): `{ ID: 'reference', VERSION_ID: '1.0.0' }`. It is merged only where os-release says the
   * same; `ID: '_any'` fits everywhere.
   */
  readonly release: Readonly<Record<string, string>>
  /** A folder of this host that holds `usr/` (`etc/`) and nothing else: all of it is taken, modes and symbolic links as they are. */
  readonly folder?: string
  /** By path below the root, `usr/bin/tool`; all must be below `usr/`, those of a confext below `etc/`. They take the place of what `folder` has there. */
  readonly files?: Readonly<Record<string, string | Uint8Array | ExtensionFile>>
  readonly signal?: AbortSignal
}

export interface ExtensionFile {
  readonly content: string | Uint8Array
  /** Default 0o644. */
  readonly mode?: number
}

/** Where each kind's files belong, and its release file. */
const places = {
  sysext: { tree: 'usr', release: 'usr/lib/extension-release.d', example: 'usr/bin/tool' },
  confext: { tree: 'etc', release: 'etc/extension-release.d', example: 'etc/tool.conf' },
} as const satisfies Readonly<Record<ExtensionKind, unknown>>

/**
 * The extension as one file (EROFS, no partition table): `await machine.writeFile('/var/lib/extensions/tool.raw', extension)`.
 * Throws UsageError for a path outside of its tree, InfraError without mkfs.erofs (Debian: erofs-utils).
 */
export async function buildExtension({
  kind = 'sysext',
  name,
  release,
  folder: source,
  files = {},
  signal,
}: ExtensionOptions): Promise<Uint8Array> {
  if (!/^[\w.-]{1,128}$/.test(name)) {
    throw new UsageError(`"${name}" is no name of an extension`, {
      code: 'bad-extension',
      hint: 'letters, digits, ".", "_" and "-"',
    })
  }
  const place = places[kind]
  const folder = await mkdtemp(join(tmpdir(), 'signalbox-extension-'))
  try {
    const tree = join(folder, 'tree')
    const text = Object.entries(release).map(([key, value]) => `${key}=${value}\n`)
    const all = { ...files, [`${place.release}/extension-release.${name}`]: text.join('') }
    for (const [path, file] of Object.entries(all)) {
      if (!normalize(path).startsWith(`${place.tree}/`)) {
        throw new UsageError(
          `the extension ${name} cannot hold ${path}: a ${kind} is merged into /${place.tree}`,
          {
            code: 'bad-extension',
            hint: `give paths like ${place.example}`,
          },
        )
      }
      const at = join(tree, path)
      const isPlain = typeof file === 'string' || file instanceof Uint8Array
      await mkdir(dirname(at), { recursive: true, mode: 0o755 })
      await writeFile(at, isPlain ? file : file.content)
      await chmod(at, isPlain ? 0o644 : (file.mode ?? 0o644))
    }
    // After the files: they would be written through its links, to places of this host.
    if (source !== undefined) await copyFolder(source, tree, { kind, name })
    const image = join(folder, 'extension.raw')
    await runCommand('mkfs.erofs', ['--quiet', '--all-root', image, tree], { signal })
    return await readFile(image)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Copies what the folder has into the tree, over nothing that is there. */
async function copyFolder(
  source: string,
  tree: string,
  { kind, name }: { readonly kind: ExtensionKind; readonly name: string },
): Promise<void> {
  const { tree: top } = places[kind]
  const refused = (why: string, cause?: unknown): UsageError =>
    new UsageError(`the extension ${name} cannot be made of ${source}: ${why}`, {
      code: 'bad-extension',
      hint: `give a folder that holds the folder ${top} and nothing else`,
      cause,
    })
  try {
    const entries = await readdir(source, { withFileTypes: true })
    const stray = entries.find((entry) => entry.name !== top || !entry.isDirectory())
    if (stray !== undefined || entries.length === 0)
      throw refused(stray === undefined ? 'it is empty' : `it holds ${stray.name}`)
    const options = { recursive: true, verbatimSymlinks: true, force: false }
    await cp(join(source, top), join(tree, top), options)
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw refused(error instanceof Error ? error.message : String(error), error)
  }
}
