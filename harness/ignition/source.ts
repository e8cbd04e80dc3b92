// A test's Ignition config as it was given, an object, JSON text or Butane YAML, made into text that is passed on
// byte for byte from then on, with its parsed form beside it for the questions that the harness has.

import { UsageError, messageOf } from '../errors.ts'
import { oneLine } from '../hostile-text.ts'
import { execCommand } from '../process.ts'
import { codeFrame, positionAt } from './code-frame.ts'
import { locateJsonError } from './json-error.ts'

export type JsonObject = Readonly<Record<string, unknown>>

/** What a test may give: a config as an object, or its text: JSON when it begins with `{`, else Butane YAML. */
export type IgnitionSource = string | JsonObject

export interface IgnitionConfig {
  /** Exactly what the machine will get. */
  readonly text: string
  /** `ignition.version`, a stable or experimental version number. */
  readonly version: string
  /** `text`, parsed; only to look at. */
  readonly value: JsonObject
}

export interface ReadOptions {
  /** Whose config it is, for errors: `the Ignition config of boot.basic`. */
  readonly name?: string | undefined
  readonly signal?: AbortSignal | undefined
}

const BUTANE_HINT =
  'give the config as Ignition JSON, or install butane (https://github.com/coreos/butane/releases) and put it in PATH'

/** Reads a config. Every fault in it is a UsageError that shows the place. */
export async function readIgnition(
  source: IgnitionSource,
  options: ReadOptions = {},
): Promise<IgnitionConfig> {
  const name = options.name ?? 'the Ignition config'
  if (typeof source !== 'string') return checkShape(JSON.stringify(source), source, name)
  const start = source.replace(/^\uFEFF/, '').trimStart()
  if (start === '') {
    throw new UsageError(`${name} is empty`, {
      code: 'ignition-empty',
      hint: 'leave it out, or give {"ignition": {"version": "3.0.0"}}',
    })
  }
  if (start.startsWith('{') || start.startsWith('[')) return parseText(source, name)
  return parseText(await fromButane(source, name, options.signal), name)
}

function parseText(text: string, name: string): IgnitionConfig {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    const position = positionAt(text, locateJsonError(text))
    const what = messageOf(error).replace(/(, (\.\.\.)?".*is not valid JSON| in JSON at position .*)$/s, '')
    throw new UsageError(
      `${name} is not valid JSON: ${oneLine(what)} at line ${position.line}, column ${position.column}\n${codeFrame(text, position)}`,
      { code: 'ignition-json', cause: error },
    )
  }
  return checkShape(text, value, name)
}

function checkShape(text: string, value: unknown, name: string): IgnitionConfig {
  if (!isObject(value)) {
    throw new UsageError(`${name} must be a JSON object`, { code: 'ignition-shape' })
  }
  const { ignition } = value
  const version = isObject(ignition) ? ignition['version'] : undefined
  if (typeof version !== 'string' || !/^\d+\.\d+\.\d+(-experimental)?$/.test(version)) {
    const found = version === undefined ? 'it has none' : `it is ${oneLine(JSON.stringify(version), 60)}`
    throw new UsageError(`${name} needs a version number in ignition.version: ${found}`, {
      code: 'ignition-version',
      hint: 'write {"ignition": {"version": "3.3.0"}, ...}',
    })
  }
  return { text, version, value }
}

/** Whether a parsed JSON value is an object (not null, not an array). */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

async function fromButane(yaml: string, name: string, signal: AbortSignal | undefined): Promise<string> {
  if (!/^\s*variant\s*:/m.test(yaml)) {
    throw new UsageError(
      `${name} is neither JSON (it does not begin with "{") nor Butane (it has no "variant:")`,
      {
        code: 'ignition-format',
        hint: 'Butane begins with "variant: flatcar" and "version: 1.0.0"',
      },
    )
  }
  const result = await execCommand('butane', [], { input: yaml, signal, timeoutMs: 30_000 })
  if (result.failure === '') return result.stdout
  if (result.exitCode === undefined && /ENOENT/.test(result.failure)) {
    throw new UsageError(`${name} is Butane YAML, and the program butane is not installed`, {
      code: 'butane-missing',
      hint: BUTANE_HINT,
    })
  }
  throw new UsageError(`butane does not accept ${name}:\n${result.stderr.trim() || result.failure}`, {
    code: 'butane-failed',
  })
}
