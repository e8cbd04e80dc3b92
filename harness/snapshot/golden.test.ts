import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { goldenText, mismatches, readGolden, renewGolden, writeGolden, type Golden } from './golden.ts'
import { snapshotDifferences } from './snapshot.ts'
import { snapshotOf } from './snapshot.test.data.ts'

const folder = mkdtempSync(join(tmpdir(), 'golden-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const machine = snapshotOf({
  units: { 'dbus.service': 'active running', 'ssh.service': 'active running' },
  listeners: { 'tcp 0.0.0.0:22': 'sshd', 'tcp 0.0.0.0:80': 'httpd' },
  packages: { systemd: '257.13-1' },
})

it.each<[string, Golden, readonly string[]]>([
  [
    'names less than there is',
    { complete: [], sections: { units: { 'ssh.service': 'active running' } } },
    [],
  ],
  [
    'names another value',
    { complete: [], sections: { units: { 'ssh.service': 'failed failed' } } },
    ['units:', '- ssh.service: failed failed', '+ ssh.service: active running'],
  ],
  [
    'names what is not there',
    { complete: [], sections: { units: { 'etcd.service': 'active running' } } },
    ['units:', '- etcd.service: active running'],
  ],
  [
    'says that a part is complete',
    { complete: ['listeners'], sections: { listeners: { 'tcp 0.0.0.0:22': 'sshd' } } },
    ['listeners:', '+ tcp 0.0.0.0:80: httpd'],
  ],
  ['has a pattern that matches', { complete: [], sections: { packages: { systemd: '/^257\\./' } } }, []],
  [
    'has a pattern that does not',
    { complete: [], sections: { packages: { systemd: '/^258\\./' } } },
    ['packages:', '- systemd: /^258\\./', '+ systemd: 257.13-1'],
  ],
])('a golden file that %s', (_title, golden, lines) => {
  expect(mismatches(golden, machine)).toEqual(lines)
})

it('is made anew with what it named, and with all of a complete part', () => {
  const old: Golden = {
    complete: ['listeners'],
    sections: {
      units: { 'ssh.service': 'failed failed', 'gone.service': 'active running' },
      listeners: { 'tcp 0.0.0.0:22': 'sshd' },
      packages: { systemd: '/^257\\./' },
    },
  }
  expect(renewGolden(old, machine)).toEqual({
    complete: ['listeners'],
    sections: {
      units: { 'ssh.service': 'active running' },
      listeners: { 'tcp 0.0.0.0:22': 'sshd', 'tcp 0.0.0.0:80': 'httpd' },
      packages: { systemd: '/^257\\./' },
    },
  })
  expect(renewGolden(undefined, machine, ['packages']).sections).toEqual({
    packages: { systemd: '257.13-1' },
  })
})

it('is read as it was written, and a broken one is refused with what is wrong', () => {
  const path = join(folder, 'a', 'fresh.json')
  expect(readGolden(path)).toBeUndefined()
  const golden: Golden = { complete: ['units'], sections: { units: { a: 'b' } } }
  writeGolden(path, golden)
  expect(readGolden(path)).toEqual(golden)
  expect(goldenText(golden)).toBe(
    '{\n  "complete": [\n    "units"\n  ],\n  "units": {\n    "a": "b"\n  }\n}\n',
  )
  for (const [text, message] of [
    ['{', 'is no JSON'],
    ['[]', 'is no object'],
    ['{"unit": {}}', 'has a part "unit"'],
    ['{"units": {"a": 1}}', 'no table of texts'],
    ['{"units": {"a": "/(/"}}', 'no regular expression'],
    ['{"complete": "units"}', 'no list of parts'],
  ] as const) {
    writeFileSync(path, text)
    expect(() => readGolden(path)).toThrow(message)
  }
})

it('compares two machines, but for what may differ', () => {
  const other = snapshotOf({
    ...machine.sections,
    units: { 'dbus.service': 'failed failed' },
    etc: { motd: 'added' },
  })
  expect(snapshotDifferences(machine, machine)).toEqual([])
  expect(snapshotDifferences(machine, other)).toEqual([
    'units: dbus.service: expected "active running", is "failed failed"',
    'units: ssh.service: expected "active running", is nothing',
    'etc: motd: expected nothing, is "added"',
  ])
  expect(snapshotDifferences(machine, other, { units: [/^dbus/, 'ssh'], etc: ['motd'] })).toEqual([
    'units: ssh.service: expected "active running", is nothing',
  ])
})
