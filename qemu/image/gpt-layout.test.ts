import { expect, test } from 'vitest'
import { diskLayout, sgdiskArguments, slotUuids } from './gpt-layout.ts'

const rootHash = '00112233445566778899aabbccddeeff0123456789abcdef0123456789abcdef'

test("a slot's partition UUIDs are the two halves of its root hash", () => {
  expect(slotUuids(rootHash)).toEqual([
    '00112233-4455-6677-8899-aabbccddeeff',
    '01234567-89ab-cdef-0123-456789abcdef',
  ])
  expect(() => slotUuids('abc')).toThrow(/not a sha256 root hash: "abc"/)
})

test('partitions follow one another without overlap, and leave room for the second table', () => {
  const layout = diskLayout('x86_64', '1.2.3', rootHash)
  const labels = layout.partitions.map((partition) => partition.label)
  expect(labels).toEqual([
    'ESP',
    'reference_1.2.3',
    'reference_1.2.3_verity',
    '_empty',
    '_empty',
    'OEM',
    'ROOT',
  ])
  let end = 1
  for (const partition of layout.partitions) {
    expect(partition.startMiB).toBe(end)
    end += partition.sizeMiB
  }
  expect(layout.sizeMiB).toBe(end + 1)
  // The last one grows at the first boot: nothing may lie behind it.
  expect(layout.partitions.at(-1)?.attributes).toEqual([59])
})

test('both slots are of one size and type, so that an update fits', () => {
  const { partitions } = diskLayout('x86_64', '1', rootHash)
  const shape = (index: number): unknown => [partitions[index]?.type, partitions[index]?.sizeMiB]
  expect(shape(3)).toEqual(shape(1))
  expect(shape(4)).toEqual(shape(2))
})

test('one sgdisk call writes the table', () => {
  const arguments_ = sgdiskArguments(
    diskLayout('x86_64', '1', rootHash),
    '11111111-2222-4333-8444-555555555555',
    '/d.raw',
  )
  expect(arguments_.slice(0, 2)).toEqual([
    '--set-alignment=2048',
    '--disk-guid=11111111-2222-4333-8444-555555555555',
  ])
  expect(arguments_).toContain('--change-name=2:reference_1')
  expect(arguments_).toContain('--partition-guid=2:00112233-4455-6677-8899-aabbccddeeff')
  expect(arguments_).toContain('--attributes=7:set:59')
  expect(arguments_.filter((argument) => argument.startsWith('--new='))).toHaveLength(7)
  expect(arguments_.at(-1)).toBe('/d.raw')
})

test('each architecture has its own types, so that systemd there finds its own /usr and ROOT', () => {
  const types = (architecture: 'x86_64' | 'arm64' | 'riscv64'): readonly string[] =>
    diskLayout(architecture, '1', rootHash).partitions.map(({ type }) => type)
  expect(types('arm64')[1]).toBe('b0e01050-ee5f-4390-949a-9101b17104e9')
  expect(types('arm64')[2]).toBe('6e11a4e7-fbca-4ded-b9e9-e1a512bb664e')
  expect(types('arm64')[6]).toBe('b921b045-1df0-41c3-af44-4c6f280d3fae')
  expect(types('riscv64')[1]).toBe('beaec34b-8442-439b-a40b-984381ed097d')
  expect(types('riscv64')[2]).toBe('8f1056be-9b05-47c4-81d6-be53128e5b54')
  expect(types('riscv64')[6]).toBe('72ec70a6-cf74-40e6-bd49-4bda08e8f224')
  const differ = types('arm64').map((type, index) => type !== types('x86_64')[index])
  expect(differ).toEqual([false, true, true, true, true, false, true])
})
