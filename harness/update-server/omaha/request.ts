// An Omaha request, read out of XML that a guest sent: hostile. Well-formed and small, or refused with what is wrong; no
// document type, so there are no entities to expand. Attributes that nobody asks for are ignored, as servers do.

import { SaxesParser, type SaxesTagPlain } from 'saxes'
import { messageOf } from '../../errors.ts'
import { oneLine } from '../../hostile-text.ts'

/** `<event>`: what a client reports of an update. */
export interface ReportedEvent {
  readonly type: number
  readonly result: number
  readonly errorCode: number | undefined
  /** What ran before, in the report of a finished update; `0.0.0.0` on a first boot. */
  readonly previousVersion: string | undefined
  readonly nextVersion: string | undefined
}

/** `<app>`: one application of a machine; texts are cleaned and at most 200 characters. */
export interface OmahaApp {
  /** As it came, for the answer to name it so; undefined when it is no usable identifier. */
  readonly appId: string | undefined
  readonly version: string
  /** The group, or channel. */
  readonly track: string
  readonly machineId: string
  readonly machineAlias: string
  readonly bootId: string
  readonly board: string
  readonly oem: string
  readonly oemVersion: string
  readonly alephVersion: string
  readonly ping: boolean
  readonly updateCheck: boolean
  readonly events: readonly ReportedEvent[]
}

export interface OmahaRequest {
  readonly protocol: string
  /** Name and version of the client: `update_engine-0.4.10`. */
  readonly updater: string
  /** `ondemandupdate` when somebody asked for the check, `scheduler` when it was due. */
  readonly installSource: string
  readonly apps: readonly OmahaApp[]
}

/** A request, or why it is none. */
export type ReadRequest =
  | { readonly kind: 'request'; readonly request: OmahaRequest }
  | { readonly kind: 'refused'; readonly status: 400 | 415; readonly why: string }

/** Elements of one request: a machine has a handful of applications. */
const MOST_ELEMENTS = 1000
/** `request` / `app` / `event`, and a little. */
const DEEPEST = 8
const LONGEST_ATTRIBUTE = 200

class Refusal extends Error {}
/** What is answered with 415. */
class EncodingRefusal extends Error {}

type Attributes = Readonly<Record<string, string>>
type BuildingApp = { -readonly [K in keyof OmahaApp]: OmahaApp[K] } & { events: ReportedEvent[] }

/** Reads a request's body. Never throws. */
export function readOmahaRequest(body: Uint8Array): ReadRequest {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(body)
  } catch {
    return { kind: 'refused', status: 415, why: 'the body is not UTF-8' }
  }
  try {
    return { kind: 'request', request: parse(text) }
  } catch (error) {
    if (error instanceof EncodingRefusal) return { kind: 'refused', status: 415, why: error.message }
    return { kind: 'refused', status: 400, why: oneLine(messageOf(error), 300) }
  }
}

function parse(text: string): OmahaRequest {
  const parser = new SaxesParser()
  const path: string[] = []
  const apps: BuildingApp[] = []
  let root: Attributes | undefined
  let elements = 0
  parser.on('error', (error) => {
    throw new Refusal(`the body is not well-formed XML: ${error.message}`)
  })
  parser.on('doctype', () => {
    throw new Refusal('a document type is not allowed')
  })
  parser.on('xmldecl', ({ encoding = 'UTF-8' }) => {
    if (!/^(?:utf-?8|us-ascii)$/i.test(encoding)) {
      throw new EncodingRefusal(`the encoding ${oneLine(encoding, 40)} is not supported: send UTF-8`)
    }
  })
  parser.on('opentag', ({ name, attributes }: SaxesTagPlain) => {
    elements += 1
    if (elements > MOST_ELEMENTS) throw new Refusal(`more than ${MOST_ELEMENTS} elements`)
    if (path.length >= DEEPEST) throw new Refusal(`elements more than ${DEEPEST} deep`)
    path.push(name)
    const place = path.join('/')
    if (place === 'request') root = attributes
    else if (place === 'request/app') apps.push(appOf(attributes))
    else addToApp(apps.at(-1), place, attributes)
  })
  parser.on('closetag', () => {
    path.pop()
  })
  parser.write(text).close()
  return requestOf(root, apps)
}

function requestOf(root: Attributes | undefined, apps: readonly OmahaApp[]): OmahaRequest {
  if (root === undefined) throw new Refusal('the root element is not "request"')
  const protocol = textOf(root, 'protocol')
  if (protocol !== '3.0') {
    throw new Refusal(`protocol ${JSON.stringify(protocol)} is not supported: this server speaks 3.0`)
  }
  if (apps.length === 0) throw new Refusal('the request names no app')
  return {
    protocol,
    updater: textOf(root, 'updaterversion') || textOf(root, 'version'),
    installSource: textOf(root, 'installsource'),
    apps,
  }
}

function addToApp(app: BuildingApp | undefined, place: string, attributes: Attributes): void {
  if (app === undefined) return
  switch (place) {
    case 'request/app/ping':
      app.ping = true
      return
    case 'request/app/updatecheck':
      app.updateCheck = true
      return
    case 'request/app/event':
      app.events.push(eventOf(attributes))
      return
    default:
  }
}

function appOf(attributes: Attributes): BuildingApp {
  const id = attributes['appid'] ?? ''
  return {
    appId: /^[\w{}.-]{1,128}$/.test(id) ? id : undefined,
    version: textOf(attributes, 'version'),
    track: textOf(attributes, 'track'),
    machineId: textOf(attributes, 'machineid'),
    machineAlias: textOf(attributes, 'machinealias'),
    bootId: textOf(attributes, 'bootid'),
    board: textOf(attributes, 'board'),
    oem: textOf(attributes, 'oem'),
    oemVersion: textOf(attributes, 'oemversion'),
    alephVersion: textOf(attributes, 'alephversion'),
    ping: false,
    updateCheck: false,
    events: [],
  }
}

function eventOf(attributes: Attributes): ReportedEvent {
  const optionalText = (name: string): string | undefined =>
    attributes[name] === undefined ? undefined : textOf(attributes, name)
  return {
    type: numberOf(attributes, 'eventtype'),
    result: numberOf(attributes, 'eventresult'),
    errorCode: attributes['errorcode'] === undefined ? undefined : numberOf(attributes, 'errorcode'),
    previousVersion: optionalText('previousversion'),
    nextVersion: optionalText('nextversion'),
  }
}

function textOf(attributes: Attributes, name: string): string {
  return oneLine(attributes[name] ?? '', LONGEST_ATTRIBUTE)
}

function numberOf(attributes: Attributes, name: string): number {
  const text = attributes[name] ?? ''
  if (!/^-?\d{1,10}$/.test(text))
    throw new Refusal(`an event has no number in "${name}": ${oneLine(text, 40)}`)
  return Number(text)
}
