import { expect, test } from 'vitest'
import { parseDeb822, parseSourcesList, sourcesForSuite } from './apt-mirror.ts'

const keyring = '/k.gpg'

test('one-line entries: comments, options, source packages and other vendors', () => {
  const text = [
    '# deb http://no.example/debian bookworm main',
    'deb http://mirror.example/debian bookworm main contrib # the nearest',
    'deb-src http://mirror.example/debian bookworm main',
    'deb [arch=amd64 signed-by=/etc/k.asc] https://other.example/repo stable extra',
    '',
  ].join('\n')
  expect(parseSourcesList(text)).toEqual([
    { uri: 'http://mirror.example/debian', suite: 'bookworm', components: ['main', 'contrib'] },
    { uri: 'https://other.example/repo', suite: 'stable', components: ['extra'], signedBy: '/etc/k.asc' },
  ])
})

test('deb822 stanzas: several suites and URIs, continuation lines, disabled ones, an inline key', () => {
  const text = [
    'Types: deb deb-src',
    '# a comment',
    'URIs: http://a.example/debian http://b.example/debian',
    'Suites: bookworm',
    ' bookworm-updates',
    'Components: main',
    'Signed-By: /usr/share/keyrings/x.gpg',
    '',
    'Types: deb',
    'Enabled: no',
    'URIs: http://off.example/debian',
    'Suites: bookworm',
    'Components: main',
    '',
    'Types: deb',
    'URIs: http://inline.example/debian',
    'Suites: bookworm-security',
    'Components: main',
    'Signed-By:',
    ' -----BEGIN PGP PUBLIC KEY BLOCK-----',
    ' .',
  ].join('\n')
  const sources = parseDeb822(text)
  expect(sources.map(({ uri, suite }) => `${uri} ${suite}`)).toEqual([
    'http://a.example/debian bookworm',
    'http://a.example/debian bookworm-updates',
    'http://b.example/debian bookworm',
    'http://b.example/debian bookworm-updates',
    'http://inline.example/debian bookworm-security',
  ])
  expect(sources[0]?.signedBy).toBe('/usr/share/keyrings/x.gpg')
  expect(sources[4]).not.toHaveProperty('signedBy')
})

test("the image's suite comes from where the host gets its own, security updates included", () => {
  const sources = parseSourcesList(
    [
      'deb https://vendor.example/node nodistro main',
      'deb http://m.example/debian bookworm main',
      'deb http://m.example/debian-security bookworm-security main',
    ].join('\n'),
  )
  expect(sourcesForSuite(sources, 'bookworm', 'trixie', keyring)).toEqual([
    'deb [signed-by=/k.gpg] http://m.example/debian trixie main',
    'deb [signed-by=/k.gpg] http://m.example/debian-security trixie-security main',
  ])
  expect(sourcesForSuite(sources.slice(0, 2), 'bookworm', 'trixie', keyring)).toHaveLength(1)
})

test('a host without a Debian source says what it found', () => {
  const sources = parseSourcesList('deb https://vendor.example/node nodistro main')
  expect(() => sourcesForSuite(sources, 'bookworm', 'trixie', keyring)).toThrow(
    /no Debian source.*"bookworm"/,
  )
})
