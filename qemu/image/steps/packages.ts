// Step: the Debian packages, as one archive per package set in the cache. The slowest step by far (a minute and a half),
// so the archive is kept: the next version of the same recipe starts from it.

import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { readHostSources, sourcesForSuite } from '../apt-mirror.ts'
import { flavours } from '../flavours.ts'
import { packages, recipeFolder, suite } from '../recipe.ts'
import { run, type BuildContext } from './context.ts'

const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg'

const arguments_: readonly string[] = [
  '--mode=root',
  '--variant=minbase',
  '--architectures=amd64',
  '--aptopt=APT::Install-Recommends "false"',
  // Root builds in a folder that apt's own user may not enter.
  '--aptopt=APT::Sandbox::User "root"',
  '--dpkgopt=path-exclude=/usr/share/man/*',
  '--dpkgopt=path-exclude=/usr/share/doc/*',
  '--dpkgopt=path-exclude=/usr/share/locale/*',
]

/** Finds or makes the archive of the installed packages; returns its path. */
export async function installPackages(context: BuildContext): Promise<string> {
  const hook = join(recipeFolder, 'commands', 'selinux-modules.sh')
  const policy = join(recipeFolder, 'commands', 'reference.cil')
  const wanted =
    context.flavour === undefined ? packages : [...packages, ...flavours[context.flavour].packages]
  const made = [suite, arguments_, wanted, await readFile(hook, 'utf8'), await readFile(policy, 'utf8')]
  const set = createHash('sha256').update(JSON.stringify(made)).digest('hex').slice(0, 16)
  const archive = join(context.bases, `${suite}-${set}.tar.zst`)
  if (existsSync(archive) && !context.force) return archive
  const sources = sourcesForSuite(await readHostSources(), await hostCodename(), suite, keyring)
  await mkdir(context.bases, { recursive: true })
  const fresh = join(context.work, 'base.tar.zst')
  // INITRD=No: dracut's own package hook would build an initrd that nobody wants (20 s).
  const env = { INITRD: 'No', TMPDIR: context.work }
  const what = [`--include=${wanted.join(',')}`, `--customize-hook=${hook}`]
  await run(context, 'mmdebstrap', [...arguments_, ...what, suite, fresh, ...sources], { env })
  await rm(archive, { force: true })
  await rename(fresh, archive)
  return archive
}

async function hostCodename(): Promise<string> {
  const text = await readFile('/etc/os-release', 'utf8').catch(() => '')
  return /^VERSION_CODENAME="?([a-z]+)"?$/m.exec(text)?.[1] ?? ''
}

/** Unpacks the archive as the guest's tree and returns the package manifest, one `name version` a line, sorted. */
export async function unpackTree(context: BuildContext, archive: string): Promise<string> {
  await mkdir(context.tree, { recursive: true })
  const xattrs = ['--xattrs', '--xattrs-include=*', '--numeric-owner']
  await run(context, 'tar', ['-C', context.tree, '--zstd', ...xattrs, '-xf', archive])
  const shown = await run(context, 'dpkg-query', [
    `--admindir=${join(context.tree, 'var/lib/dpkg')}`,
    '--show',
    '--showformat=${Package} ${Version}\n',
  ])
  return `${shown.split('\n').toSorted().join('\n')}\n`
}
