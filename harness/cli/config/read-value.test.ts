import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { packageRoot } from '../../package-root.ts'
import { configurableOptions } from '../option-table.ts'
import { readValue } from './read-value.ts'

const read = (key: string, value: unknown): unknown => {
  const row = configurableOptions.find(({ config }) => config === key)
  if (row === undefined) throw new Error(`no row for ${key}`)
  const result = readValue(row, value, '/project')
  return result.kind === 'value' ? result.value : result
}

it.each([
  ['jobs', 4, 4],
  ['auditFork', 20, 0.2],
  ['auditFork', '20%', 0.2],
  ['fork', false, false],
  ['tags', ['smoke', '!slow'], ['smoke', '!slow']],
  ['tests', ['os-tests', '/abs'], ['/project/os-tests', '/abs']],
  ['image', 'build/disk.img', '/project/build/disk.img'],
  ['output', '../results', '/results'],
  ['channel', 'beta', 'beta'],
  ['firmware', 'uefi', 'uefi'],
])('reads %s: %j', (key, value, expected) => {
  expect(read(key, value)).toEqual(expected)
})

it.each([
  ['jobs', 0, 'a whole number from 1 to 1000'],
  ['jobs', '4', 'a number, not the text "4"'],
  ['jobs', true, 'a whole number from 1 to 1000'],
  ['jobs', null, 'a whole number from 1 to 1000'],
  ['memoryMiB', 1.5, 'a whole number from 64'],
  ['auditFork', '120%', 'a percentage from 0 to 100'],
  ['auditFork', '20', 'a number, not the text "20"'],
  ['fork', 'no', 'true or false'],
  ['tags', 'smoke', 'a list of strings'],
  ['tags', ['smoke', 1], 'a list of strings'],
  ['channel', '', 'a string'],
  ['firmware', 'uefy', 'one of direct, bios, uefi, uefi-secure'],
])('refuses %s: %j', (key, value, expected) => {
  expect(read(key, value)).toMatchObject({ kind: 'wrong', expected })
})

it('has a row for every key that the types promise, and only one', () => {
  const types = readFileSync(join(packageRoot, 'harness/config/config.ts'), 'utf8')
  const promised = /interface ConfigOptions \{([^]*?)\n\}/.exec(types)?.[1] ?? ''
  const keys = [...promised.matchAll(/^ {2}readonly (\w+)\?:/gm)].map(([, key]) => key)
  expect(keys).toContain('retries')
  const known = configurableOptions.flatMap(({ config }) => (config === false ? [] : [config]))
  expect(known.toSorted()).toEqual(keys.toSorted())
})
