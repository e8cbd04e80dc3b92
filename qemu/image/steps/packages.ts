// Step: the Debian packages, as one archive per package set in the cache. The slowest step by far (a minute and a half),
// so the archive is kept: the next version of the same recipe starts from it.

import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { readHostSources, sourcesForSuite } from '../apt-mirror.ts'
import { hostArchitecture, imageArchitectures } from '../architectures.ts'
import { isNative } from '../foreign.ts'
import { packages, recipeFolder, suite } from '../recipe.ts'
import { run, runEnclosed, type BuildContext, type ProgramContext } from './context.ts'

const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg'

const arguments_: readonly string[] = [
  '--mode=root',
  '--aptopt=APT::Install-Recommends "false"',
  // Root builds in a folder that apt's own user may not enter.
  '--aptopt=APT::Sandbox::User "root"',
  '--dpkgopt=path-exclude=/usr/share/man/*',
  '--dpkgopt=path-exclude=/usr/share/doc/*',
  '--dpkgopt=path-exclude=/usr/share/locale/*',
]

/** Packages of the host's architecture whose programs run in place of the tree's while it is installed. */
const twins: readonly string[] = [
  'bash',
  'dash',
  'coreutils',
  'debianutils',
  'diffutils',
  'findutils',
  'grep',
  'gzip',
  'kmod',
  'mawk',
  'openssl',
  'passwd',
  'perl-base',
  'policycoreutils',
  'sed',
  'systemd',
  'tar',
]

export type PackagesContext = ProgramContext & Pick<BuildContext, 'work' | 'bases' | 'architecture' | 'force'>

/** Finds or makes the archive of the installed packages, `extra` beside those of the recipe; returns its path. */
export async function installPackages(context: PackagesContext, extra: readonly string[]): Promise<string> {
  const hook = join(recipeFolder, 'commands', 'selinux-modules.sh')
  const policy = join(recipeFolder, 'commands', 'reference.cil')
  const { debian, kernelPackage } = imageArchitectures[context.architecture]
  const wanted = [...packages, kernelPackage, ...extra]
  const texts = await Promise.all([hook, policy].map(async (path) => await readFile(path, 'utf8')))
  const made = [suite, debian, arguments_, wanted, ...texts]
  const set = createHash('sha256').update(JSON.stringify(made)).digest('hex').slice(0, 16)
  const archive = join(context.bases, `${suite}-${debian}-${set}.tar.zst`)
  if (existsSync(archive) && !context.force) return archive
  const sources = sourcesForSuite(await readHostSources(), await hostCodename(), suite, keyring)
  await mkdir(context.bases, { recursive: true })
  const fresh = join(context.work, 'base.tar.zst')
  const request = { wanted, sources, hook, fresh }
  if (isNative(context.architecture)) await installNative(context, request)
  else await installForeign(context, request)
  await rm(archive, { force: true })
  await rename(fresh, archive)
  return archive
}

interface Request {
  readonly wanted: readonly string[]
  readonly sources: readonly string[]
  readonly hook: string
  /** The archive to be made. */
  readonly fresh: string
}

async function installNative(
  context: PackagesContext,
  { wanted, sources, hook, fresh }: Request,
): Promise<void> {
  const { debian } = imageArchitectures[context.architecture]
  const what = [
    '--variant=minbase',
    `--architectures=${debian}`,
    `--include=${wanted.join(',')}`,
    `--customize-hook=${hook}`,
  ]
  await runEnclosed(context, 'mmdebstrap', [...arguments_, ...what, suite, fresh, ...sources], {
    env: environment(context),
  })
}

/**
 * The same packages for another architecture. Emulated from end to end it takes twelve minutes of CPU time, most of them for the
 * SELinux policy; here only what has no twin of the host's architecture is (see foreign-install.sh): a minute and a half.
 */
async function installForeign(
  context: PackagesContext,
  { wanted, sources, hook, fresh }: Request,
): Promise<void> {
  const env = environment(context)
  const tree = join(context.work, 'packages')
  const native = join(context.work, 'native')
  const { debian } = imageArchitectures[context.architecture]
  const host = imageArchitectures[hostArchitecture() ?? 'x86_64']
  const extract = async (into: string, architecture: string, options: readonly string[]): Promise<void> => {
    const what = ['--variant=extract', `--architectures=${architecture}`, ...options]
    await runEnclosed(context, 'mmdebstrap', [...arguments_, ...what, suite, into, ...sources], { env })
  }
  // What `minbase` is made of. The archives stay: they are installed from there.
  const base = ['--include=?or(?essential,?priority(required))', '--include=apt', '--skip=cleanup/apt']
  await Promise.all([
    extract(tree, debian, [...base, `--include=${wanted.join(',')}`]),
    extract(native, host.debian, [`--include=${twins.join(',')}`]),
  ])
  const script = join(recipeFolder, 'commands', 'foreign-install.sh')
  const where = [tree, native, host.loader, host.libraries, debian, hook]
  await runEnclosed(context, 'sh', [script, ...where], { env: { INITRD: 'No' } })
  const left = [
    'usr/sbin/policy-rc.d',
    'var/cache/apt',
    'var/lib/apt/lists',
    dirname(host.loader) === 'lib64' ? 'lib64' : host.loader,
    host.libraries,
  ]
  for (const path of left) await rm(join(tree, path), { recursive: true, force: true })
  const xattrs = ['--xattrs', '--xattrs-include=*', '--numeric-owner', '--one-file-system']
  await run(context, 'tar', ['-C', tree, '--zstd', ...xattrs, '-cf', fresh, '.'])
}

// INITRD=No: dracut's own package hook would build an initrd that nobody wants (20 s).
const environment = (context: PackagesContext): Readonly<Record<string, string>> => ({
  INITRD: 'No',
  TMPDIR: context.work,
})

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

async function hostCodename(): Promise<string> {
  const text = await readFile('/etc/os-release', 'utf8').catch(() => '')
  return /^VERSION_CODENAME="?([a-z]+)"?$/m.exec(text)?.[1] ?? ''
}
