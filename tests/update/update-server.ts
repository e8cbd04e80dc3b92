// The harness's update server as a machine sees it: with curl, and with systemd-sysupdate.

import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { describe, expect, FLATCAR_APP_ID, test } from '../../harness/index.ts'

const payload = randomBytes(3_000_000)
const sha256 = createHash('sha256').update(payload).digest('hex')

const report = (inner: string): string => `<?xml version="1.0" encoding="UTF-8"?>
<request protocol="3.0" version="curl" installsource="ondemandupdate" ismachine="1">
<os version="Chateau" platform="CoreOS" sp="1.0.0_x86_64"></os>
<app appid="${FLATCAR_APP_ID}" version="1.0.0" track="stable" machineid="m" bootid="b">${inner}</app>
</request>`

describe('update', { exclusive: false }, () => {
  test(
    'server.omaha',
    {
      aliases: ['cl.omaha.ping'],
      description: 'A machine asks over Omaha, resumes a download that was cut off, and reports.',
      distros: ['reference'],
      timeoutMs: 120_000,
    },
    async ({ machine, updateServer }) => {
      await updateServer.offerRelease({
        version: '2.0.0',
        packages: [{ name: 'update.gz', content: payload, declared: { sha256, bytes: payload.length } }],
      })
      const ask = async (inner: string): Promise<string> =>
        await machine.run(
          ['curl', '--silent', '--show-error', '--fail', '--data-binary', '@-', updateServer.urls.omaha],
          { stdin: report(inner) },
        )
      const answer = await ask('<ping active="1"/><updatecheck/>')
      // The client of this image sends events and no pings, so the ping is this request's.
      expect(answer).toContain('<ping status="ok"')
      await expect
        .poll(() => updateServer.requests().some(({ omaha }) => omaha.some(({ ping }) => ping)), {
          timeoutMs: 30_000 * machine.slowness,
        })
        .toBe(true)
      const codebase = /<url codebase="([^"]+)"/.exec(answer)?.[1] ?? ''
      expect(answer).toContain(`hash_sha256="${Buffer.from(sha256, 'hex').toString('base64')}"`)
      using fault = updateServer.misbehave({ kind: 'drop', atByte: 2_000_000 }, { times: 1 })
      const get = ['curl', '--silent', '--show-error', '--fail', '--output', '/var/tmp/update.gz']
      // curl's exit status 18: the transfer ended before it was whole.
      await expect(machine).toRun([...get, `${codebase}update.gz`], { exitCode: 18 })
      expect(fault.hits).toBe(1)
      await machine.run([...get, '--continue-at', '-', `${codebase}update.gz`])
      expect(await machine.run('sha256sum < /var/tmp/update.gz')).toContain(sha256)
      await ask('<event eventtype="14" eventresult="1"/><event eventtype="3" eventresult="0" errorcode="9"/>')
      await expect(updateServer).toHaveReceivedEvent({ type: 'update-download-finished', result: 'success' })
      await expect(updateServer).toHaveReceivedEvent({
        type: 'update-complete',
        result: 'error',
        errorCode: 9,
      })
      const path = /update\.gz$/
      await expect(updateServer).toHaveReceivedRequest({ path, status: 200, state: 'dropped', times: 1 })
      await expect(updateServer).toHaveReceivedRequest({ path, status: 206, state: 'answered', times: 1 })
    },
  )

  test(
    'server.sysupdate',
    {
      description: 'systemd-sysupdate sees the version that is offered, and nothing when nothing is.',
      distros: ['reference'],
      // Its boot files go to an ESP that a boot loader has used.
      firmwares: ['uefi', 'uefi-secure'],
      timeoutMs: 120_000,
    },
    async ({ machine, updateServer }) => {
      for (const name of ['10-usr-verity', '20-usr', '30-uki']) {
        await machine.run(['install', '-d', `/run/sysupdate.d/${name}.transfer.d`], { sudo: true })
        await machine.writeFile(
          `/run/sysupdate.d/${name}.transfer.d/50-server.conf`,
          `[Transfer]\nVerify=no\n\n[Source]\nPath=${updateServer.urls.directory}\n`,
        )
      }
      const offered = [`${randomUUID()}.usr-verity.raw`, `${randomUUID()}.usr.raw`].map(
        (end) => `reference_9.9.9_${end}`,
      )
      await updateServer.offerFiles(
        [...offered, 'reference_9.9.9.efi'].map((name) => ({ name, content: payload })),
      )
      const list = ['/usr/lib/systemd/systemd-sysupdate', 'check-new']
      await expect(machine).toRun(list, { sudo: true, stdout: /^9\.9\.9$/m, timeoutMs: 30_000 })
      await expect(updateServer).toHaveReceivedRequest({ path: '/sysupdate/SHA256SUMS', status: 200 })
      await updateServer.offerFiles([{ name: 'something-else', content: payload }])
      expect(await machine.updates.check()).toBeUndefined()
    },
  )
})
