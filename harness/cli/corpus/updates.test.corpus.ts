// A corpus for the CLI's own tests: machines and the update server, asked from here, as the fake machines have no network.

import { expect, FLATCAR_APP_ID, test } from '../../index.ts'

const content = Buffer.from('an update')
const ask = async (url: string, inner: string): Promise<string> => {
  const app = `<app appid="${FLATCAR_APP_ID}" version="1.0.0" track="beta\u009B31m" machineid="m0">${inner}</app>`
  const answer = await fetch(url, { method: 'POST', body: `<request protocol="3.0">${app}</request>` })
  return await answer.text()
}

test('updates.one-server', { machines: 2 }, async ({ cluster, updateServer }) => {
  expect(cluster.machines).toHaveLength(2)
  await updateServer.offerRelease({ version: '2.0.0', packages: [{ name: 'update.gz', content }] })
  const codebase = /codebase="([^"]+)"/.exec(await ask(updateServer.urls.omaha, '<updatecheck/>'))?.[1]
  updateServer.misbehave({ kind: 'drop', atByte: 3 }, { times: 1 })
  const cut = await fetch(`${codebase}update.gz`)
  await expect(cut.text()).rejects.toThrow()
  await ask(updateServer.urls.omaha, '<event eventtype="3" eventresult="0" errorcode="49"/>')
  await expect(updateServer).toHaveReceivedEvent({ type: 'update-complete', result: 'error', errorCode: 49 })
})

test(
  'updates.refused-before-boot',
  {
    ignition: async ({ updateServer }) => {
      await updateServer.offerFiles([{ name: 'a.raw', content, declared: { bytes: 10 } }])
      return { ignition: { version: '3.0.0' } }
    },
  },
  async ({ machine }) => {
    await machine.run('true')
  },
)

test(
  'updates.offered-before-boot',
  {
    ignition: async ({ updateServer }) => {
      await updateServer.offerFiles([{ name: 'a.raw', content }])
      return { ignition: { version: '3.0.0' } }
    },
  },
  async ({ updateServer }) => {
    expect((await fetch(`${updateServer.urls.directory}a.raw`)).status).toBe(200)
  },
)
