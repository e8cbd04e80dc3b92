// An error on the terminal: what happened, what to do; a stack only for what nobody foresaw.

import { errorColors } from './colors.ts'
import { InfraError, MachineError, UsageError } from '../errors.ts'
import { plainText } from '../hostile-text.ts'

/** Writes an error to standard error. */
export function printError(error: unknown): void {
  const write = (text: string): void => {
    process.stderr.write(`${text}\n`)
  }
  if (error instanceof UsageError || error instanceof InfraError || error instanceof MachineError) {
    write(`${errorColors.red('error:')} ${plainText(error.message)}`)
    if (!(error instanceof UsageError)) for (const line of error.evidence ?? []) write(`  ${plainText(line)}`)
    if (error.hint !== undefined) write(`${errorColors.cyan('hint:')} ${plainText(error.hint)}`)
    return
  }
  write(
    `${errorColors.red('internal error:')} ${plainText(error instanceof Error ? (error.stack ?? error.message) : String(error))}`,
  )
  write(`${errorColors.cyan('hint:')} this is a bug in signalbox; please report it with the text above`)
}
