// Talking with dpkg and apt: what is installed, what could be, and installing with progress and a log. Knows no package by name.

import { appendFileSync, readFileSync } from 'node:fs'
import { execa } from 'execa'
import { InfraError } from '../errors.ts'
import { execCommand } from '../process.ts'

// The host's language must not change what is parsed; nothing may wait for an answer.
const env = { LC_ALL: 'C.UTF-8', DEBIAN_FRONTEND: 'noninteractive', APT_LISTCHANGES_FRONTEND: 'none' }

/** The versions of those that are installed. */
export async function installedVersions(names: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const format = '${Package}\\t${db:Status-Status}\\t${Version}\\n'
  const result = await execCommand('dpkg-query', ['--show', '--showformat', format, ...names], { env })
  return new Map(
    result.stdout.split('\n').flatMap((line) => {
      const [name = '', status, version = ''] = line.split('\t')
      return status === 'installed' ? [[name, version] as const] : []
    }),
  )
}

/** The versions that apt would install, of those that an archive has. Takes a second: ask only when something is missing. */
export async function candidateVersions(names: readonly string[]): Promise<ReadonlyMap<string, string>> {
  return parsePolicy((await execCommand('apt-cache', ['policy', ...names], { env })).stdout)
}

/** Candidate versions out of `apt-cache policy`. */
export function parsePolicy(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  let name = ''
  for (const line of text.split('\n')) {
    const header = /^(\S+):$/.exec(line)?.[1]
    if (header !== undefined) name = header
    const candidate = /^ {2}Candidate: (\S+)$/.exec(line)?.[1]
    if (candidate !== undefined && candidate !== '(none)') found.set(name, candidate)
  }
  return found
}

/** Called with apt's own measure of how far it is, and what it is doing. */
export type OnProgress = (percent: number, what: string) => void

/** Runs apt-get; its output goes to `log`, its progress to `onProgress`; a failure carries the end of the log. */
export async function aptGet(args: readonly string[], log: string, onProgress?: OnProgress): Promise<void> {
  appendFileSync(log, `\n=== ${new Date().toISOString()} apt-get ${args.join(' ')}\n`)
  // Its own descriptor: on standard output the maintainer scripts of the packages would lose theirs.
  const status = ['-o', 'APT::Status-Fd=3']
  const wait = ['-o', 'DPkg::Lock::Timeout=600']
  const keepConfig = ['-o', 'Dpkg::Options::=--force-confdef', '-o', 'Dpkg::Options::=--force-confold']
  const all = ['-q', '-y', ...status, ...wait, ...keepConfig, ...args]
  const child = execa('apt-get', all, {
    env,
    reject: false,
    all: true,
    buffer: false,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    timeout: 45 * 60_000,
  })
  const [result] = await Promise.all([
    child,
    forEachLine(child.iterable({ from: 'all' }), (line) => appendFileSync(log, `${line}\n`)),
    forEachLine(child.iterable({ from: 'fd3' }), (line) => {
      const [, percent, what = ''] = /^(?:dl|pm)status:[^:]*:([\d.]+):(.*)$/.exec(line) ?? []
      if (percent !== undefined) onProgress?.(Number(percent), what)
    }),
  ])
  if (!result.failed) return
  const tail = readFileSync(log, 'utf8').trimEnd().split('\n').slice(-15).join('\n')
  throw new InfraError(`apt-get ${args.join(' ')} failed; the end of ${log}:\n${tail}`, {
    code: 'apt-failed',
  })
}

async function forEachLine(lines: AsyncIterable<unknown>, onLine: (line: string) => void): Promise<void> {
  for await (const line of lines) onLine(String(line))
}
