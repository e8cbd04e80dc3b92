// What git says has changed since a commit: tracked files whose content differs, and files it does not know yet.

import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { UsageError } from '../errors.ts'
import { execCommand } from '../process.ts'

/** Absolute paths of the files that differ from `ref`, in every repository that one of `files` is in. */
export async function changedFiles(
  files: readonly string[],
  ref: string,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const roots = new Set(files.map((file) => repositoryOf(dirname(file))))
  const changed = await Promise.all(
    [...roots].map(async (root) => {
      const git = async (...args: readonly string[]): Promise<readonly string[]> =>
        (await runGit(root, args, signal)).split('\0').filter((name) => name !== '')
      const commit = await commitOf(root, ref, signal)
      const names = [
        ...(await git('diff', '--name-only', '--no-renames', '-z', commit, '--')),
        ...(await git('ls-files', '--others', '--exclude-standard', '-z')),
      ]
      return names.map((name) => join(root, name))
    }),
  )
  return new Set(changed.flat())
}

function repositoryOf(folder: string): string {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, '.git'))) return at
    if (dirname(at) === at) {
      throw new UsageError(`${folder} is in no git repository, so nobody knows what has changed`, {
        code: 'no-repository',
        hint: 'leave out --changed, or name the tests',
      })
    }
  }
}

// The name is checked apart, so that git never takes it for an option or a path.
async function commitOf(root: string, ref: string, signal: AbortSignal): Promise<string> {
  const args = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`]
  const { stdout, stderr, exitCode } = await execCommand('git', ['-C', root, ...args], { signal })
  if (exitCode === 0) return stdout.trim()
  // It is silent about a name that it does not know, and only about that.
  if (exitCode === undefined || stderr.trim() !== '') throw notSaid(root, stderr.trim() || 'is it installed?')
  throw new UsageError(`git knows no commit "${ref}" in ${root}`, {
    code: 'unknown-commit',
    hint: 'write --changed=REF; names of tests go before the options',
  })
}

async function runGit(root: string, args: readonly string[], signal: AbortSignal): Promise<string> {
  const { stdout, failure, stderr } = await execCommand('git', ['-C', root, ...args], { signal })
  if (failure === '') return stdout
  throw notSaid(root, stderr.trim() || failure)
}

function notSaid(root: string, why: string): UsageError {
  return new UsageError(`git could not say what has changed in ${root}: ${why}`, { code: 'git-failed' })
}
