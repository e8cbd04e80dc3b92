// What the cluster's DNS says, and what it makes of queries that are none.

import { randomBytes } from 'node:crypto'
import { decode, encode, type DecodedPacket, type RecordType } from 'dns-packet'
import { describe, expect, test } from 'vitest'
import { reverseName } from './addresses.ts'
import { answerDns, type Zone } from './names.ts'

const zone: Zone = {
  domain: 'cluster.internal',
  reverseDomains: ['0.77.10.in-addr.arpa', '0.0.0.0.0.0.0.0.0.0.0.0.7.7.d.f.ip6.arpa'],
  hosts: () => [
    { name: 'services', ipv4: '10.77.0.1', ipv6: 'fd77::1' },
    { name: 'm0', ipv4: '10.77.0.10', ipv6: 'fd77::10' },
    { name: 'm12', ipv4: '10.77.0.22', ipv6: 'fd77::22' },
  ],
}

const RECURSION_WISHED = 0x0100

function query(name: string, type: RecordType | 'ANY' | 'UNKNOWN_65', edns = false): Buffer {
  return encode({
    type: 'query',
    id: 0xbeef,
    flags: RECURSION_WISHED,
    questions: [{ name, type: type as RecordType }],
    additionals: edns
      ? [
          {
            type: 'OPT',
            name: '.',
            udpPayloadSize: 4096,
            extendedRcode: 0,
            ednsVersion: 0,
            flags: 0,
            flag_do: false,
            options: [],
          },
        ]
      : [],
  })
}

function ask(bytes: Buffer): DecodedPacket & { readonly rcode: number } {
  const answer = answerDns(bytes, zone)
  if (answer === undefined) throw new Error('no answer')
  const decoded = decode(answer)
  expect(decoded).toMatchObject({ type: 'response', id: 0xbeef })
  return { ...decoded, rcode: answer.readUInt16BE(2) & 0xf }
}

describe('answers', () => {
  test.each([
    ['m0.cluster.internal', 'A', '10.77.0.10'],
    ['m0.cluster.internal', 'AAAA', 'fd77::10'],
    ['M12.Cluster.INTERNAL', 'A', '10.77.0.22'],
    ['services.cluster.internal', 'AAAA', 'fd77::1'],
    [reverseName('10.77.0.22'), 'PTR', 'm12.cluster.internal'],
    [reverseName('fd77::22'), 'PTR', 'm12.cluster.internal'],
  ] as const)('%s %s', (name, type, data) => {
    const answer = ask(query(name, type))
    expect(answer.rcode).toBe(0)
    expect(answer.flag_aa).toBe(true)
    expect(answer.questions).toEqual([{ name, type, class: 'IN' }])
    expect(answer.answers).toEqual([expect.objectContaining({ name, type, data, ttl: 60 })])
  })

  test('ANY is all there is', () => {
    const { answers = [] } = ask(query('m0.cluster.internal', 'ANY'))
    expect(answers.map(({ type }) => type)).toEqual(['A', 'AAAA'])
  })

  test.each([
    ['another type', 'm0.cluster.internal', 'MX', 0],
    ['a type that is newer than the library', 'm0.cluster.internal', 'UNKNOWN_65', 0],
    ['the domain itself', 'cluster.internal', 'A', 0],
    ['no machine of the cluster', 'm1.cluster.internal', 'A', 3],
    ['a name below a machine', 'a.m0.cluster.internal', 'A', 3],
    ['an address of nobody', reverseName('10.77.0.99'), 'PTR', 3],
    ['a reverse name that is none', 'x.0.77.10.in-addr.arpa', 'PTR', 3],
  ] as const)('nothing for %s, not to be remembered for long', (_, name, type, rcode) => {
    const answer = ask(query(name, type))
    expect(answer).toMatchObject({ rcode, answers: [], flag_aa: true })
    expect(answer.authorities).toEqual([expect.objectContaining({ type: 'SOA', ttl: 1 })])
    expect(answer.authorities?.[0]).toMatchObject({ data: { minimum: 1 } })
  })

  test.each(['example.com', 'internal', 'xcluster.internal', 'm0', '.', '11.0.0.10.in-addr.arpa'])(
    '%s is refused at once, with its question',
    (name) => {
      const answer = ask(query(name, 'A'))
      expect(answer).toMatchObject({ rcode: 5, answers: [], authorities: [], flag_aa: false })
      expect(answer.questions?.[0]?.name).toBe(name)
    },
  )

  test('who speaks EDNS is answered in it, who does not is not', () => {
    expect(ask(query('m0.cluster.internal', 'A', true)).additionals).toEqual([
      expect.objectContaining({ type: 'OPT', udpPayloadSize: 1232 }),
    ])
    expect(ask(query('m0.cluster.internal', 'A')).additionals).toEqual([])
  })
})

describe('hostile queries', () => {
  const good = query('m0.cluster.internal', 'A', true)

  test('cut anywhere: malformed, or no answer where there is not even a header', () => {
    for (let length = 0; length < good.length; length += 1) {
      const answer = answerDns(good.subarray(0, length), zone)
      if (length < 12) expect(answer).toBeUndefined()
      else expect({ length, code: (answer?.readUInt16BE(2) ?? 0) & 0xf }).toEqual({ length, code: 1 })
    }
  })

  test.each([
    ['a pointer to itself', [0xc0, 12]],
    ['a pointer ahead', [0xc0, 14]],
    ['a pointer beyond the end', [0xff, 0xff]],
    ['half a pointer', [0xc0]],
    ['two pointers in a circle', [1, 0x61, 0xc0, 12]],
    ['a label of a kind that is not', [0x80, 1]],
    ['a label that is longer than the packet', [63, 0x61]],
    ['a name that does not end', [1, 0x61, 1, 0x61]],
  ])('a name with %s', (_, name) => {
    const header = Buffer.from([0xbe, 0xef, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0])
    expect(ask(Buffer.concat([header, Buffer.from(name)])).rcode).toBe(1)
  })

  test('names that the answer could not repeat', () => {
    const header = Buffer.from([0xbe, 0xef, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0])
    const tail = Buffer.from([0, 0, 1, 0, 1])
    for (const label of ['\u0000', 'a b', '\u00ff'.repeat(63)]) {
      const bytes = Buffer.from(label, 'latin1')
      const packet = Buffer.concat([header, Buffer.from([bytes.length]), bytes, tail])
      expect(ask(packet).rcode).toBe(1)
    }
  })

  test('too many questions, none, and counts that lie', () => {
    const two = encode({
      type: 'query',
      id: 0xbeef,
      questions: [
        { name: 'm0.cluster.internal', type: 'A' },
        { name: 'm0.cluster.internal', type: 'AAAA' },
      ],
    })
    expect(ask(two).rcode).toBe(1)
    expect(ask(encode({ type: 'query', id: 0xbeef, questions: [] })).rcode).toBe(1)
    const lies = Buffer.from(good)
    lies.fill(0xff, 4, 12)
    expect(ask(lies).rcode).toBe(1)
  })

  test('answers are not answered, and other operations are not known', () => {
    const response = Buffer.from(good)
    response.writeUInt16BE(0x8100, 2)
    expect(answerDns(response, zone)).toBeUndefined()
    const update = Buffer.from(good)
    update.writeUInt16BE(0x2800, 2)
    expect(ask(update).rcode).toBe(4)
  })

  test('noise never throws, and is never answered with more than a little', () => {
    const longer = Array.from({ length: 3000 }, (_, round) => {
      const noise = round % 2 === 0 ? randomBytes(round % 300) : Buffer.from(good)
      if (round % 2 === 1) randomBytes(4).copy(noise, round % noise.length)
      return (answerDns(noise, zone)?.length ?? 0) - noise.length
    })
    expect(Math.max(...longer)).toBeLessThan(200)
  })
})
