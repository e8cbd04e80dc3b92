// `signalbox check-console FILE...`: the patterns of badness over saved console logs.

import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { lineMatcher } from '../../checks/patterns.ts'
import { codeOf, UsageError } from '../../errors.ts'
import { oneLine } from '../../hostile-text.ts'

interface Found {
  readonly file: string
  readonly line: number
  readonly code: string
  readonly description: string
  readonly text: string
}

/** The action of `check-console`; exits with 1 when anything bad was found. */
export async function checkConsole(
  flags: Readonly<Record<string, unknown>>,
  positional: readonly unknown[],
): Promise<number> {
  const found: Found[] = []
  for (const file of positional[0] as readonly string[]) {
    const match = lineMatcher({ source: 'console' })
    const stream = createReadStream(file)
    try {
      let line = 0
      for await (const text of createInterface({ input: stream, crlfDelay: Infinity })) {
        line += 1
        for (const { code, description } of match(text)) {
          found.push({ file, line, code, description, text: oneLine(text) })
        }
      }
    } catch (error) {
      throw new UsageError(`${file} cannot be read: ${codeOf(error) ?? 'unknown error'}`, {
        code: 'console-unreadable',
      })
    }
  }
  if (flags['json'] === true) process.stdout.write(`${JSON.stringify(found, undefined, 2)}\n`)
  else
    for (const { file, line, code, description, text } of found) {
      process.stdout.write(`${file}:${line}: ${code}: ${description}\n    ${text}\n`)
    }
  if (found.length === 0 && flags['json'] !== true) process.stdout.write('nothing bad found\n')
  return found.length === 0 ? 0 : 1
}
