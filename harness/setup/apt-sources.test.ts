import { expect, test } from 'vitest'
import { backportsSource, findReleaseSource } from './apt-sources.ts'

const uri = 'http://mirror.example/debian'
const main = { uri, suite: 'bookworm', components: ['main'], signedBy: '/k.gpg' }
const others = [
  { uri: 'http://other.example/tools', suite: 'bookworm', components: ['tools'] },
  { uri, suite: 'bookworm-updates', components: ['main'] },
]

test('backports come from the mirror of the release, checked with the same keys', () => {
  const source = findReleaseSource([...others, main], 'bookworm')
  expect(source).toBe(main)
  expect(backportsSource(main).split('\n').slice(1)).toEqual([
    'Types: deb',
    `URIs: ${uri}`,
    'Suites: bookworm-backports',
    'Components: main',
    'Signed-By: /k.gpg',
    '',
  ])
})

test('no Signed-By where the host names no key', () => {
  expect(backportsSource({ uri, suite: 'bookworm', components: ['main'] })).not.toContain('Signed-By')
})

test('no source of the release, no backports', () => {
  expect(findReleaseSource(others, 'bookworm')).toBeUndefined()
})
