import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'
import type { UpdateServer } from './fixture.ts'
import { appXml, CHECK, post, requestXml } from './omaha-request.test.fixture.ts'
import { FLATCAR_APP_ID } from './release.ts'
import { startUpdateServer } from './update-server.ts'

const payload = Buffer.from('CrAU: the payload of an update')
const hash = (algorithm: string, content: Uint8Array): string =>
  createHash(algorithm).update(content).digest('base64')

const twice = { version: '2.0.0', packages: [{ name: 'update.gz', content: payload }] } as const

/** What the server says to the applications of a request: their status, and that of their update check. */
async function statuses(
  server: UpdateServer,
  ...apps: readonly Parameters<typeof appXml>[0][]
): Promise<readonly unknown[]> {
  const { app } = (await post(server.urls.omaha, requestXml(...apps.map(appXml)))).response
  return app.map(({ status, updatecheck }) => [status, updatecheck?.status, updatecheck?.manifest?.version])
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
    const { status: check, manifest, urls } = response.app[0]?.updatecheck ?? {}
    expect(check).toBe('ok')
    expect(manifest?.version).toBe('4230.2.1')
    expect(manifest?.packages.package).toEqual([
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
    expect(manifest?.actions.action).toEqual({
      event: 'postinstall',
      DisplayVersion: '4230.2.1',
      sha256: hash('sha256', payload),
      needsadmin: 'false',
      IsDeltaPayload: 'false',
      DisablePayloadBackoff: 'true',
    })
    const got = await fetch(`${urls?.url.codebase}${manifest?.packages.package[0]?.name}`)
    expect(Buffer.from(await got.arrayBuffer())).toEqual(payload)
  }
})

it.each<[string, string, readonly unknown[]]>([
  ['older', '1.9.9', ['ok', 'ok', '2.0.0']],
  ['much older, with other digits', '1.10.0', ['ok', 'ok', '2.0.0']],
  ['the same', '2.0.0', ['ok', 'noupdate', undefined]],
  ['newer', '2.0.1', ['ok', 'noupdate', undefined]],
  ['none', '', ['ok', 'ok', '2.0.0']],
  ['forced', 'ForcedUpdate', ['ok', 'ok', '2.0.0']],
])('looks at the version of a client: %s', async (_, version, expected) => {
  await using server = await startUpdateServer({ hostAddress: '127.0.0.1' })
  await server.offerRelease(twice)
  expect(await statuses(server, { version })).toEqual([expected])
})

it('offers a downgrade when it is told to', async () => {
  await using server = await startUpdateServer({ hostAddress: '127.0.0.1' })
  await server.offerRelease({ ...twice, to: 'any' })
  expect(await statuses(server, { version: '3.0.0' }, { version: '2.0.0' })).toEqual([
    ['ok', 'ok', '2.0.0'],
    ['ok', 'ok', '2.0.0'],
  ])
})

it('answers each channel with its own release, the others with the one for all', async () => {
  await using server = await startUpdateServer({ hostAddress: '127.0.0.1' })
  const asked = [{ track: 'alpha' }, { track: 'beta' }, { track: 'stable' }]
  await server.offerRelease({ ...twice, version: '5000.0.0', track: 'alpha' })
  expect(await statuses(server, ...asked)).toEqual([
    ['ok', 'ok', '5000.0.0'],
    ['ok', 'noupdate', undefined],
    ['ok', 'noupdate', undefined],
  ])
  await server.offerRelease({ ...twice, version: '4500.0.0' })
  await server.offerRelease({ ...twice, version: '5001.0.0', track: 'alpha' })
  expect(await statuses(server, ...asked)).toEqual([
    ['ok', 'ok', '5001.0.0'],
    ['ok', 'ok', '4500.0.0'],
    ['ok', 'ok', '4500.0.0'],
  ])
})

it('knows the applications that it has releases of', async () => {
  await using server = await startUpdateServer({ hostAddress: '127.0.0.1' })
  const other = 'io.example.App-1'
  expect(await statuses(server, { appId: FLATCAR_APP_ID.toUpperCase() }, { appId: other })).toEqual([
    ['ok', 'noupdate', undefined],
    ['error-unknownApplication', undefined, undefined],
  ])
  await server.offerRelease({ ...twice, appId: other })
  const { response } = await post(server.urls.omaha, requestXml(appXml({ appId: other, version: '1' })))
  expect(response.app).toMatchObject([{ appid: other, status: 'ok', updatecheck: { status: 'ok' } }])
})

it.each([
  ['unknown', '{00000000-0000-0000-0000-000000000000}', 'error-unknownApplication'],
  ['empty', '', 'error-invalidAppId'],
  ['no identifier', '../../&lt;app&gt;', 'error-invalidAppId'],
  ['endless', 'a'.repeat(500), 'error-invalidAppId'],
])('has an error for an application that is %s', async (_, appId, expected) => {
  await using server = await startUpdateServer({ hostAddress: '127.0.0.1' })
  await server.offerRelease(twice)
  const { status, response } = await post(server.urls.omaha, requestXml(appXml({ appId })))
  // As go-omaha: an error of HTTP, too, when none of the applications is well.
  expect(status).toBe(400)
  expect(response.app).toEqual([
    { ...(expected === 'error-unknownApplication' ? { appid: appId } : {}), status: expected },
  ])
  expect((await post(server.urls.omaha, requestXml(appXml({ appId }), appXml()))).status).toBe(200)
})

it.each<[Parameters<UpdateServer['misbehave']>[0], number, readonly unknown[]]>([
  [{ kind: 'app-status', app: 'error-internal' }, 500, ['error-internal', undefined, undefined]],
  [{ kind: 'app-status', app: 'restricted' }, 400, ['restricted', undefined, undefined]],
  [{ kind: 'check-status', check: 'error-osnotsupported' }, 200, ['ok', 'error-osnotsupported', undefined]],
  [{ kind: 'check-status', check: 'error-internal' }, 200, ['ok', 'error-internal', undefined]],
  [{ kind: 'check-status', check: 'noupdate' }, 200, ['ok', 'noupdate', undefined]],
])('says %j when it is told to', async (fault, http, expected) => {
  await using server = await startUpdateServer({ hostAddress: '127.0.0.1' })
  await server.offerRelease({ ...twice, to: 'any' })
  server.misbehave(fault, { times: 1 })
  const { status, response } = await post(server.urls.omaha, requestXml())
  expect(status).toBe(http)
  const [app] = response.app
  expect([app?.status, app?.updatecheck?.status, app?.updatecheck?.manifest]).toEqual(expected)
  expect(await statuses(server, {})).toEqual([['ok', 'ok', '2.0.0']])
})

it('declares hashes of something else when it is told to', async () => {
  await using server = await startUpdateServer({ hostAddress: '127.0.0.1' })
  await server.offerRelease({ ...twice, to: 'any' })
  using fault = server.misbehave({ kind: 'wrong-hash' })
  const { response } = await post(server.urls.omaha, requestXml())
  const { packages, actions } = response.app[0]?.updatecheck?.manifest ?? {}
  const [declared] = packages?.package ?? []
  expect(fault.hits).toBe(1)
  for (const [kind, value] of [
    ['sha1', declared?.['hash']],
    ['sha256', declared?.['hash_sha256']],
    ['sha256', actions?.action['sha256']],
  ] as const) {
    expect(value).not.toBe(hash(kind, payload))
    expect(value).toHaveLength(hash(kind, payload).length)
  }
})

it('leaves packages to who downloads them when the offer is withdrawn', async () => {
  await using server = await startUpdateServer({ hostAddress: '127.0.0.1' })
  await server.offerRelease({ ...twice, to: 'any', action: { MoreInfo: 'https://example.org/?a=1&b="2"' } })
  const { response } = await post(server.urls.omaha, requestXml())
  const { urls, manifest } = response.app[0]?.updatecheck ?? {}
  expect(manifest?.actions.action['MoreInfo']).toBe('https://example.org/?a=1&b="2"')
  server.withdraw()
  expect(await statuses(server, {})).toEqual([['ok', 'noupdate', undefined]])
  expect((await fetch(`${urls?.url.codebase}update.gz`)).status).toBe(200)
})

it('remembers what machines report: an update, a failed one, a rollback', async () => {
  await using server = await startUpdateServer({ hostAddress: '127.0.0.1' })
  const report = async (version: string, inner: string): Promise<void> => {
    expect((await post(server.urls.omaha, requestXml(appXml({ version, inner })))).status).toBe(200)
  }
  await report('1.0.0', CHECK.replace('previousversion=""', 'previousversion="0.0.0.0"'))
  await report(
    '1.0.0',
    '<event eventtype="13" eventresult="1"/><event eventtype="14" eventresult="0" errorcode="9"/>',
  )
  // What update_engine sends when it finds itself in the version that it had left.
  await report(
    '1.0.0',
    '<ping active="1"/><event eventtype="3" eventresult="0" errorcode="49" previousversion="2.0.0"/>',
  )
  await report('1.0.0', '<event eventtype="777" eventresult="-3"/>')
  const machineId = '0f3a5b2c9d1e4f60a7b8c9d0e1f20314'
  expect(server.events()).toMatchObject([
    {
      type: 'update-complete',
      result: 'success-reboot',
      previousVersion: '0.0.0.0',
      version: '1.0.0',
      machineId,
    },
    { type: 'update-download-started', result: 'success', errorCode: undefined, track: 'stable' },
    { type: 'update-download-finished', result: 'error', errorCode: 9 },
    { type: 'update-complete', result: 'error', errorCode: 49, previousVersion: '2.0.0' },
    { type: '777', result: '-3', typeNumber: 777, resultNumber: -3 },
  ])
  expect(server.requests().map(({ omaha }) => omaha[0]?.check)).toEqual([
    'noupdate',
    undefined,
    undefined,
    undefined,
  ])
})
