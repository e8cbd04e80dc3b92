import { expect, test } from 'vitest'
import { cannotRun, isNative, parseBinfmt, registration, serves } from './foreign.ts'

// As Debian's qemu-user-binfmt registers it.
const shown = `entry python3.11
enabled
interpreter /usr/bin/python3.11
flags: 
offset 0
magic a70d0d0a
entry qemu-aarch64
enabled
interpreter /usr/libexec/qemu-binfmt/aarch64-binfmt-P
flags: POF
offset 0
magic 7f454c460201010000000000000000000200b700
mask ffffffffffffff00fffffffffffffffffeffffff
`

test('a host that is set up for arm64 programs is used as it is', () => {
  const entries = parseBinfmt(shown)
  expect(entries.map(({ name, flags, enabled }) => [name, flags, enabled])).toEqual([
    ['python3.11', '', true],
    ['qemu-aarch64', 'POF', true],
  ])
  expect(entries.filter((entry) => serves(entry, 'arm64')).map(({ name }) => name)).toEqual(['qemu-aarch64'])
  expect(entries.some((entry) => serves(entry, 'x86_64'))).toBe(false)
})

test('a handler that is off, or is looked for inside the tree, is none', () => {
  const off = parseBinfmt(shown.replaceAll('enabled', 'disabled'))
  expect(off.some((entry) => serves(entry, 'arm64'))).toBe(false)
  const withoutF = parseBinfmt(shown.replace('POF', 'PO'))
  expect(withoutF.some((entry) => serves(entry, 'arm64'))).toBe(false)
  expect(parseBinfmt('')).toEqual([])
})

test.each([
  ['arm64', 'aarch64', 'b7'],
  ['riscv64', 'riscv64', 'f3'],
] as const)(
  "the line that registers the emulator of %s is the one of Debian's package, but for its name and place",
  (architecture, qemu, machine) => {
    expect(registration(`signalbox-${qemu}-7`, architecture, `/usr/bin/qemu-${qemu}-static`)).toBe(
      [
        `:signalbox-${qemu}-7:M::`,
        String.raw`\x7f\x45\x4c\x46\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x${machine}\x00:`,
        String.raw`\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff:`,
        `/usr/bin/qemu-${qemu}-static:OPF`,
      ].join(''),
    )
  },
)

test('what a host runs itself, and how a refusal reads', () => {
  expect([isNative('x86_64', 'x64'), isNative('arm64', 'x64'), isNative('arm64', 'arm64')]).toEqual([
    true,
    false,
    true,
  ])
  const error = cannotRun('arm64', 'the kernel has no binfmt_misc')
  expect(error.message).toMatch(/cannot run arm64 programs: the kernel has no binfmt_misc/)
  expect(error.hint).toMatch(/apt-get install --no-install-recommends qemu-user-static/)
  expect(error.hint).toMatch(/modprobe binfmt_misc/)
})
