// Turns commands into the one string that SSH carries: quoting for a POSIX shell, sudo and environment. The remote
// login shell reads the result; nothing here is ever run by a shell on this host.

import { UsageError } from '../errors.ts'

/** A string is read by the guest's login shell; an array is run as it is, each part quoted. */
export type Command = string | readonly string[]

export interface CommandWrap {
  readonly sudo?: boolean | undefined
  readonly env?: Readonly<Record<string, string>> | undefined
  /** Shown in sudo's argument list (as its unused prompt), so that a runaway can be found again. */
  readonly marker?: string | undefined
}

const PLAIN = /^[A-Za-z0-9_@%+=:,./-]+$/
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/

/** Quotes one word for a POSIX shell. A NUL cannot be passed to any program and is refused. */
export function quoteWord(word: string): string {
  if (word.includes('\0')) {
    throw new UsageError('a command for a machine holds a NUL character, which no program can receive', {
      code: 'command-nul',
    })
  }
  return PLAIN.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}

/** The command as people read it in reports and errors. */
export function showCommand(command: Command): string {
  return typeof command === 'string' ? command : command.map(quoteWord).join(' ')
}

/** The string that goes over the wire. With sudo: `sudo -n -- sh -c <string>`, or `sudo -n -- <array>`. */
export function remoteCommand(command: Command, wrap: CommandWrap = {}): string {
  if (command.length === 0) throw new UsageError('the command is empty', { code: 'command-empty' })
  const env = Object.entries(wrap.env ?? {}).map(([name, value]) => assignment(name, value))
  if (wrap.sudo === true) {
    const words = typeof command === 'string' ? ['sh', '-c', command] : command
    const prompt = wrap.marker === undefined ? [] : ['-p', wrap.marker]
    const setEnv = env.length === 0 ? [] : ['env', ...env]
    return ['sudo', '-n', ...prompt, '--', ...setEnv, ...words].map(quoteWord).join(' ')
  }
  if (typeof command === 'string') {
    refuseNul(command)
    return [...env.map((pair) => `export ${quoteAssignment(pair)}`), command].join('\n')
  }
  return (env.length === 0 ? command : ['env', ...env, ...command]).map(quoteWord).join(' ')
}

function assignment(name: string, value: string): string {
  if (!NAME.test(name)) {
    throw new UsageError(`"${name}" cannot be the name of an environment variable`, { code: 'command-env' })
  }
  return `${name}=${value}`
}

function quoteAssignment(pair: string): string {
  const at = pair.indexOf('=')
  return `${pair.slice(0, at)}=${quoteWord(pair.slice(at + 1)) || "''"}`
}

function refuseNul(text: string): void {
  quoteWord(text)
}
