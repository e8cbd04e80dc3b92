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
  expect(selectTargets(names, wanted)).toEqual(chosen)
})

it.each<[readonly string[], 'config' | 'default', string, string]>([
  [['qemu-uefy'], 'config', 'no target matches "qemu-uefy"', 'did you mean "qemu-uefi"?'],
  [['!azure'], 'config', 'no target matches "azure"', 'did you mean "aws"?'],
  [
    ['aws', '!a*'],
    'config',
    'aws !a* leaves no target',
    'there are: qemu-uefi, qemu-bios, qemu-bios.old, aws',
  ],
  [['qemu-uefy'], 'default', 'no target matches', 'no config names others: signalbox.config.ts'],
])('%j is refused', (wanted, from, message, hint) => {
  const refused = (): unknown => selectTargets(names, wanted, from)
  expect(refused).toThrow(UsageError)
  expect(refused).toThrow(message)
  try {
    refused()
  } catch (error) {
    expect((error as UsageError).hint).toContain(hint)
  }
})

it('has nothing to choose where there is nothing', () => {
  expect(selectTargets([], [])).toEqual([])
})
