// What a machine gets of external tests, as one tar stream: executables, data folders, and our own scripts. Links in data
// folders are followed as far as they stay within the folder that was given with `--external`.

import { createReadStream, realpathSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { pack, type Pack } from 'tar-stream'
import { messageOf, UsageError } from '../errors.ts'
import { requireInside, type ExternalTest } from './find.ts'
import { DATA_ROOT, PROGRAMS_IN_BUNDLE } from './guest-scripts.ts'

export interface BundleFile {
  /** In the tar: posix, relative to the root of the guest. */
  readonly name: string
  readonly mode: number
  readonly content:
    | { readonly kind: 'text'; readonly text: string }
    | { readonly kind: 'file'; readonly path: string; readonly size: number }
    | { readonly kind: 'folder' }
    | { readonly kind: 'pipe' }
}

/** The place of a test's files in the tar and in the guest. */
export interface BundlePlace {
  /** `kola-runext-<name>`, unique on the machine. */
  readonly program: string
  /** Under `/var/opt/kola`; undefined without data. */
  readonly data: string | undefined
}

export interface Bundle {
  readonly files: readonly BundleFile[]
  readonly places: ReadonlyMap<string, BundlePlace>
}

/** Lays out the files of tests for one machine. Tests with the same data folder share one copy. */
export function layOut(tests: readonly ExternalTest[]): Bundle {
  const isAlone = tests.length === 1
  const files: BundleFile[] = []
  const places = new Map<string, BundlePlace>()
  const dataNames = new Map<string, string>()
  const programs = new Set<string>()
  for (const test of tests) {
    const base = `kola-runext-${test.executable.split('/').at(-1) ?? 'test'}`
    const program = programs.has(base) ? `${base}-${programs.size}` : base
    programs.add(program)
    const { size } = statSync(test.executable)
    const content = { kind: 'file', path: test.executable, size } as const
    files.push({ name: `${PROGRAMS_IN_BUNDLE}${program}`, mode: 0o755, content })
    let data: string | undefined
    if (test.dataFolder !== undefined) {
      data = dataNames.get(test.dataFolder)
      if (data === undefined) {
        data = isAlone ? 'extdata' : `extdata-${dataNames.size + 1}`
        dataNames.set(test.dataFolder, data)
        files.push(...filesBelow(test.dataFolder, `${DATA_ROOT.slice(1)}/${data}`, test.root, []))
      }
    }
    places.set(test.name, { program, data })
  }
  return { files, places }
}

function filesBelow(
  folder: string,
  name: string,
  root: string,
  above: readonly string[],
): readonly BundleFile[] {
  return readdirSync(folder)
    .toSorted()
    .flatMap((entry): readonly BundleFile[] => {
      const path = join(folder, entry)
      const inTar = `${name}/${entry}`
      const real = realOf(path)
      requireInside(path, real, root)
      const stat = statSync(real)
      if (stat.isDirectory()) {
        // A link to a folder that it lies in would never end.
        if ([folder, ...above].some((outer) => realpathSync(outer) === real)) return []
        const inner = filesBelow(real, inTar, root, [folder, ...above])
        return inner.length > 0 ? inner : [{ name: inTar, mode: 0o755, content: { kind: 'folder' } }]
      }
      // Sockets, devices and FIFOs are nobody's test data.
      if (!stat.isFile()) return []
      return [
        { name: inTar, mode: stat.mode & 0o777, content: { kind: 'file', path: real, size: stat.size } },
      ]
    })
}

function realOf(path: string): string {
  try {
    return realpathSync(path)
  } catch (error) {
    throw new UsageError(`${path} cannot be read: ${messageOf(error)}`, {
      code: 'external-unreadable',
      hint: 'is it a link to something that is gone?',
      cause: error,
    })
  }
}

/** The files as a tar stream. A file that changes its length meanwhile ends the stream with an error. */
export function tarOf(files: readonly BundleFile[]): Readable {
  const tar = pack()
  fill(tar, files).then(
    () => tar.finalize(),
    (error: unknown) => tar.destroy(error instanceof Error ? error : new Error(String(error))),
  )
  return tar as unknown as Readable
}

async function fill(tar: Pack, files: readonly BundleFile[]): Promise<void> {
  for (const { name, mode, content } of files) {
    // The same bytes whenever: nothing in the guest should depend on when the host's files were made.
    const header = { name, mode, mtime: new Date(0), uid: 0, gid: 0, uname: 'root', gname: 'root' }
    switch (content.kind) {
      case 'text':
        tar.entry(header, content.text)
        break
      case 'file':
        await pipeline(createReadStream(content.path), tar.entry({ ...header, size: content.size }))
        break
      case 'folder':
        tar.entry({ ...header, type: 'directory' })
        break
      case 'pipe':
        tar.entry({ ...header, type: 'fifo' })
        break
      default:
        content satisfies never
    }
  }
}
