import { describe, expect, it } from 'vitest'
import { UsageError } from '../errors.ts'
import { readHeader, readKolaJson } from './header.ts'

const faultOf = (work: () => unknown): UsageError => {
  try {
    work()
  } catch (error) {
    if (error instanceof UsageError) return error
  }
  throw new Error('no UsageError was thrown')
}

describe('a header', () => {
  it('is one line of JSON', () => {
    const text =
      '#!/bin/bash\nset -e\n# kola: { "tags": "a b", "exclusive": false, "architectures": "!ppc64le s390x" }\ntrue\n'
    expect(readHeader('t', text)).toEqual({
      line: 3,
      meta: {
        tags: ['a', 'b'],
        exclusive: false,
        architectures: { words: ['ppc64le', 's390x'], excludes: true },
      },
    })
  })

  it('is a block of YAML, with comments, that ends where its mark is missing', () => {
    const text =
      '#!/bin/bash\n## kola:\n##   # why\n##   platforms: "aws gcp"  # later\n##   timeoutMin: 8\n##   architectures: "! s390x"\n#\n## exclusive: false\n'
    expect(readHeader('t', text)?.meta).toEqual({
      platforms: { words: ['aws', 'gcp'], excludes: false },
      timeoutMin: 8,
      architectures: { words: ['s390x'], excludes: true },
    })
  })

  it('may end with the file', () => {
    expect(readHeader('t', '#!/bin/sh\n## kola:\n##   minDisk: 15')?.meta).toEqual({ minDisk: 15 })
  })

  it('may be empty, and need not be there', () => {
    expect(readHeader('t', '#!/bin/sh\n## kola:\ntrue\n')?.meta).toEqual({})
    expect(readHeader('t', '#!/bin/sh\n  # kola: {}\n#kola: x\n')).toBeUndefined()
    expect(readHeader('t', '\u007fELF\u0000\u0000')).toBeUndefined()
  })

  it('knows every key of kola', () => {
    const meta = readKolaJson(
      'kola.json',
      JSON.stringify({
        architectures: 'x86_64',
        platforms: 'qemu',
        distros: 'fcos',
        tags: 'needs-internet',
        requiredTag: 'special',
        description: 'd',
        creationDate: '2026-05-31',
        timeoutMin: 8,
        exclusive: true,
        conflicts: ['ext.a.b'],
        additionalDisks: ['5G'],
        primaryDisk: ['20G:mpath'],
        minDisk: 15,
        minMemory: 4096,
        numaNodes: true,
        additionalNics: 2,
        appendKernelArgs: 'enforcing=0',
        appendFirstbootKernelArgs: 'ip=bond0:dhcp',
        injectContainer: true,
        allowConfigWarnings: true,
        noInstanceCreds: true,
        instanceType: 'm5.large',
        bindMountHostRO: ['/srv,/mnt'],
        bootFrom: 'iso',
        requiredHostPorts: [2049],
      }),
    )
    expect(Object.keys(meta)).toHaveLength(25)
    expect(meta.primaryDisk).toBe('20G:mpath')
  })
})

describe('a wrong header names file, line and column', () => {
  it.each([
    [
      'unknown key in YAML',
      '#!/bin/sh\n## kola:\n##   tags: a\n##   archtectures: x86_64\n',
      't:4:6',
      /unknown key "archtectures"/,
    ],
    [
      'unknown key in JSON',
      '#!/bin/sh\n# kola: { "tags": "a", "tag": "b" }\n',
      't:2:24',
      /unknown key "tag"/,
    ],
    [
      'wrong value',
      '#!/bin/sh\n## kola:\n##   timeoutMin: soon\n',
      't:3:6',
      /"timeoutMin" must be a number of minutes/,
    ],
    ['broken JSON', '#!/bin/sh\n# kola: { "tags": "a", }\n', 't:2:24', /not valid JSON/],
    ['broken YAML', '#!/bin/sh\n## kola:\n##   tags: "a\n##   minDisk: 1\n', /^t:[34]:\d+/, /not valid YAML/],
    ['key twice', '#!/bin/sh\n## kola:\n##   minDisk: 1\n##   minDisk: 2\n', /^t:4:/, /not valid YAML/],
    ['a list', '#!/bin/sh\n# kola: [1]\n', 't:2:9', /must be a mapping/],
    [
      'two blocks',
      '#!/bin/sh\n## kola:\n##   minDisk: 1\ntrue\n## kola:\n##   minDisk: 2\n',
      't:5:1',
      /second/,
    ],
  ])('%s', (_, text, place, message) => {
    const error = faultOf(() => readHeader('t', text))
    expect(error.code).toBe('external-header')
    expect(error.message).toMatch(message)
    if (typeof place === 'string') expect(error.message.startsWith(`${place}: `)).toBe(true)
    else expect(error.message).toMatch(place)
  })

  it('lists the nearest key, and shows the place', () => {
    const error = faultOf(() => readKolaJson('d/kola.json', '{\n  "exclusiv": true\n}\n'))
    expect(error.message).toMatch(/^d\/kola\.json:2:3: /)
    expect(error.message).toMatch(/> +2 \| {3}"exclusiv": true\n +\| {3}\^/)
    expect(error.hint).toMatch(/did you mean "exclusive"\?/)
  })
})
