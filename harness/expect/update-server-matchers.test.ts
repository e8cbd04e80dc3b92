import { expect as vitestExpect, it } from 'vitest'
import { appXml, post, requestXml } from '../update-server/omaha-request.test.fixture.ts'
import { startUpdateServer } from '../update-server/update-server.ts'
import { expect } from './expect.ts'

const report = (type: number, result: number, more = ''): string =>
  requestXml(appXml({ inner: `<event eventtype="${type}" eventresult="${result}" ${more}/>` }))

it('waits for an event, by name or by number', async () => {
  await using server = await startUpdateServer({ hostAddress: '127.0.0.1' })
  await expect(server).not.toHaveReceivedEvent()
  const waiting = expect(server).toHaveReceivedEvent({ type: 'update-complete', result: 'success-reboot' })
  await post(server.urls.omaha, report(3, 2, 'previousversion="4230.1.0"'))
  await waiting
  await expect(server).toHaveReceivedEvent({ type: 3, result: 2, previousVersion: '4230.1.0', times: 1 })
  await expect(server).not.toHaveReceivedEvent({ type: 'update-complete', result: 'error' })
  await expect(server).not.toHaveReceivedEvent({ previousVersion: '4230.1.1' })
  await expect
    .soft(server)
    .toHaveReceivedEvent({ machineId: '0f3a5b2c9d1e4f60a7b8c9d0e1f20314', track: 'stable' })
})

it('says what was reported instead', async () => {
  await using server = await startUpdateServer({ hostAddress: '127.0.0.1' })
  const waitFor = async (times?: number): Promise<void> => {
    const wanted = { type: 'update-complete', result: 'success', timeoutMs: 1 } as const
    await expect(server).toHaveReceivedEvent(times === undefined ? wanted : { ...wanted, times })
  }
  await vitestExpect(waitFor()).rejects.toThrow(
    /^expected update server: to have received an event with type update-complete, result success\nlast seen after .*: no event was reported$/,
  )
  await post(server.urls.omaha, report(3, 0, 'errorcode="49"'))
  await vitestExpect(waitFor()).rejects.toThrow(/: 0 of 1: update-complete: error \(error 49\) by 4230.2.0$/)
  await post(server.urls.omaha, report(3, 1))
  await post(server.urls.omaha, report(3, 1))
  await waitFor(2)
  await vitestExpect(waitFor(1)).rejects.toThrow(/exactly 1 of an event[\s\S]*: 2 of 3: /)
})

it('waits for a request, and says what was asked instead', async () => {
  await using server = await startUpdateServer({ hostAddress: '127.0.0.1' })
  await server.offerRelease({
    version: '9.0.0',
    to: 'any',
    packages: [{ name: 'u.gz', content: Buffer.from('x') }],
  })
  const waiting = expect(server).toHaveReceivedRequest({ path: '/v1/update/', offered: '9.0.0' })
  await post(server.urls.omaha, requestXml())
  await waiting
  await fetch(`${server.urls.base}packages/1/u.gz`)
  await expect(server).toHaveReceivedRequest({
    path: /u\.gz$/,
    status: 200,
    state: 'answered',
    method: 'GET',
  })
  await expect(server).not.toHaveReceivedRequest({ path: /^u\.gz/ })
  await post(server.urls.omaha, 'nonsense')
  const missing = expect(server).toHaveReceivedRequest({ path: '/nothing', timeoutMs: 1 })
  await vitestExpect(missing).rejects.toThrow(
    /request with path \/nothing\n.*: 0 of 3: POST \/v1\/update\/ 200; GET \/packages\/1\/u.gz 200; POST \/v1\/update\/ 400 \(the body is not/,
  )
})
