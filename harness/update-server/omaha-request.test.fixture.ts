// Requests and answers over real HTTP. The requests have the form in which Flatcar's update_engine sends them (its omaha_request_action.cc, and the sample in go-omaha's
// protocol_test.go), with values of ours.

import { XMLParser } from 'fast-xml-parser'
import { FLATCAR_APP_ID } from './release.ts'

export interface SampleApp {
  readonly appId?: string
  readonly version?: string
  readonly track?: string
  readonly inner?: string
}

export const CHECK =
  '<ping active="1"></ping>\n<updatecheck></updatecheck>\n<event eventtype="3" eventresult="2" previousversion=""></event>'

/** `<app>` with all the attributes that update_engine sends. */
export function appXml({
  appId = FLATCAR_APP_ID,
  version = '4230.2.0',
  track = 'stable',
  inner = CHECK,
}: SampleApp = {}): string {
  const attributes = [
    `appid="${appId}" version="${version}" track="${track}"`,
    'bootid="{7d52a1cc-7066-40f0-91c7-7cb6a871bfde}" oem="qemu" oemversion="" alephversion="4230.0.0"',
    'machineid="0f3a5b2c9d1e4f60a7b8c9d0e1f20314" machinealias="" lang="en-US" board="amd64-usr"',
    'hardware_class="" delta_okay="false" ',
  ]
  return `<app ${attributes.join(' ')}>\n${inner}\n</app>`
}

export function requestXml(...apps: readonly string[]): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<request protocol="3.0" version="update_engine-0.4.10" updaterversion="update_engine-0.4.10" installsource="ondemandupdate" ismachine="1">
<os version="Chateau" platform="CoreOS" sp="4230.2.0_x86_64"></os>
${(apps.length === 0 ? [appXml()] : apps).join('\n')}
</request>
`
}

type Attributes = Readonly<Record<string, string>>

/** An answer as another reader than the server's sees it. */
export interface Answer {
  readonly status: number
  readonly type: string | null
  readonly body: string
  readonly response: {
    readonly app: readonly {
      readonly status: string
      readonly updatecheck?: {
        readonly status: string
        readonly urls?: { readonly url: { readonly codebase: string } }
        readonly manifest?: {
          readonly version: string
          readonly packages: { readonly package: readonly Attributes[] }
          readonly actions: { readonly action: Attributes }
        }
      }
    }[]
  }
}

const lists = new Set(['app', 'package'])
const xml = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '',
  isArray: (name) => lists.has(name),
})

/** Sends a body to the server. */
export async function post(
  url: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const answer = await fetch(url, {
    method: 'POST',
    body,
    headers: { 'content-type': 'text/xml', ...headers },
  })
  const text = await answer.text()
  const type = answer.headers.get('content-type')
  const parsed =
    type?.includes('xml') === true
      ? (xml.parse(text) as { readonly response: Answer['response'] })
      : undefined
  return { status: answer.status, type, body: text, response: parsed?.response ?? { app: [] } }
}
