// The command line: builds the parser from the option table, loads only what the chosen command needs, turns errors
// into messages and exit codes.

import { Command, CommanderError, Option } from 'commander'
import { codeOf, UsageError } from '../errors.ts'
import { toolVersion } from '../version.ts'
import { commandTable, type CommandRow } from './command-table.ts'
import { attributeOf, type Given } from './config/resolve-options.ts'
import { openSettings } from './config/settings.ts'
import { configOption, type OptionRow } from './option-table.ts'
import { printError } from './print-error.ts'

/** Parses and runs; sets `process.exitCode`. */
export async function main(args: readonly string[]): Promise<void> {
  // A reader that closed the pipe (`| head`) is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
    throw error
  })
  try {
    await buildProgram().parseAsync(args, { from: 'user' })
  } catch (error) {
    process.exitCode = exitCodeFor(error)
  }
}

function exitCodeFor(error: unknown): number {
  // Commander has already said it; --help and --version end with 0.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  printError(error)
  if (codeOf(error) === 'interrupted') return 130
  return error instanceof UsageError ? 2 : 3
}

/** The whole parser; exported for the tests of help texts. */
export function buildProgram(): Command {
  const program = new Command('signalbox')
    .description('Boots OS images, runs registered tests on them, and says whether they may be promoted.')
    .version(toolVersion)
    .showSuggestionAfterError(true)
    .showHelpAfterError('(see --help)')
    .exitOverride()
  for (const row of commandTable) addCommand(program, row)
  return program
}

function addCommand(parent: Command, row: CommandRow): void {
  const command = parent.command(row.usage).description(row.help)
  command.exitOverride().showSuggestionAfterError(true).allowExcessArguments(false)
  for (const option of optionsOf(row)) command.addOption(toOption(option))
  if (row.examples !== undefined) {
    command.addHelpText('after', `\nExamples:\n${row.examples.map((line) => `  ${line}`).join('\n')}`)
  }
  for (const child of row.commands ?? []) addCommand(command, child)
  const { action } = row
  if (action === undefined) return
  command.action(async (...received: unknown[]) => {
    const settings = await openSettings(row.options ?? [], givenTo(command, optionsOf(row)))
    const positional = received.slice(0, -2)
    process.exitCode = await (await action())(settings.flags(), positional, settings)
  })
}

function optionsOf({ options = [] }: CommandRow): readonly OptionRow[] {
  return options.some(({ config = false }) => config !== false) ? [...options, configOption] : options
}

/** What the command line and the environment say. */
function givenTo(command: Command, rows: readonly OptionRow[]): ReadonlyMap<string, Given> {
  const given = new Map<string, Given>()
  for (const row of rows) {
    const name = attributeOf(row)
    const source = command.getOptionValueSource(name)
    if (source !== 'cli' && source !== 'env') continue
    given.set(name, { value: command.getOptionValue(name), source: source === 'cli' ? 'cli' : 'env' })
  }
  return given
}

function toOption(row: OptionRow): Option {
  const option = new Option(row.flags, row.help)
  if (row.env !== undefined) option.env(row.env)
  if (row.choices !== undefined) option.choices(row.choices)
  if (row.parse !== undefined) option.argParser(row.parse)
  if (row.default !== undefined) option.default(row.default)
  return option
}
