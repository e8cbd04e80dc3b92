import { expect, it } from 'vitest'
import { UsageError } from '../../errors.ts'
import { selectTargets } from './select-targets.ts'

const names = ['qemu-uefi', 'qemu-bios', 'qemu-bios.old', 'aws']

it.each<[readonly string[], readonly string[]]>([
  [[], names],
  [['aws'], ['aws']],
  [
    ['aws', 'qemu-uefi'],
    ['qemu-uefi', 'aws'],
  ],
  [['qemu-*'], ['qemu-uefi', 'qemu-bios', 'qemu-bios.old']],
  [
    ['qemu-*', '!qemu-bios'],
    ['qemu-uefi', 'qemu-bios.old'],
  ],
  [['!*bios*'], ['qemu-uefi', 'aws']],
])('%j chooses %j', (wanted, chosen) => {
  expect(selectTargets(names, wanted, 'c.ts')).toEqual(chosen)
})

it.each<[readonly string[], readonly string[], string | undefined, string, string]>([
  [names, ['qemu-uefy'], 'c.ts', 'no target matches "qemu-uefy"', 'did you mean "qemu-uefi"?'],
  [names, ['!azure'], 'c.ts', 'no target matches "azure"', 'did you mean "aws"?'],
  [
    names,
    ['aws', '!a*'],
    'c.ts',
    'aws !a* leaves no target',
    'there are: qemu-uefi, qemu-bios, qemu-bios.old, aws',
  ],
  [[], ['aws'], 'c.ts', 'no target is named aws: c.ts has none', 'write them into signalbox.config.ts'],
  [
    [],
    ['aws'],
    undefined,
    'no target is named aws: there is no config',
    'write them into signalbox.config.ts',
  ],
])('of %j, %j is refused', (known, wanted, config, message, hint) => {
  const refused = (): unknown => selectTargets(known, wanted, config)
  expect(refused).toThrow(UsageError)
  expect(refused).toThrow(message)
  try {
    refused()
  } catch (error) {
    expect((error as UsageError).hint).toContain(hint)
  }
})

it('has nothing to choose where there is nothing', () => {
  expect(selectTargets([], [], undefined)).toEqual([])
})
