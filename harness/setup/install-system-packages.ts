// The second half of bootstrap, in TypeScript on Node 24: checks the host's packages, and as root on Debian installs what
// is missing and says exactly what it adds. Without root, or elsewhere, it prints what to do and fails.

import { execFileSync } from 'node:child_process'
import { accessSync, constants, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { formatSeconds } from '../deadline.ts'
import { messageOf } from '../errors.ts'
import { readHostSources, type AptSource } from '../../qemu/image/apt-mirror.ts'
import { aptGet, candidateVersions, installedVersions } from './apt.ts'
import { backportsSource, findReleaseSource } from './apt-sources.ts'
import {
  findLacking,
  machinePrograms,
  packagesFor,
  planInstall,
  type InstallPlan,
} from './system-packages.ts'

const BACKPORTS_FILE = '/etc/apt/sources.list.d/signalbox-backports.sources'
const [script = 'start', logFolder = '/tmp'] = process.argv.slice(2)
const packages = packagesFor(script)
const names = packages.map(({ name }) => name)

try {
  process.exitCode = await main()
} catch (error) {
  say(messageOf(error))
  process.exitCode = 1
}

async function main(): Promise<number> {
  if (!isOnPath('dpkg-query') || !isOnPath('apt-get')) return checkPrograms()
  const plan = await currentPlan()
  if (plan.fromRelease.length + plan.fromBackports.length === 0) return 0
  const backports = plan.fromBackports.length > 0 ? await findBackports() : undefined
  if (plan.fromRelease.length === 0 && backports === undefined && (await areInstalled(plan.fromBackports))) {
    say('QEMU on this host is older than 9 and its release has no newer one; without KVM, guests may crash.')
    return 0
  }
  return process.getuid?.() === 0 ? await install() : explain(plan, backports)
}

/** On a host without dpkg: the programs themselves are the evidence. */
function checkPrograms(): number {
  const missing = machinePrograms.filter((program) => !isOnPath(program))
  if (missing.length === 0) return 0
  say(`npm ${script} needs programs that this host lacks: ${missing.join(', ')}`)
  say('Install them with its package manager; on Debian they come from:')
  for (const { name, purpose } of packages) say(`  ${name}: ${purpose}`)
  return 1
}

async function currentPlan(): Promise<InstallPlan> {
  const lacking = findLacking(packages, await installedVersions(names), isAtLeast)
  if (lacking.length === 0) return { fromRelease: [], fromBackports: [] }
  return planInstall(lacking, await candidateVersions(names), isAtLeast, isBeforeDebian13())
}

/** Without root nothing is installed: the exact commands. */
function explain(plan: InstallPlan, backports: Backports | undefined): number {
  const fromRelease = [...plan.fromRelease, ...(backports === undefined ? plan.fromBackports : [])]
  say(
    `npm ${script} needs Debian packages that are missing or too old, and only root may install them. As root, run:`,
  )
  if (backports?.kind === 'new') {
    const lines = backportsSource(backports.source).trimEnd().split('\n')
    say(`  printf '%s\\n' ${lines.map((line) => `'${line}'`).join(' ')} > ${BACKPORTS_FILE}`)
  }
  say('  apt-get update')
  if (fromRelease.length > 0) say(`  apt-get install --no-install-recommends ${fromRelease.join(' ')}`)
  if (backports !== undefined) {
    say(`  apt-get install --no-install-recommends -t ${backports.release} ${plan.fromBackports.join(' ')}`)
  }
  return 1
}

async function install(): Promise<number> {
  const log = join(logFolder, 'apt.log')
  const started = performance.now()
  say(`Reading the package lists (apt-get update; log: ${log})`)
  // A broken third-party archive is no reason to stop: whether our packages can be had shows below.
  await aptGet(['update'], log).catch(() => {
    say(`apt-get update failed in part; going on with the lists there are (see ${log})`)
  })

  const plan = await currentPlan()
  const backports = plan.fromBackports.length > 0 ? await addBackports(log) : undefined
  const fromRelease = [...plan.fromRelease, ...(backports === undefined ? plan.fromBackports : [])]
  await installFrom(undefined, fromRelease, log)
  if (backports !== undefined) await installFrom(backports, plan.fromBackports, log)

  const rest = await currentPlan()
  const missing = [...rest.fromRelease, ...rest.fromBackports]
  if (!(await areInstalled(missing))) {
    throw new Error(`after the install still missing: ${missing.join(', ')}; see ${log}`)
  }
  say(`System packages installed in ${formatSeconds(performance.now() - started)}`)
  return 0
}

type Backports = { readonly release: string } & (
  | { readonly kind: 'configured' }
  | { readonly kind: 'new'; readonly source: AptSource }
)

/** The release's backports: already among the host's sources, or to be added beside its main archive. */
async function findBackports(): Promise<Backports | undefined> {
  const codename = osRelease('VERSION_CODENAME')
  const sources = await readHostSources()
  const release = `${codename}-backports`
  if (sources.some(({ suite }) => suite === release)) return { kind: 'configured', release }
  const source = findReleaseSource(sources, codename)
  return source === undefined || osRelease('ID') !== 'debian' ? undefined : { kind: 'new', release, source }
}

/** Makes backports available; the release's name, or `undefined` where there are none. */
async function addBackports(log: string): Promise<string | undefined> {
  const backports = await findBackports()
  if (backports?.kind === 'new') {
    say(`Adding to this host: ${BACKPORTS_FILE} (${backports.release}, from the host's own Debian mirror),`)
    say(`  because its QEMU is older than 9, which corrupts guests without KVM`)
    writeFileSync(`${BACKPORTS_FILE}.new`, backportsSource(backports.source))
    renameSync(`${BACKPORTS_FILE}.new`, BACKPORTS_FILE)
    const onlyThis = [
      `Dir::Etc::sourcelist=${BACKPORTS_FILE}`,
      'Dir::Etc::sourceparts=-',
      'APT::Get::List-Cleanup=0',
    ]
    await aptGet(['update', ...onlyThis.flatMap((option) => ['-o', option])], log)
  }
  return backports?.release
}

async function installFrom(
  release: string | undefined,
  wanted: readonly string[],
  log: string,
): Promise<void> {
  if (wanted.length === 0) return
  const target = release === undefined ? [] : ['--target-release', release]
  say(`Adding to this host${release === undefined ? '' : ` from ${release}`}: ${wanted.join(' ')}`)
  await aptGet(['install', '--no-install-recommends', ...target, ...wanted], log, progress())
}

/** Whether all of these are there, in whatever version. */
async function areInstalled(wanted: readonly string[]): Promise<boolean> {
  if (wanted.length === 0) return true
  const installed = await installedVersions(wanted)
  return wanted.every((name) => installed.has(name))
}

/** Shows progress: one line that is rewritten on a terminal, else a line every few seconds. */
function progress(): (percent: number, what: string) => void {
  let shownAt = performance.now()
  return (percent, what) => {
    if (performance.now() - shownAt < (process.stdout.isTTY ? 200 : 5000)) return
    shownAt = performance.now()
    const line = `  ${Math.round(percent)} % ${what}`
    process.stdout.write(process.stdout.isTTY ? `\r\u001B[K${line.slice(0, 78)}\r` : `${line}\n`)
  }
}

function isAtLeast(a: string, b: string): boolean {
  try {
    execFileSync('dpkg', ['--compare-versions', a, 'ge', b], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** Before there are package lists: Debian 13 is the first release whose own QEMU is new enough. */
function isBeforeDebian13(): boolean {
  return osRelease('ID') === 'debian' && Number(osRelease('VERSION_ID') || '99') < 13
}

function osRelease(key: string): string {
  const text = readFileSync('/etc/os-release', 'utf8')
  return new RegExp(`^${key}="?([^"\n]*)"?$`, 'm').exec(text)?.[1] ?? ''
}

function isOnPath(program: string): boolean {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin']
  return folders.some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
