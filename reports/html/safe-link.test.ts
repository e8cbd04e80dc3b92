// No link of the page leads to anything that acts.

import { expect, test } from 'vitest'
import { fileLink, webLink } from './safe-link.ts'

test.each([
  ['attempts/a.b/1/m0/console.txt', './attempts/a.b/1/m0/console.txt'],
  ['../other/attempts/a/1/m0/journal.jsonl', './../other/attempts/a/1/m0/journal.jsonl'],
  ['attempts/ä #?/x y.txt', './attempts/%C3%A4%20%23%3F/x%20y.txt'],
  ['javascript:alert(1)//x.txt', './javascript%3Aalert(1)//x.txt'],
  ['a%2e/\uD800.log', './a%252e/%EF%BF%BD.log'],
])('%s is a relative link', (path, link) => expect(fileLink(path)).toBe(link))

test.each([
  ['/etc/passwd.txt'],
  ['a/page.html'],
  ['a/picture.svg'],
  ['a/x.txt\0.html'],
  ['a/none'],
  ['a/x.xhtml'],
])('%s is none', (path) => expect(fileLink(path)).toBeUndefined())

test('trackers are on the web', () => {
  expect(webLink(' https://example.org/1?a=b ')).toBe('https://example.org/1?a=b')
  for (const address of [
    'javascript:alert(1)',
    'data:text/html,x',
    'file:///etc',
    'vbscript:x',
    'see above',
    ' java\nscript:alert(1)',
  ])
    expect(webLink(address)).toBeUndefined()
})
