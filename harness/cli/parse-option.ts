// How the text of an option becomes its value; a wrong one is said in a form that a config's complaint can use too.

import { InvalidArgumentError } from 'commander'

/** Parses one within bounds. */
export const wholeNumber =
  (min: number, max = Number.MAX_SAFE_INTEGER) =>
  (value: string): number => {
    const number = Number(value)
    if (!Number.isInteger(number) || number < min || number > max) {
      throw new InvalidArgumentError(
        `It must be a whole number from ${min}${max === Number.MAX_SAFE_INTEGER ? '' : ` to ${max}`}.`,
      )
    }
    return number
  }

/** `5%` or `5`, as a share of 1. */
export const percent = (value: string): number => {
  const number = Number(value.replace(/%$/, ''))
  if (!(number >= 0 && number <= 100) || value.trim() === '')
    throw new InvalidArgumentError('It must be a percentage from 0 to 100.')
  return number / 100
}

/** US dollars. */
export const amount = (value: string): number => {
  const number = Number(value)
  if (!(number >= 0 && number < 1e9) || value.trim() === '')
    throw new InvalidArgumentError('It must be an amount of US dollars, like 2.50.')
  return number
}

/** Parses a list: repeated, separated by spaces or by commas. */
export const collect = (value: string, previous: unknown): readonly string[] => [
  ...(Array.isArray(previous) ? (previous as readonly string[]) : []),
  ...value.split(',').filter((part) => part !== ''),
]

/** Parses a list of words that may hold commas: repeated. */
export const collectWhole = (value: string, previous: unknown): readonly string[] => [
  ...(Array.isArray(previous) ? (previous as readonly string[]) : []),
  value,
]

/** `5h`, `90m`, `30s`, `2d`: milliseconds. */
export const age = (value: string): number => {
  const [, number, unit] = /^(\d{1,6})([smhd])$/.exec(value.trim()) ?? []
  const seconds = { s: 1, m: 60, h: 3600, d: 86_400 }[unit ?? '']
  if (number === undefined || seconds === undefined)
    throw new InvalidArgumentError('It must be an age like 5h, 90m, 30s or 2d.')
  return Number(number) * seconds * 1000
}

/** `2/5`: the second of five. */
export const part = (value: string): { readonly index: number; readonly count: number } => {
  const [, index, count] = /^(\d{1,5})\/(\d{1,5})$/.exec(value.trim()) ?? []
  const found = { index: Number(index), count: Number(count) }
  if (index === undefined || found.index < 1 || found.index > found.count)
    throw new InvalidArgumentError('It must be like 2/5: the second of five.')
  return found
}
