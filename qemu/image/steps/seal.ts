// Step: everything of the tree goes below /usr (the pristine /etc, the skeleton of ROOT), gets its SELinux labels, and
// /usr becomes one compressed, verified, read-only filesystem.

import { createHash } from 'node:crypto'
import { mkdir, readFile, rename, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { imageArchitectures } from '../architectures.ts'
import { sourceDateEpoch } from '../recipe.ts'
import { run, runInTree, type BuildContext } from './context.ts'
import { requireOneArchitecture } from './one-architecture.ts'

export interface SealedUsr {
  readonly erofs: string
  readonly verity: string
  /** sha256 root hash of the dm-verity tree, 64 hex digits. */
  readonly rootHash: string
}

const contexts = '/etc/selinux/default/contexts/files/file_contexts'
const moved = ['home', 'root', 'opt', 'srv', 'mnt', 'var', 'tmp'] as const
const empty = [
  'dev',
  'proc',
  'sys',
  'run',
  'etc',
  'boot',
  'oem',
  'usr',
  '.etc',
  '.etc/upper',
  '.etc/work',
  // Made by journald they would have its idea of their labels.
  'var/log',
  'var/log/journal',
]
const links = { bin: 'usr/bin', sbin: 'usr/sbin', lib: 'usr/lib' } as const

/** Lays out ROOT's skeleton in `/usr/share/reference/root` and labels the whole tree. */
export async function arrangeTree(context: BuildContext): Promise<void> {
  const { tree } = context
  const skeleton = join(tree, 'usr/share/reference/root')
  await mkdir(skeleton, { recursive: true })
  for (const name of moved) await rename(join(tree, name), join(skeleton, name))
  for (const name of empty) await mkdir(join(skeleton, name), { recursive: true })
  const { rootLinks } = imageArchitectures[context.architecture]
  for (const [name, target] of Object.entries({ ...links, ...rootLinks }))
    await symlink(target, join(skeleton, name))
  await runInTree(context, ['setfiles', '-F', contexts, '/usr', '/etc'])
  await runInTree(context, [
    'setfiles',
    '-F',
    '-r',
    '/usr/share/reference/root',
    contexts,
    '/usr/share/reference/root',
  ])
  // /etc's upper layer is /etc to everybody who looks at it.
  const upper = ['/usr/share/reference/root/.etc/upper', '/usr/share/reference/root/.etc/work']
  await runInTree(context, [
    'setfattr',
    '-n',
    'security.selinux',
    '-v',
    'system_u:object_r:etc_t:s0',
    ...upper,
  ])
  await rename(join(tree, 'etc'), join(tree, 'usr/share/reference/etc'))
  await rm(join(tree, 'var'), { recursive: true, force: true })
}

/** Arguments of mkfs.erofs for a /usr tree: everything that could differ between two builds is pinned. */
export function erofsArguments(version: string, output: string, folder: string): readonly string[] {
  return [
    '--quiet',
    '-zlz4hc',
    '-C65536',
    `-T${sourceDateEpoch}`,
    '-U',
    uuidFor(`usr ${version}`),
    output,
    folder,
  ]
}

/** Makes `usr.erofs` and `usr.verity` in the image's folder. */
export async function sealUsr(context: BuildContext): Promise<SealedUsr> {
  const erofs = join(context.out, 'usr.erofs')
  const verity = join(context.out, 'usr.verity')
  await requireOneArchitecture(context)
  await run(context, 'mkfs.erofs', erofsArguments(context.version, erofs, join(context.tree, 'usr')))
  const hashFile = join(context.work, 'root-hash')
  await run(context, 'veritysetup', [
    'format',
    `--salt=${digestOf(`salt ${context.version}`)}`,
    `--uuid=${uuidFor(`verity ${context.version}`)}`,
    `--root-hash-file=${hashFile}`,
    erofs,
    verity,
  ])
  return { erofs, verity, rootHash: (await readFile(hashFile, 'utf8')).trim() }
}

const digestOf = (text: string): string =>
  createHash('sha256').update(`signalbox reference ${text}`).digest('hex')

/** A stable version-4-shaped UUID for a name. */
export function uuidFor(name: string): string {
  const hex = digestOf(name)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
