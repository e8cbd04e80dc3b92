// A machine's answers -> its snapshot. Whatever the guest prints becomes bounded, safe text; too much of it is an error, not memory.

import { MachineError } from '../errors.ts'
import { oneLine } from '../hostile-text.ts'
import type { Architecture, DistroName } from '../model.ts'
import { answers, endOf, markOf, type Answer } from './script.ts'
import type { MachineSnapshot, SnapshotTable } from './snapshot.ts'
import {
  FIRST_EPHEMERAL_PORT,
  ownFiles,
  volatileArgument,
  volatileMountOption,
  volatileMounts,
  volatileSysctls,
  trialUnits,
  volatileUnits,
} from './volatile.ts'

/** Architectures by the kernel's name. */
const architectures: Readonly<Record<string, Architecture>> = { aarch64: 'arm64', riscv64: 'riscv64' }

/** More names than any part of a machine has. */
const MOST_NAMES = 20_000
const LONGEST_NAME = 200
const LONGEST_VALUE = 400

/**
 * Reads what the script has printed.
 *
 * @throws MachineError `snapshot-incomplete` when an answer is missing, or empty although every machine has some of it, `snapshot-too-large` when one has no end.
 */
export function readSnapshot(output: string, nonce: string, distro: DistroName): MachineSnapshot {
  const said = split(output, nonce)
  const architecture = architectures[said.architecture.trim()] ?? 'x86_64'
  return {
    distro,
    architecture,
    sections: {
      units: table('units', units(said.units)),
      unitFiles: table(
        'unitFiles',
        words(said.unitFiles).flatMap(([name = '', state = '']) =>
          isAny(trialUnits, name) ? [] : [[name, state]],
        ),
      ),
      mounts: table('mounts', mounts(said.mounts)),
      sysctls: table('sysctls', sysctls(said.sysctls)),
      listeners: table('listeners', listeners(said.listeners)),
      users: table('users', users(said.users, said.passwords)),
      groups: table(
        'groups',
        fields(said.groups).map(([name = '', , id = '', members = '']) => [name, `${id} ${members}`.trim()]),
      ),
      packages: table(
        'packages',
        words(said.packages).map(([name = '', version = '']) => [name, version]),
      ),
      kernel: table('kernel', kernel(said.release, said.commandLine)),
      kernelConfig: table('kernelConfig', kernelConfig(said.kernelConfig)),
      etc: table('etc', etc(said)),
    },
  }
}

/** A program that is not there or does not know its options prints nothing. */
const neverEmpty: readonly Answer[] = ['units', 'mounts', 'sysctls', 'users', 'groups']

type Pair = readonly [name: string, value: string]

function split(output: string, nonce: string): Readonly<Record<Answer, string>> {
  const starts = answers.map((answer) => output.indexOf(markOf(nonce, answer)))
  const missing = answers.filter((_answer, index) => starts[index] === -1)
  if (missing.length > 0 || !output.includes(endOf(nonce))) {
    throw new MachineError(
      `the machine's state could not be read to the end: no answer for ${missing.join(', ') || 'the end'}`,
      { code: 'snapshot-incomplete' },
    )
  }
  const ends = [...starts.slice(1), output.lastIndexOf(endOf(nonce))]
  const parts = answers.map((answer, index): [Answer, string] => [
    answer,
    output.slice((starts[index] ?? 0) + markOf(nonce, answer).length, ends[index]),
  ])
  const said = Object.fromEntries(parts) as Record<Answer, string>
  const silent = neverEmpty.filter((answer) => said[answer].trim() === '')
  if (silent.length > 0) {
    throw new MachineError(
      `the machine's state could not be read: it says nothing of its ${silent.join(', ')}`,
      {
        code: 'snapshot-incomplete',
      },
    )
  }
  return said
}

function table(section: string, pairs: readonly Pair[]): SnapshotTable {
  if (pairs.length > MOST_NAMES)
    throw new MachineError(`the machine has more than ${MOST_NAMES} ${section}`, {
      code: 'snapshot-too-large',
    })
  const safe = pairs
    .map(([name, value]): Pair => [oneLine(name, LONGEST_NAME), oneLine(value, LONGEST_VALUE)])
    .filter(([name]) => name !== '')
  // By code point: the same everywhere.
  return Object.fromEntries(safe.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
}

const lines = (text: string): readonly string[] => text.split('\n').filter((line) => line.trim() !== '')
const words = (text: string): readonly (readonly string[])[] =>
  lines(text).map((line) => line.trim().split(/\s+/))
const fields = (text: string): readonly (readonly string[])[] => lines(text).map((line) => line.split(':'))
const isAny = (patterns: readonly RegExp[], name: string): boolean =>
  patterns.some((pattern) => pattern.test(name))

function units(text: string): readonly Pair[] {
  return words(text)
    .filter(([name = '', load]) => load !== 'not-found' && !isAny(volatileUnits, name))
    .map(([name = '', , active = '', sub = '']): Pair => {
      // These wait, or are just doing it.
      return [name, /\.(?:timer|automount)$/.test(name) ? active : `${active} ${sub}`]
    })
    .filter(([, state]) => !state.startsWith('inactive'))
}

function mounts(text: string): readonly Pair[] {
  return words(text)
    .filter(([target = '']) => !isAny(volatileMounts, target))
    .map(([target = '', type = '', source = '', options = '']): Pair => {
      const kept = options.split(',').filter((option) => !volatileMountOption.test(option))
      return [target, [type, source, kept.toSorted().join(',')].join(' ')]
    })
}

function sysctls(text: string): readonly Pair[] {
  return lines(text)
    .map((line): Pair => {
      const at = line.indexOf(' =')
      return [
        line.slice(0, Math.max(at, 0)),
        line
          .slice(at + 2)
          .trim()
          .replaceAll(/\s+/g, ' '),
      ]
    })
    .filter(([name]) => !isAny(volatileSysctls, name))
}

function listeners(text: string): readonly Pair[] {
  return lines(text).map((line): Pair => {
    const [protocol = '', , , , local = ''] = line.trim().split(/\s+/)
    const [, program = ''] = /users:\(\("([^"]+)"/.exec(line) ?? []
    const [, address = '', port = ''] = /^(.*):(\d+|\*)$/.exec(local) ?? []
    // One per link, which has the address by lot.
    const place = address.includes('%') ? address.replace(/^.*%/, '%') : address
    const shown = Number(port) >= FIRST_EPHEMERAL_PORT ? '<any>' : port
    return [`${protocol} ${place}:${shown}`, program]
  })
}

function users(accounts: string, passwords: string): readonly Pair[] {
  const states = new Map(words(passwords).map(([name = '', state = '']) => [name, state]))
  return fields(accounts).map(([name = '', , uid = '', gid = '', , home = '', shell = '']): Pair => {
    return [name, `${uid}:${gid} ${home} ${shell} ${states.get(name) ?? 'no-password'}`]
  })
}

function kernel(release: string, commandLine: string): readonly Pair[] {
  const given = (commandLine.trim().match(/(?:[^\s"]|"[^"]*")+/g) ?? []).filter(
    (word) => !volatileArgument.test(word),
  )
  return [
    ['release', release.trim()],
    ...given.map((word): Pair => {
      const at = word.indexOf('=')
      const [name, value] = at === -1 ? [word, ''] : [word.slice(0, at), word.slice(at + 1)]
      return [`argument ${name}`, value.replaceAll(/\b[0-9a-f]{64}\b/g, '<hash>')]
    }),
  ]
}

function kernelConfig(text: string): readonly Pair[] {
  return lines(text).flatMap((line) => {
    const [, name, value] = /^(CONFIG_\w+)=(.*)$/.exec(line) ?? []
    return name === undefined || value === undefined ? [] : [[name, value] as const]
  })
}

function etc(said: Readonly<Record<Answer, string>>): readonly Pair[] {
  if (said.pristine.trim() === '') return []
  const now = entries(said.etc, said.etcDigests)
  const shipped = entries(said.pristine, said.pristineDigests)
  const paths = [...new Set([...now.keys(), ...shipped.keys()])]
  return paths.flatMap((path): readonly Pair[] => {
    const [is, was] = [now.get(path), shipped.get(path)]
    if (is === was) return []
    if (is === undefined) return [[path, 'removed']]
    return [[path, `${was === undefined ? 'added' : 'changed'}: ${is}`]]
  })
}

const kinds: Readonly<Record<string, string>> = { f: 'file', d: 'directory', l: 'link' }

/** Path -> `file 644 0:0 <first half of its SHA-256>`. */
function entries(list: string, digests: string): ReadonlyMap<string, string> {
  const sums = new Map(
    digests
      .split('\0')
      .map((record) => /^([0-9a-f]{64}) [ *]\.\/([\s\S]+)$/.exec(record))
      .map((match): [string, string] => [match?.[2] ?? '', match?.[1] ?? '']),
  )
  const found = new Map<string, string>()
  for (const record of list.split('\0')) {
    const match = /^\s*(\S) (\d+) (\d+:\d+) ([^\t]*)\t([\s\S]+)$/.exec(record)
    if (match === null) continue
    const [, type = '', mode = '', owner = '', target = '', path = ''] = match
    const what = kinds[type] ?? type
    const content = type === 'l' ? target : (sums.get(path) ?? '').slice(0, 32)
    const shown = isAny(ownFiles, path) ? '<own>' : content
    found.set(path, `${what} ${type === 'l' ? '' : `${mode} `}${owner} ${shown}`.trim())
  }
  return found
}
