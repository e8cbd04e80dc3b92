// How to run a test again just as it was run: the command line without what chose the tests, ready to take the name of one.

import type { RunSummary } from '../run-summary.ts'
import { shownLine } from './shown-text.ts'

/** Words of a POSIX shell, quoted; the name of the test goes to the place of `{test}`. */
export function rerunCommand(run: RunSummary): readonly string[] {
  const given = run.options ?? optionsOf(run)
  // Of several targets the test is run again on its own.
  const at = run.targetName === undefined ? -1 : given.indexOf('--target')
  const rest = at === -1 ? given : given.toSpliced(at, 2)
  const options = run.targetName === undefined ? rest : [...rest, '--target', run.targetName]
  return ['signalbox', 'run', '{test}', ...options].map((word) => quoted(shownLine(word, 1000)))
}

/** Of a run that has not recorded its options, as far as its target says. */
function optionsOf({ target, image }: RunSummary): readonly string[] {
  if (target === undefined) return []
  const { platform, architecture, firmware, distro } = target
  const channel = image === undefined || image.channel === 'unknown' ? [] : ['--channel', image.channel]
  const words = ['--platform', platform, '--arch', architecture, '--firmware', firmware, '--distro', distro]
  return [...words, ...channel]
}

function quoted(word: string): string {
  if (word === '{test}' || /^[\w@%+=:,./-]+$/.test(word)) return word
  return `'${word.replaceAll("'", String.raw`'\''`)}'`
}
