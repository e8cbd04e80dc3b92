// Step: turns the tree of Debian packages into the reference OS: users, our files, os-release, what runs, what goes.

import { createHash } from 'node:crypto'
import { appendFile, chmod, cp, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { InfraError } from '../../../harness/errors.ts'
import { imageArchitectures } from '../architectures.ts'
import { recipeFolder } from '../recipe.ts'
import { flavourOf } from '../flavours.ts'
import { osRelease } from '../os-release.ts'
import { trimmedFirst } from '../trim.ts'
import {
  droppedGenerators,
  maskedUnits,
  unitAliases,
  unitEdits,
  unwiredUnits,
  wiredUnits,
  type UnitEdit,
} from '../units.ts'
import { usrVariants, type UsrVariant } from '../variants.ts'
import { run, runInTree, type BuildContext } from './context.ts'

/** Applies the recipe to the unpacked tree. `manifest` becomes part of the build id. Returns the build id. */
export async function configureTree(context: BuildContext, manifest: string): Promise<string> {
  const { tree } = context
  const buildId = createHash('sha256').update(context.key).update(manifest).digest('hex').slice(0, 12)
  await addUsers(context)
  await Promise.all(trimmedFirst.map((path) => rm(join(tree, path), { recursive: true, force: true })))
  await copyGuestFiles(tree)
  await writeFile(join(tree, 'usr/lib/os-release'), osRelease({ ...context, buildId }))
  await writeFile(join(tree, 'usr/share/reference/packages.txt'), manifest)
  await appendFile(join(tree, 'etc/reference/release.conf'), `version=${context.version}\n`)
  await symlink('../run/systemd/resolve/stub-resolv.conf', join(tree, 'etc/resolv.conf'))
  await mkdir(join(tree, 'etc/systemd/system'), { recursive: true })
  await wireUnits(context, join(tree, 'usr/lib/systemd'))
  if (context.variant !== undefined) await vary(tree, usrVariants[context.variant])
  await unpackKernelModules(context)
  return buildId
}

async function addUsers(context: BuildContext): Promise<void> {
  await runInTree(context, ['groupadd', '-g', '500', 'core'])
  const groups = ['-u', '500', '-g', '500', '-G', 'sudo,adm,systemd-journal']
  await runInTree(context, ['useradd', ...groups, '-s', '/bin/bash', '-d', '/home/core', '-m', 'core'])
  // `*` is no password; `!` would be a locked account, which sshd without PAM refuses.
  await runInTree(context, ['usermod', '-p', '*', 'core'])
}

async function copyGuestFiles(tree: string): Promise<void> {
  // Into place, never over a link: `etc` and `usr` are real folders in the tree.
  await mkdir(join(tree, 'usr/share/reference'), { recursive: true })
  await cp(join(recipeFolder, 'guest'), tree, { recursive: true, force: true })
  await chmod(join(tree, 'etc/sudoers.d/core'), 0o440)
  await cp(join(recipeFolder, 'dracut'), join(tree, 'usr/lib/dracut/modules.d'), { recursive: true })
}

async function wireUnits({ flavour }: BuildContext, systemd: string): Promise<void> {
  const units = join(systemd, 'system')
  const unwired = new Set(unwiredUnits)
  for (const folder of await readdir(units)) {
    if (!/\.(wants|requires)$/.test(folder)) continue
    const names = await readdir(join(units, folder))
    await Promise.all(names.filter((name) => unwired.has(name)).map((name) => rm(join(units, folder, name))))
  }
  for (const edit of unitEdits) await editUnit(join(units, edit.unit), edit)
  for (const [unit, target] of wiredUnits) await link(`../${unit}`, join(units, target, unit))
  for (const [alias, unit] of unitAliases) await link(unit, join(units, alias))
  for (const name of maskedUnits) await link('/dev/null', join(units, name))
  const kept = flavourOf(flavour)?.generators ?? []
  const dropped = droppedGenerators.filter((name) => !kept.includes(name))
  for (const name of dropped) await rm(join(systemd, 'system-generators', name), { force: true })
}

async function vary(tree: string, variant: UsrVariant): Promise<void> {
  for (const { path, text, executable = false } of variant.files) {
    await mkdir(dirname(join(tree, path)), { recursive: true })
    await writeFile(join(tree, path), text, { mode: executable ? 0o755 : 0o644 })
  }
  for (const [unit, target] of variant.wired)
    await link(`../${unit}`, join(tree, 'usr/lib/systemd/system', target, unit))
}

async function editUnit(path: string, edit: UnitEdit): Promise<void> {
  const text = await readFile(path, 'utf8')
  const lines = text.split('\n')
  if (!lines.includes(edit.from)) {
    throw new InfraError(`${edit.unit} of this Debian release has no line "${edit.from}"`, {
      code: 'image-recipe',
      hint: 'the package has changed; adapt unitEdits in qemu/image/units.ts',
    })
  }
  await writeFile(path, lines.map((line) => (line === edit.from ? edit.to : line)).join('\n'))
}

async function link(target: string, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await rm(path, { force: true })
  await symlink(target, path)
}

/** The kernel unpacks xz slowly under emulation; /usr's own compression keeps the size. */
async function unpackKernelModules(context: BuildContext): Promise<void> {
  const modules = join(context.tree, 'usr/lib/modules')
  const [release = ''] = await readdir(modules)
  const { leftOutModules = [] } = imageArchitectures[context.architecture]
  for (const folder of leftOutModules)
    await rm(join(modules, release, 'kernel', folder), { recursive: true, force: true })
  const packed = (await readdir(join(modules, release), { recursive: true })).filter((name) =>
    name.endsWith('.ko.xz'),
  )
  await run(context, 'xz', ['--decompress', '--threads=0', '--', ...packed], { cwd: join(modules, release) })
  await runInTree(context, ['depmod', release])
}
