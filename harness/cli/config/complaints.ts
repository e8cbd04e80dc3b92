// What the checks of a config have in common: kinds of values, and the errors that name the file and the key.

import { UsageError } from '../../errors.ts'
import { oneLine } from '../../hostile-text.ts'
import { didYouMean } from '../../nearest.ts'

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

/** `key` with its path. */
export function unknownKey(path: string, key: string, hint: string): UsageError {
  return new UsageError(`${path}: unknown key "${key}"`, { code: 'config-unknown-key', hint })
}

/** `expected` stands after "must be". */
export function wrongValue(
  path: string,
  what: string,
  value: unknown,
  expected: string,
  hint?: string,
): UsageError {
  return new UsageError(`${path}: ${what} must be ${expected}; it is ${shown(value)}`, {
    code: 'config-wrong-value',
    ...(hint === undefined ? {} : { hint }),
  })
}

function shown(value: unknown): string {
  if (typeof value === 'function') return 'a function'
  return oneLine(JSON.stringify(value) ?? String(value), 80)
}

/** Refuses keys that are not known; `at` is put before each in the message. */
export function onlyKeys(path: string, at: string, object: object, known: readonly string[]): void {
  for (const key of Object.keys(object))
    if (!known.includes(key)) throw unknownKey(path, at + key, didYouMean(key, known))
}

/** Refuses a name that cannot be part of a path. */
export function checkName(path: string, name: string, what: string): void {
  if (/^[A-Za-z0-9][\w.-]{0,79}$/.test(name)) return
  throw new UsageError(`${path}: "${name}" is no name for a ${what}`, {
    code: 'config-bad-name',
    hint: 'use letters, digits, dots, - and _; it is part of paths',
  })
}
