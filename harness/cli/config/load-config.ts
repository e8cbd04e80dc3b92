// Loads a config file: TypeScript and JavaScript by import (Node strips the types), JSON by parsing. What is wrong in it
// is a UsageError that names the file and the line.

import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { codeOf, messageOf, UsageError } from '../../errors.ts'
import { codeFrame, positionAt } from '../../ignition/code-frame.ts'
import { locateJsonError } from '../../ignition/json-error.ts'
import { execCommand } from '../../process.ts'
import { moduleHint } from '../module-hint.ts'

export interface ConfigFile {
  /** Absolute. */
  readonly path: string
  /** The default export, not checked yet. */
  readonly value: unknown
}

/** Loads a file; a missing or broken one is a UsageError. */
export async function loadConfigFile(file: string): Promise<ConfigFile> {
  const path = resolve(file)
  const text = readText(path)
  if (path.endsWith('.json')) return { path, value: parseJson(path, text) }
  if (!/\.[mc]?[jt]s$/.test(path)) {
    throw new UsageError(`the config ${path} is neither TypeScript, JavaScript nor JSON`, {
      code: 'config-unreadable',
      hint: 'give it one of the endings .ts, .mts, .js, .mjs, .json',
    })
  }
  let module: { readonly default?: unknown }
  try {
    module = (await import(pathToFileURL(path).href)) as { readonly default?: unknown }
  } catch (error) {
    const { place, frame } = await locate(error, path)
    const hint = error instanceof UsageError ? error.hint : moduleHint(error)
    throw new UsageError(
      `the config ${place} cannot be loaded: ${messageOf(error)}${frame === undefined ? '' : `\n\n${frame}`}`,
      {
        code: 'config-broken',
        cause: error,
        ...(hint === undefined ? {} : { hint }),
      },
    )
  }
  if (module.default === undefined) {
    throw new UsageError(`the config ${path} has no default export`, {
      code: 'config-broken',
      hint: 'write: export default defineConfig({ ... })',
    })
  }
  return { path, value: module.default }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new UsageError(`the config ${path} cannot be read: ${codeOf(error) ?? messageOf(error)}`, {
      code: 'config-unreadable',
      cause: error,
    })
  }
}

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const position = positionAt(text, locateJsonError(text))
    throw new UsageError(
      `the config ${path}:${position.line}:${position.column} is no JSON\n\n${codeFrame(text, position)}`,
      { code: 'config-broken', cause: error },
    )
  }
}

interface Place {
  /** `file:line` where a line is known. */
  readonly place: string
  readonly frame?: string
}

/** Where an import failed. V8 tells the line of a syntax error in a module to the terminal only, so a child is asked. */
async function locate(error: unknown, path: string): Promise<Place> {
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  const stripped = /^(\/[^\n]*):(\d+)\n([^]*?)\n\n/.exec(stack)
  if (stripped !== null) return { place: `${stripped[1]}:${stripped[2]}`, frame: stripped[3] ?? '' }
  const frame = /\((file:\/\/[^\n]+:\d+:\d+)\)|at (?:async )?(file:\/\/[^\n]+:\d+:\d+)/.exec(stack)
  const url = frame?.[1] ?? frame?.[2]
  if (url !== undefined && !(error instanceof SyntaxError)) return inSource(url)
  if (error instanceof SyntaxError) {
    const { stderr } = await execCommand(process.execPath, ['--check', path])
    const checked = /^(\/[^\n]*):(\d+)\n([^]*?)\n\n/.exec(stderr)
    if (checked !== null) return { place: `${checked[1]}:${checked[2]}`, frame: checked[3] ?? '' }
  }
  return { place: path }
}

function inSource(url: string): Place {
  const [, href = '', line = '1', column = '1'] = /^(.*):(\d+):(\d+)$/.exec(url) ?? []
  const path = decodeURIComponent(new URL(href).pathname)
  const position = { line: Number(line), column: Number(column) }
  try {
    return { place: `${path}:${line}`, frame: codeFrame(readFileSync(path, 'utf8'), position) }
  } catch {
    return { place: `${path}:${line}` }
  }
}
