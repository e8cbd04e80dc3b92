// Programs of Debian as a system extension of the reference image, systemd-sysext(8): what their packages bring beyond those that
// the image has. Made once for an image and kept beside it, like its payloads.

import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Architecture, UpdatePayload } from '../../harness/model.ts'
import { defaultImageCache } from './build.ts'
import { waitToBuild } from './building.ts'
import type { BuiltImage } from './built-image.ts'
import { PAYLOADS } from './payload.ts'
import { run, type ProgramContext } from './steps/context.ts'
import { installPackages } from './steps/packages.ts'
import { erofsArguments } from './steps/seal.ts'
import { trimmedFirst } from './trim.ts'

/** The extensions there are, with their Debian packages, without recommends. */
export const extensionPackages = {
  podman: ['podman', 'crun', 'netavark', 'aardvark-dns'],
} as const satisfies Readonly<Record<string, readonly string[]>>
export type ExtensionName = keyof typeof extensionPackages

export interface ExtensionBuildOptions {
  /** Where images are kept; default `images` in the user's cache folder. */
  readonly cache?: string
  readonly signal?: AbortSignal | undefined
  /** A line of output of the program that runs. */
  readonly onLine?: (line: string) => void
}

/** Raised when the same packages are made into something else. */
const FORMAT = 1

/** The `ARCHITECTURE` of an extension-release file, after systemd's names. */
const architectureNames: Readonly<Record<Architecture, string>> = {
  x86_64: 'x86-64',
  arm64: 'arm64',
  riscv64: 'riscv64',
}

/**
 * The extension as one file, `podman.raw`, that fits the image's version and architecture. What its packages have in /etc lies in
 * the extension, and systemd-tmpfiles copies it where nothing is. Throws InfraError (no root, a missing tool, a failed step).
 */
export async function packagedExtension(
  image: BuiltImage,
  name: ExtensionName,
  { cache = defaultImageCache(), signal, onLine = () => undefined }: ExtensionBuildOptions = {},
): Promise<UpdatePayload> {
  const { version, distro, architecture } = image.image.identity
  const packages = extensionPackages[name]
  const made = createHash('sha256')
    .update(JSON.stringify([packages, FORMAT]))
    .digest('hex')
    .slice(0, 8)
  const folder = join(cache, PAYLOADS, `${image.key}-${name}-extension-${made}`)
  const file = `${name}.raw`
  const payload = { distro, version, files: [{ name: file, path: join(folder, file) }] }
  if (existsSync(folder)) return payload
  await using building = await waitToBuild({ cache, architecture, signal, onWait: onLine })
  if (existsSync(folder)) return payload
  const work = await building.begin()
  const context = { work, bases: join(cache, '.bases'), architecture, force: false, signal, onLine }
  const archive = await installPackages(context, packages)
  const tree = join(work, 'tree')
  await unpackAdded(context, { archive, tree, had: namesOf(await readFile(image.packages, 'utf8')) })
  await moveConfiguration(tree, name)
  const releases = join(tree, 'usr/lib/extension-release.d')
  await mkdir(releases, { recursive: true })
  await writeFile(
    join(releases, `extension-release.${name}`),
    `ID=${distro}\nVERSION_ID=${version}\nARCHITECTURE=${architectureNames[architecture]}\nEXTENSION_RELOAD_MANAGER=1\n`,
  )
  const out = join(work, 'out')
  await mkdir(out)
  const erofs = erofsArguments(`${name} ${version}`, join(out, file), tree)
  await run(context, 'mkfs.erofs', ['--all-root', ...erofs])
  await mkdir(join(cache, PAYLOADS), { recursive: true })
  await rename(out, folder)
  return payload
}

const namesOf = (manifest: string): ReadonlySet<string> =>
  new Set(manifest.split('\n').map((line) => line.split(' ')[0] ?? ''))

interface Unpacking {
  readonly archive: string
  readonly tree: string
  /** Names of packages that are there already. */
  readonly had: ReadonlySet<string>
}

/** Unpacks what belongs to the packages that the image does not have. */
async function unpackAdded(
  context: ProgramContext & { readonly work: string },
  { archive, tree, had }: Unpacking,
): Promise<void> {
  const { work } = context
  await mkdir(tree)
  await run(context, 'tar', ['-C', work, '--zstd', '-xf', archive, './var/lib/dpkg'])
  const database = `--admindir=${join(work, 'var/lib/dpkg')}`
  const format = '--showformat=${Package} ${binary:Package}\n'
  const shown = await run(context, 'dpkg-query', [database, '--show', format])
  const added = shown
    .split('\n')
    .map((line) => line.split(' '))
    .flatMap(([name = '', full = '']) => (full === '' || had.has(name) ? [] : [full]))
  const owned = await run(context, 'dpkg-query', [database, '--listfiles', ...added])
  const wanted = wantedPaths(owned)
  const all = await run(context, 'tar', ['--zstd', '-tf', archive])
  const members = all.split('\n').filter((path) => !path.endsWith('/') && wanted.has(path.slice('./'.length)))
  const list = join(work, 'members')
  await writeFile(list, members.map((path) => `${path}\n`).join(''))
  const from = ['--no-recursion', '--verbatim-files-from', `--files-from=${list}`]
  await run(context, 'tar', ['-C', tree, '--zstd', ...from, '-xf', archive])
}

/**
 * Of what dpkg lists, the paths below `usr` and `etc` that the image would not leave out, without a slash before them. Packages that
 * still say /lib mean /usr/lib.
 */
export function wantedPaths(listed: string): ReadonlySet<string> {
  const paths = listed
    .split('\n')
    .filter((line) => line.startsWith('/'))
    .map((line) => line.slice(1).replace(/^(bin|sbin|lib|lib64)(?=\/)/, 'usr/$1'))
  const isTrimmed = (path: string): boolean =>
    trimmedFirst.some((trimmed) => path === trimmed || path.startsWith(`${trimmed}/`))
  return new Set(paths.filter((path) => /^(usr|etc)\//.test(path) && !isTrimmed(path)))
}

/** A system extension has nothing in /etc: tmpfiles.d(5) puts it there. */
async function moveConfiguration(tree: string, name: ExtensionName): Promise<void> {
  const etc = join(tree, 'etc')
  if (!existsSync(etc)) return
  const kept = `usr/share/${name}-extension/etc`
  await mkdir(join(tree, `usr/share/${name}-extension`), { recursive: true })
  await rename(etc, join(tree, kept))
  const entries = (await readdir(join(tree, kept))).toSorted()
  const folder = join(tree, 'usr/lib/tmpfiles.d')
  await mkdir(folder, { recursive: true })
  await writeFile(
    join(folder, `${name}-extension.conf`),
    entries.map((entry) => `C /etc/${entry} - - - - /${kept}/${entry}\n`).join(''),
  )
}
