import { expect, test } from 'vitest'
import { readSlots, usrHashOf } from './sysupdate-slots.ts'

const a = '3e9a9add1c62bbdfba8c532602f52874ffb1a10469e6801610cfc5d3ce33652e'
const partition = (type: string, uuid: string, name: string): object => ({
  node: '/dev/vda2',
  type,
  uuid,
  name,
})
const usr = '8484680C-9521-48C6-9C11-B0720656F69E'
const table = (second: string): string =>
  JSON.stringify({
    partitiontable: {
      partitions: [
        partition('C12A7328-F81F-11D2-BA4B-00A0C93EC93B', 'DCB461B7-588F-47F9-A982-D86A51E30804', 'ESP'),
        partition(usr, '3E9A9ADD-1C62-BBDF-BA8C-532602F52874', 'reference_1.0.0'),
        partition(
          '77FF5F63-E7B6-4633-ACF4-1565B864C0E6',
          'FFB1A104-69E6-8016-10CF-C5D3CE33652E',
          'reference_1.0.0_verity',
        ),
        partition(usr, '1348640B-456F-6616-0681-8A0A0DBA274D', second),
      ],
    },
  })
const commandLine = `usrhash=${a} root=PARTLABEL=ROOT rw`

test.each([
  ['an empty slot', '_empty', ['reference_1.0.0.efi'], { state: 'empty', version: undefined }],
  [
    'a staged version',
    'reference_1.0.1',
    ['reference_1.0.0.efi', 'reference_1.0.1+3-0.efi'],
    { state: 'trying', triesLeft: 3, version: '1.0.1' },
  ],
  ['one that was tried', 'reference_1.0.1', ['reference_1.0.1+1-2.efi'], { state: 'trying', triesLeft: 1 }],
  ['no tries left', 'reference_1.0.1', ['reference_1.0.1+0-3.efi'], { state: 'bad', triesLeft: 0 }],
  ['a good one', 'reference_1.0.1', ['reference_1.0.1.efi'], { state: 'good', triesLeft: undefined }],
  [
    'data without boot files',
    'reference_1.0.1',
    ['reference_1.0.10.efi'],
    { state: 'empty', version: '1.0.1' },
  ],
])('%s', (_, label, ukis, expected) => {
  const [first, second] = readSlots({ table: table(label), ukis, commandLine })
  expect(first).toMatchObject({ name: 'A', version: '1.0.0', booted: true })
  expect(second).toMatchObject({ name: 'B', booted: false, ...expected })
})

test.each([
  ['arm64', 'B0E01050-EE5F-4390-949A-9101B17104E9'],
  ['riscv64', 'BEAEC34B-8442-439B-A40B-984381ED097D'],
])('the slots of %s have a type of their own', (_, type) => {
  const own = table('_empty').replaceAll(usr, type)
  expect(readSlots({ table: own, ukis: [], commandLine })[0]).toMatchObject({ name: 'A', booted: true })
})

test('the last try, while it runs, is no bad version yet', () => {
  const ukis = ['reference_1.0.0+0-3.efi']
  expect(readSlots({ table: table('_empty'), ukis, commandLine })[0]).toMatchObject({
    state: 'trying',
    triesLeft: 0,
  })
})

test('what is no such disk is refused', () => {
  expect(() => readSlots({ table: '{}', ukis: [], commandLine })).toThrow('no partitions')
  expect(() => readSlots({ table: '{"partitiontable":{"partitions":[]}}', ukis: [], commandLine })).toThrow(
    'expected two /usr partitions, found 0',
  )
})

test('the root hash of a command line', () => {
  expect(usrHashOf(commandLine)).toBe(a)
  expect(usrHashOf('xusrhash=12 usrhash=zz')).toBeUndefined()
})
