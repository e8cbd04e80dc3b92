// An error on the terminal: what happened, what to do; a stack only for what nobody foresaw.

import pc from 'picocolors'
import { InfraError, MachineError, UsageError } from '../errors.ts'
import { plainText } from '../hostile-text.ts'

/** Writes an error to standard error. */
export function printError(error: unknown): void {
  const write = (text: string): void => {
    process.stderr.write(`${text}\n`)
  }
  if (error instanceof UsageError || error instanceof InfraError || error instanceof MachineError) {
    write(`${pc.red('error:')} ${plainText(error.message)}`)
    if (!(error instanceof UsageError)) for (const line of error.evidence ?? []) write(`  ${plainText(line)}`)
    if (error.hint !== undefined) write(`${pc.cyan('hint:')} ${plainText(error.hint)}`)
    return
  }
  write(
    `${pc.red('internal error:')} ${plainText(error instanceof Error ? (error.stack ?? error.message) : String(error))}`,
  )
  write(`${pc.cyan('hint:')} this is a bug in signalbox; please report it with the text above`)
}
