// Known-failures files as people write them and get them wrong: both forms, every error with its place.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { UsageError } from '../errors.ts'
import { parseKnownFailures, readKnownFailures } from './read.ts'

const parse = (...lines: readonly string[]) => parseKnownFailures(lines.join('\n'), 'known.yaml')
const plain = (...lines: readonly string[]) => {
  const { format, entries } = parse(...lines)
  const shown = entries.map((entry) => {
    const { matches: _, ...rest } = entry
    return rest
  })
  return { format, entries: shown }
}

function errorOf(text: string): UsageError {
  try {
    parseKnownFailures(text, 'known.yaml')
  } catch (error) {
    if (error instanceof UsageError) return error
  }
  throw new Error('no UsageError')
}

describe('our own form', () => {
  it('has all fields, and warns where no mode is given', () => {
    const file = plain(
      '# a comment',
      '- pattern: docker.*',
      '  reason: the daemon hangs',
      '  tracker: https://example.org/1',
      '  mode: must-fail',
      '  platforms: [qemu, aws]',
      '  archs: [arm64, amd64]',
      '  channels: [alpha]',
      '  distros: [flatcar]',
      "  versions: '>=4000.0.0 <4100.0.0'",
      '  expires: 2026-03-01T12:00:00+02:00',
      '- { pattern: boot.usr, reason: it is slow, snooze: 2026-03-01 }',
    )
    expect(file).toEqual({
      format: 'signalbox',
      entries: [
        {
          source: 'known.yaml:2',
          pattern: 'docker.*',
          mode: 'must-fail',
          reason: 'the daemon hangs',
          tracker: 'https://example.org/1',
          platforms: ['qemu', 'aws'],
          architectures: ['arm64', 'x86_64'],
          channels: ['alpha'],
          distros: ['flatcar'],
          versions: '>=4000.0.0 <4100.0.0',
          turn: { text: '2026-03-01T12:00:00+02:00', atMs: Date.UTC(2026, 2, 1, 10) },
        },
        {
          source: 'known.yaml:12',
          pattern: 'boot.usr',
          mode: 'warn',
          reason: 'it is slow',
          turn: { text: '2026-03-01', atMs: Date.UTC(2026, 2, 1) },
        },
      ],
    })
  })

  it.each([
    ['docker.*', ['docker.run', 'docker.a.b'], ['docker', 'xdocker.run']],
    ['*', ['a', 'a.b.c'], []],
    ['boot.[!a]', ['boot.b'], ['boot.a', 'boot.bb']],
    ['{a,b}.x', ['a.x', 'b.x'], ['c.x']],
    // A name is not a prefix here: what is known of a group must say so.
    ['ignition', ['ignition'], ['ignition.files']],
  ])('the glob %s fits %j and not %j', (glob, right, wrong) => {
    const [entry] = parse(`- { pattern: '${glob}', reason: r }`).entries
    for (const name of right) expect([name, entry?.matches(name)]).toEqual([name, true])
    for (const name of wrong) expect([name, entry?.matches(name)]).toEqual([name, false])
  })
})

describe("kola's denylist", () => {
  // The form of fedora-coreos-config's kola-denylist.yaml.
  const denylist = [
    '# This file documents currently known-to-fail kola tests.',
    '- pattern: coreos.boot-mirror*',
    '  tracker: https://github.com/coreos/fedora-coreos-tracker/issues/1659',
    '  # warn: true (disabled on promotion)',
    '  arches:',
    '    - ppc64le',
    '    - aarch64',
    '- pattern: multipath.partition',
    '  tracker: https://github.com/coreos/fedora-coreos-tracker/issues/1840',
    '  snooze: 2026-01-06',
    '  streams:',
    '     - rawhide',
    '- pattern: ext.config.kernel-replace',
    '  snooze: 2026-07-03',
    '  warn: true',
    '  platforms: [aws]',
    '- pattern: podman.*',
    '  warn: yes',
    '- pattern: skip-console-warnings',
  ]

  it('is taken as it is', () => {
    const { format, entries } = plain(...denylist)
    expect(format).toBe('kola')
    expect(entries).toEqual([
      {
        source: 'known.yaml:2',
        pattern: 'coreos.boot-mirror*',
        mode: 'skip',
        tracker: 'https://github.com/coreos/fedora-coreos-tracker/issues/1659',
        architectures: ['ppc64le', 'arm64'],
      },
      {
        source: 'known.yaml:8',
        pattern: 'multipath.partition',
        mode: 'skip',
        tracker: 'https://github.com/coreos/fedora-coreos-tracker/issues/1840',
        channels: ['rawhide'],
        turn: { text: '2026-01-06', atMs: Date.UTC(2026, 0, 6) },
      },
      {
        source: 'known.yaml:13',
        pattern: 'ext.config.kernel-replace',
        mode: 'skip',
        platforms: ['aws'],
        turn: { text: '2026-07-03', atMs: Date.UTC(2026, 6, 3) },
        after: 'warn',
      },
      { source: 'known.yaml:17', pattern: 'podman.*', mode: 'warn' },
      {
        source: 'known.yaml:19',
        pattern: 'skip-console-warnings',
        mode: 'skip',
        ignoresConsole: true,
      },
    ])
  })

  it("has Go's globs, without braces and groups", () => {
    const [first, second] = parse("- pattern: '{a,b}'", '- pattern: a.[^b]*').entries
    expect(['a', '{a,b}'].filter((name) => first?.matches(name))).toEqual(['{a,b}'])
    expect(['a.c.d', 'a.bc'].filter((name) => second?.matches(name))).toEqual(['a.c.d'])
  })
})

it.each(['', '# nothing\n', '---\n', '[]\n'])('%j knows nothing', (text) => {
  expect(parseKnownFailures(text, 'known.yaml').entries).toEqual([])
})

describe('what is wrong is said with its place', () => {
  it.each([
    ['- pattern: a\n  reson: r\n', '2:3: unknown key "reson"', /did you mean "reason"/],
    ['- pattern: a\n  reason: r\n  warn: true\n', '3:3: unknown key "warn"', /known|others/],
    ['- pattern: a\n  reason: r\n  arches: [arm64]\n', '3:3: unknown key "arches"', /did you mean "archs"/],
    ['- pattern: a\n  arches: [arm64]\n  platform: qemu\n', '3:3: unknown key "platform"', /"platforms"/],
    ['- pattern: a\n  snoze: 2026-01-01\n', '2:3: unknown key "snoze"', /"snooze"/],
    ['- reason: r\n', '1:3: an entry needs a pattern', undefined],
    ['- pattern: a\n  mode: warn\n', '1:3: an entry needs a reason', /what fails/],
    ['- pattern: a\n  snooze: tomorrow\n', '2:11: snooze: expected a day, YYYY-MM-DD', undefined],
    ['- pattern: a\n  snooze: 2026-02-30\n', '2:11: snooze: expected a day', undefined],
    ['- pattern: a\n  snooze: 2026-02-01T00:00:00Z\n', '2:11: snooze: expected a day', undefined],
    ['- pattern: a\n  reason: r\n  expires: 2026-13-01\n', '3:12: expires: expected a day', undefined],
    ['- pattern: a\n  reason: r\n  expires: 2026-01-01 12:00\n', '3:12: expires: expected a day', undefined],
    ['- pattern: a\n  reason: r\n  mode: ignore\n', '3:9: mode: expected skip, warn, must-fail', undefined],
    ["- pattern: 'a['\n  reason: r\n", '1:12: "a[" is no glob: Missing closing: "]"', undefined],
    ["- pattern: '[z-a]'\n", '1:12: "[z-a]" is no glob: Invalid regular expression', undefined],
    ['- pattern: a\n  reason: r\n  versions: newest\n', '3:13: versions: expected a semver range', undefined],
    ['- pattern: a\n  reason: r\n  archs: [sparc]\n', '3:10: archs: expected a list of x86_64', undefined],
    ['- pattern: a\n  reason: r\n  distros: [debian]\n', '3:12: distros: expected a list of', undefined],
    ['- pattern: a\n  platforms: qemu\n', '2:14: platforms: expected a list of some text', undefined],
    ['- pattern: a\n  warn: perhaps\n', '2:9: warn: expected true or false', undefined],
    ['- pattern: 7\n', '1:12: pattern: expected some text', undefined],
    ['- pattern: a\n  reason:\n', '2:10: reason: expected some text', undefined],
    [
      '- pattern: a\n  reason: r\n  snooze: 2026-01-01\n  expires: 2026-01-01\n',
      '4:3: snooze and expires are the same: give one',
      undefined,
    ],
    ['pattern: a\n', '1:1: expected a list of entries', undefined],
    ['- docker.*\n', '1:3: expected an entry with a pattern', undefined],
    ['- pattern: a\n  pattern: b\n', '2:3: Map keys must be unique', undefined],
    ['- pattern: [a\n', '2:1: Flow sequence in block collection', undefined],
  ])('%j', (text, message, hint) => {
    const error = errorOf(text)
    expect(error.message).toContain(`known.yaml:${message}`)
    if (hint !== undefined) expect(error.hint).toMatch(hint)
    expect(error.code).toMatch(/^known-failures-/)
  })

  it('a file that cannot be read', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'known-'))
    try {
      await expect(readKnownFailures(join(folder, 'none.yaml'))).rejects.toThrow(
        /none.yaml cannot be read: ENOENT/,
      )
      const path = join(folder, 'known.yaml')
      writeFileSync(path, '- { pattern: a, reason: r }\n')
      expect((await readKnownFailures(path)).entries[0]?.source).toBe(`${path}:1`)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
