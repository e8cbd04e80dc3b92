import { expect, it } from 'vitest'
import type { OptionRow } from '../option-table.ts'
import { resolveOptions, type ConfigLayer, type Given, type Origin } from './resolve-options.ts'

const rows: readonly OptionRow[] = [
  { flags: '-j, --jobs <n>', help: '', env: 'JOBS', default: 1, config: 'jobs' },
  { flags: '--no-fork', help: '', default: true, config: 'fork' },
  { flags: '--json', help: '', default: false },
]
const layer = (at: string, values: Readonly<Record<string, unknown>>): ConfigLayer => ({
  at,
  values: new Map(Object.entries(values)),
})
const target = layer('targets.uefi.', { jobs: 4 })
const all = layer('', { jobs: 3, fork: false })

it.each<[string, string, Given | undefined, readonly ConfigLayer[], unknown, Origin]>([
  ['what is built in', 'jobs', undefined, [], 1, { kind: 'default' }],
  ['config over that', 'jobs', undefined, [all], 3, { kind: 'config', key: 'jobs' }],
  ['target over config', 'jobs', undefined, [target, all], 4, { kind: 'config', key: 'targets.uefi.jobs' }],
  [
    'config where the target says nothing',
    'fork',
    undefined,
    [target, all],
    false,
    { kind: 'config', key: 'fork' },
  ],
  [
    'environment over all of it',
    'jobs',
    { value: 5, source: 'env' },
    [target, all],
    5,
    { kind: 'environment', variable: 'JOBS' },
  ],
  [
    'flag over all of it',
    'jobs',
    { value: 6, source: 'cli' },
    [target, all],
    6,
    { kind: 'flag', flag: '--jobs' },
  ],
  [
    'a flag that says no',
    'fork',
    { value: false, source: 'cli' },
    [layer('', { fork: true })],
    false,
    { kind: 'flag', flag: '--no-fork' },
  ],
  ['no key, no config', 'json', undefined, [layer('', { json: true })], false, { kind: 'default' }],
])('%s', (_, name, given, layers, value, origin) => {
  const resolved = resolveOptions(rows, new Map(given === undefined ? [] : [[name, given]]), layers)
  expect([...resolved.keys()]).toEqual(['jobs', 'fork', 'json'])
  expect(resolved.get(name)).toMatchObject({ value, origin })
})
