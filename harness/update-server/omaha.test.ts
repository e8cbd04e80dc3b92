import { createHash } from 'node:crypto'
import { XMLParser } from 'fast-xml-parser'
import { expect, it } from 'vitest'
import { appXml, requestXml } from './omaha-request.test.fixture.ts'
import { FLATCAR_APP_ID } from './release.ts'
import { startUpdateServer } from './update-server.ts'

const payload = Buffer.from('CrAU: the payload of an update')
const hash = (algorithm: string, content: Uint8Array): string =>
  createHash(algorithm).update(content).digest('base64')

/** Another reader than the server's. */
const xml = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: '', isArray: (name) => name === 'app' })

interface Answer {
  readonly status: number
  readonly type: string | null
  readonly body: string
  // oxlint-disable-next-line typescript/no-explicit-any -- what came over the wire, looked at by expectations only
  readonly response: any
}

async function post(url: string, body: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  const answer = await fetch(url, { method: 'POST', body, headers: { 'content-type': 'text/xml', ...headers } })
  const text = await answer.text()
  const type = answer.headers.get('content-type')
  return { status: answer.status, type, body: text, response: xml.parse(text).response }
}

it('offers a release with what update_engine looks for', async () => {
  await using server = await startUpdateServer({ hostAddress: '127.0.0.1' })
  const oem = Buffer.from('an extension of the OEM')
  await server.offerRelease({
    version: '4230.2.1',
    packages: [
      { name: 'flatcar_production_update.gz', content: payload },
      { name: 'oem-qemu.gz', content: oem },
    ],
  })
  for (const path of ['v1/update', 'v1/update/', 'update', 'update/']) {
    const { status, type, response } = await post(server.urls.base + path, requestXml())
    expect([status, type]).toEqual([200, 'text/xml; charset=utf-8'])
    expect(response).toMatchObject({
      protocol: '3.0',
      daystart: { elapsed_seconds: '0' },
      app: [{ appid: FLATCAR_APP_ID, status: 'ok', ping: { status: 'ok' }, event: { status: 'ok' } }],
    })
    const [{ updatecheck }] = response.app
    expect(updatecheck.status).toBe('ok')
    const { manifest, urls } = updatecheck
    expect(manifest.version).toBe('4230.2.1')
    expect(manifest.packages.package).toEqual([
      {
        name: 'flatcar_production_update.gz',
        hash: hash('sha1', payload),
        hash_sha256: hash('sha256', payload),
        size: `${payload.length}`,
        required: 'true',
      },
      {
        name: 'oem-qemu.gz',
        hash: hash('sha1', oem),
        hash_sha256: hash('sha256', oem),
        size: `${oem.length}`,
        required: 'false',
      },
    ])
    expect(manifest.actions.action).toEqual({
      event: 'postinstall',
      DisplayVersion: '4230.2.1',
      sha256: hash('sha256', payload),
      needsadmin: 'false',
      IsDeltaPayload: 'false',
      DisablePayloadBackoff: 'true',
    })
    const got = await fetch(urls.url.codebase + manifest.packages.package[0].name)
    expect(Buffer.from(await got.arrayBuffer())).toEqual(payload)
  }
})
