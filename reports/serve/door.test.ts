// Who may come in.

import { describe, expect, test } from 'vitest'
import { admit, type Admission, type Door, isLoopback, newToken } from './door.ts'

const token = newToken()
const local: Door = { token: undefined, isLoopback: true, cookie: 'signalbox-1' }
const open: Door = { token, isLoopback: false, cookie: 'signalbox-1' }

const ask = (door: Door, headers: Readonly<Record<string, string>>, target = '/', method = 'GET'): string => {
  const admission = admit(door, { method, target, headers: { host: '127.0.0.1:7411', ...headers } })
  return admission.kind === 'refused' ? String(admission.status) : admission.kind
}

describe('on loopback', () => {
  test.each([
    ['127.0.0.1:7411', 'welcome'],
    ['localhost:7411', 'welcome'],
    // By a tunnel from another port.
    ['LOCALHOST:9999', 'welcome'],
    ['127.0.0.1', 'welcome'],
    ['[::1]:7411', 'welcome'],
    ['evil.example', '403'],
    ['evil.example:7411', '403'],
    ['127.0.0.1.evil.example', '403'],
    ['localhost.evil.example:7411', '403'],
    ['localhost@evil.example', '400'],
    ['', '400'],
  ])('the host %s', (host, what) => {
    expect(ask(local, { host })).toBe(what)
  })

  test.each([
    [{ origin: 'http://evil.example' }, '403'],
    [{ origin: 'http://127.0.0.1:8000' }, '403'],
    [{ origin: 'null' }, '403'],
    [{ origin: 'http://127.0.0.1:7411' }, 'welcome'],
    [{ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'script' }, '403'],
    [{ 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' }, '403'],
    [{ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' }, '403'],
    // Somebody has followed a link.
    [
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' },
      'welcome',
    ],
    [{ 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' }, 'welcome'],
  ])('a request with %o', (headers, what) => {
    expect(ask(local, headers as Readonly<Record<string, string>>)).toBe(what)
  })

  test.each(['POST', 'PUT', 'DELETE', 'OPTIONS', ''])('%s is refused', (method) => {
    expect(ask(local, {}, '/', method)).toBe('405')
  })
})

describe('with a token', () => {
  test('nobody comes in without it', () => {
    expect(ask(open, {})).toBe('401')
    expect(ask(open, {}, `/?token=${token.slice(1)}`)).toBe('401')
    expect(ask(open, {}, '/?token=')).toBe('401')
    expect(ask(open, { cookie: 'signalbox-1=' })).toBe('401')
    expect(ask(open, { cookie: `signalbox-2=${token}` })).toBe('401')
    expect(ask(open, { authorization: `Basic ${token}` })).toBe('401')
  })

  test('it comes by address, and from then on by cookie', () => {
    const admission = admit(open, {
      method: 'GET',
      target: `/test?name=a%26b&token=${token}`,
      headers: { host: 'ci.example:7411' },
    })
    expect(admission).toEqual<Admission>({
      kind: 'enter',
      cookie: `signalbox-1=${token}; HttpOnly; SameSite=Lax; Path=/`,
      location: '/test?name=a%26b',
    })
    expect(ask(open, { cookie: `other=1; signalbox-1=${token}` })).toBe('welcome')
    expect(ask(open, { authorization: `Bearer ${token}` })).toBe('welcome')
  })

  test('the way on never leads to another host', () => {
    for (const path of [
      `/.//evil.example/?token=${token}`,
      `//evil.example/?token=${token}`,
      `/\\evil.example/?token=${token}`,
    ]) {
      const admission = admit(open, { method: 'GET', target: path, headers: { host: 'x' } })
      const location = admission.kind === 'enter' ? admission.location : '/'
      expect(new URL(location, 'http://here').host, path).toBe('here')
    }
  })
})

test('which addresses are of this host only', () => {
  expect(['127.0.0.1', '127.8.9.1', '::1', 'localhost'].every(isLoopback)).toBe(true)
  expect(['0.0.0.0', '::', '192.168.0.1', '127.evil.example', ''].some(isLoopback)).toBe(false)
})
