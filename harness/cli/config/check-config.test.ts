import { expect, it } from 'vitest'
import { UsageError } from '../../errors.ts'
import { checkConfig } from './check-config.ts'

const check = (value: unknown) => checkConfig({ path: '/project/signalbox.config.ts', value })

it('reads options and targets, in their order', () => {
  const config = check({
    retries: 2,
    jobs: undefined,
    targets: { uefi: { firmware: 'uefi', image: 'a.img', excludeTags: ['slow'], slowness: 8 }, bios: {} },
  })
  expect(config.options).toEqual(new Map([['retries', 2]]))
  expect([...config.targets]).toEqual([
    [
      'uefi',
      {
        options: new Map([
          ['firmware', 'uefi'],
          ['image', '/project/a.img'],
        ]),
        excludeTags: ['slow'],
        slowness: 8,
      },
    ],
    ['bios', { options: new Map(), excludeTags: [], slowness: undefined }],
  ])
})

it.each<[unknown, string, string | undefined]>([
  [null, 'the default export must be an object of options; it is null', undefined],
  [() => undefined, 'the default export must be an object of options; it is a function', undefined],
  [{ retry: 1 }, 'unknown key "retry"', 'did you mean "retries"?'],
  [{ target: {} }, 'unknown key "target"', 'did you mean "targets"?'],
  [{ targets: [] }, '"targets" must be an object of targets by name; it is []', undefined],
  [
    { targets: { 'a/b': {} } },
    '"a/b" is no name for a target',
    'use letters, digits, dots, - and _; it is part of paths',
  ],
  [{ targets: { '..': {} } }, '".." is no name for a target', undefined],
  [{ targets: { a: null } }, '"targets.a" must be an object; it is null', undefined],
  [
    { targets: { a: { firmwares: 'uefi' } } },
    'unknown key "targets.a.firmwares"',
    'did you mean "firmware"?',
  ],
  [
    { targets: { a: { excludeTag: ['x'] } } },
    'unknown key "targets.a.excludeTag"',
    'did you mean "excludeTags"?',
  ],
  [
    { targets: { a: { output: 'x' } } },
    'unknown key "targets.a.output"',
    '"output" is for the whole run: put it beside "targets"',
  ],
  [
    { targets: { a: { excludeTags: 'x' } } },
    '"targets.a.excludeTags" must be a list of strings; it is "x"',
    undefined,
  ],
  [
    { targets: { a: { slowness: 0.5 } } },
    '"targets.a.slowness" must be a number from 1 to 1000; it is 0.5',
    undefined,
  ],
  [
    { targets: { a: { retries: -1 } } },
    '"targets.a.retries" must be a whole number from 0 to 20; it is -1',
    undefined,
  ],
])('refuses %j', (value, message, hint) => {
  const checking = (): unknown => check(value)
  expect(checking).toThrow(UsageError)
  expect(checking).toThrow(message)
  try {
    checking()
  } catch (error) {
    if (hint !== undefined) expect((error as UsageError).hint).toContain(hint)
    expect((error as UsageError).message).toMatch(/^\/project\/signalbox\.config\.ts: /)
  }
})
