import { describe, expect, test } from 'vitest'
import { backportsSource, sourceOptions } from './apt-sources.ts'

const DEB822 = `# comment
Types: deb deb-src
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/debian-security/
Suites: bookworm-security
Components: main
Check-Valid-Until: no
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 abc
`

describe('options of a source that backports must share', () => {
  test('deb822: the stanza of that archive and release', () => {
    const options = sourceOptions(DEB822, true, 'http://mirror.example/debian/', 'bookworm')
    expect([...options]).toEqual([['signed-by', '/usr/share/keyrings/debian-archive-keyring.gpg']])
  })

  test('deb822: an embedded key keeps its lines', () => {
    const options = sourceOptions(DEB822, true, 'http://mirror.example/debian-security/', 'bookworm-security')
    const key = '\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abc'
    expect([...options]).toEqual([
      ['check-valid-until', 'no'],
      ['signed-by', key],
    ])
    const source = { uri: 'http://mirror.example/debian/', release: 'bookworm', options }
    expect(backportsSource(source)).toContain(`Check-Valid-Until: no\nSigned-By: ${key}\n`)
  })

  test.each([
    ['deb http://mirror.example/debian bookworm main', []],
    [
      'deb [arch=amd64,arm64 signed-by=/k.gpg trusted=yes] http://mirror.example/debian bookworm main',
      [
        ['architectures', 'amd64 arm64'],
        ['signed-by', '/k.gpg'],
        ['trusted', 'yes'],
      ],
    ],
    ['deb [signed-by=/k.gpg] http://other.example/debian bookworm main', []],
    ['# deb [signed-by=/k.gpg] http://mirror.example/debian bookworm main', []],
  ])('one line: %s', (line, expected) => {
    const options = sourceOptions(line, false, 'http://mirror.example/debian/', 'bookworm')
    expect([...options]).toEqual(expected)
  })

  test('the source that is written', () => {
    const options = new Map([['signed-by', '/k.gpg']])
    const text = backportsSource({ uri: 'http://mirror.example/debian/', release: 'bookworm', options })
    expect(text.split('\n').slice(1)).toEqual([
      'Types: deb',
      'URIs: http://mirror.example/debian/',
      'Suites: bookworm-backports',
      'Components: main',
      'Signed-By: /k.gpg',
      '',
    ])
  })
})
