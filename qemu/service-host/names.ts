// DNS for the names of one cluster: pure, a query's bytes to an answer's. It knows these names and no others: the rest is
// refused at once, so that resolvers go on to another server.

import { decode, encode, type Answer, type Packet, type Question } from 'dns-packet'
import { reverseName } from './addresses.ts'

/** A host and its addresses. */
export interface NamedHost {
  /** One label: `m0`. */
  readonly name: string
  readonly ipv4: string
  readonly ipv6: string
}

/** The names of a cluster. */
export interface Zone {
  /** `cluster.internal` */
  readonly domain: string
  /** Domains of names of addresses, which are the zone's alone: `0.77.10.in-addr.arpa`. */
  readonly reverseDomains: readonly string[]
  /** Asked for each query. */
  hosts(): readonly NamedHost[]
}

// Machines keep their addresses; but one may be added, and what was not there must not be remembered for long.
const TTL_SECONDS = 60
const NEGATIVE_TTL_SECONDS = 1

// RFC 1035, 4.1.1.
const RESPONSE = 1 << 15
const AUTHORITATIVE = 1 << 10
const RECURSION_WISHED = 1 << 8
const CODE = { good: 0, malformed: 1, unknownName: 3, unknownOperation: 4, refused: 5 } as const

/** The answer to a query; undefined for what must not be answered. Never throws. */
export function answerDns(query: Buffer, zone: Zone): Buffer | undefined {
  if (query.length < 12) return undefined
  const flags = query.readUInt16BE(2)
  if ((flags & RESPONSE) !== 0) return undefined
  const operation = (flags >> 11) & 0xf
  if (operation !== 0) return bareAnswer(query, CODE.unknownOperation)
  const asked = readQuestion(query)
  if (asked === undefined) return bareAnswer(query, CODE.malformed)
  const { question, hasExtensions } = asked
  const { code, answers = [], authorities = [] } = lookUp(question, zone)
  const packet: Packet = {
    type: 'response',
    id: query.readUInt16BE(0),
    flags: (flags & RECURSION_WISHED) | (code === CODE.refused ? 0 : AUTHORITATIVE) | code,
    questions: [question],
    answers: [...answers],
    authorities: [...authorities],
    // RFC 6891, 6.1.1: whoever speaks EDNS is answered in it.
    additionals: hasExtensions ? [extensions] : [],
  }
  try {
    return encode(packet)
  } catch {
    // A type or class that the library cannot write down again.
    return bareAnswer(query, CODE.unknownOperation)
  }
}

const extensions: Answer = {
  type: 'OPT',
  name: '.',
  udpPayloadSize: 1232,
  extendedRcode: 0,
  ednsVersion: 0,
  flags: 0,
  flag_do: false,
  options: [],
}

/** The one question of a query, when it can be repeated in an answer as it was. */
function readQuestion(
  query: Buffer,
): { readonly question: Question; readonly hasExtensions: boolean } | undefined {
  try {
    const { questions = [], additionals = [] } = decode(query)
    const [question] = questions
    if (question === undefined || questions.length !== 1) return undefined
    // What is no host name is nobody's here, and would come out of the library as another one.
    const labels = question.name === '.' ? [] : question.name.split('.')
    if (!labels.every((label) => /^[\x21-\x2d\x2f-\x7e]{1,63}$/.test(label))) return undefined
    return { question, hasExtensions: additionals.some(({ type }) => type === 'OPT') }
  } catch {
    return undefined
  }
}

interface Found {
  readonly code: number
  readonly answers?: readonly Answer[]
  readonly authorities?: readonly Answer[]
}

function lookUp(question: Question, zone: Zone): Found {
  const { name, class: kind } = question
  // The library's type leaves ANY out.
  const type: string = question.type
  const wanted = name.toLowerCase()
  const domain = [zone.domain, ...zone.reverseDomains].find(
    (each) => wanted === each || wanted.endsWith(`.${each}`),
  )
  if (domain === undefined || (kind !== undefined && kind !== 'IN' && kind !== 'ANY'))
    return { code: CODE.refused }
  const authority = startOfAuthority(domain, zone)
  if (wanted === domain) {
    if (type === 'SOA' || type === 'ANY') return { code: CODE.good, answers: [authority] }
    return { code: CODE.good, authorities: [authority] }
  }
  const records = recordsOf(name, wanted, domain, zone)
  if (records === undefined) return { code: CODE.unknownName, authorities: [authority] }
  const answers = records.filter((record) => type === 'ANY' || record.type === type)
  return answers.length > 0 ? { code: CODE.good, answers } : { code: CODE.good, authorities: [authority] }
}

/** Everything there is under a name, or undefined. `name` is as it was asked. */
function recordsOf(name: string, wanted: string, domain: string, zone: Zone): readonly Answer[] | undefined {
  const record = { name, ttl: TTL_SECONDS } as const
  if (domain === zone.domain) {
    const label = wanted.slice(0, -domain.length - 1)
    const host = zone.hosts().find((each) => each.name === label)
    if (host === undefined) return undefined
    return [
      { ...record, type: 'A', data: host.ipv4 },
      { ...record, type: 'AAAA', data: host.ipv6 },
    ]
  }
  const host = zone.hosts().find(({ ipv4, ipv6 }) => [ipv4, ipv6].map(reverseName).includes(wanted))
  if (host === undefined) return undefined
  return [{ ...record, type: 'PTR', data: `${host.name}.${zone.domain}` }]
}

// RFC 2308, 4: its last number is how long a "no" may be remembered.
function startOfAuthority(name: string, { domain }: Zone): Answer {
  const times = { serial: 1, refresh: 3600, retry: 600, expire: 86_400, minimum: NEGATIVE_TTL_SECONDS }
  const data = { mname: `services.${domain}`, rname: `hostmaster.${domain}`, ...times }
  return { type: 'SOA', name, ttl: NEGATIVE_TTL_SECONDS, data }
}

/** A header that says no more than what was wrong. */
function bareAnswer(query: Buffer, code: number): Buffer {
  const answer = Buffer.alloc(12)
  query.copy(answer, 0, 0, 2)
  answer.writeUInt16BE(RESPONSE | (query.readUInt16BE(2) & (0x7800 | RECURSION_WISHED)) | code, 2)
  return answer
}
