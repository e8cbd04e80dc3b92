// A command as one line that can be pasted into a POSIX shell.

import { oneLine } from '../../harness/hostile-text.ts'

/** Quotes what needs it; control characters go. */
export function shellLine(command: readonly string[]): string {
  return command
    .map((argument) => oneLine(argument, 500))
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`))
    .join(' ')
}
