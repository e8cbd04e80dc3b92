// Flatcar's own reboot manager, which holds its lock in an etcd that speaks TLS.

import { describe, expect, test } from '../../harness/index.ts'
import { createAuthority } from './certificates.ts'

const sudo = { sudo: true } as const
const FOLDER = '/etc/ssl/etcd'
const ENDPOINT = 'https://127.0.0.1:2379'
const environment: Readonly<Record<string, readonly string[]>> = {
  'etcd-member.service': [
    `ETCD_LISTEN_CLIENT_URLS=${ENDPOINT}`,
    `ETCD_ADVERTISE_CLIENT_URLS=${ENDPOINT}`,
    'ETCD_CERT_FILE=/etc/ssl/certs/etcd/member.pem',
    'ETCD_KEY_FILE=/etc/ssl/certs/etcd/member.key',
    'ETCD_TRUSTED_CA_FILE=/etc/ssl/certs/etcd/authority.pem',
    'ETCD_CLIENT_CERT_AUTH=true',
    'ETCD_ENABLE_V2=true',
    `ETCD_SSL_DIR=${FOLDER}`,
  ],
  'locksmithd.service': [
    'REBOOT_STRATEGY=etcd-lock',
    `LOCKSMITHD_ENDPOINT=${ENDPOINT}`,
    `LOCKSMITHD_ETCD_CAFILE=${FOLDER}/authority.pem`,
    `LOCKSMITHD_ETCD_CERTFILE=${FOLDER}/member.pem`,
    `LOCKSMITHD_ETCD_KEYFILE=${FOLDER}/member.key`,
  ],
}

describe('etcd', { distros: ['flatcar'], surroundings: ['internet'], tags: ['internet'] }, () => {
  test(
    'locksmith-tls',
    {
      description:
        'locksmithd shows its certificate to an etcd that asks for one, and gives its lock back when it is started again.',
      aliases: ['coreos.locksmith.tls'],
      timeoutMs: 300_000,
    },
    async ({ machine }) => {
      const authority = await createAuthority('Signalbox')
      const member = await authority.issue('member', ['127.0.0.1'])
      await machine.run(['mkdir', '-p', FOLDER], sudo)
      const files = {
        'authority.pem': authority.certificate,
        'member.pem': member.certificate,
        'member.key': member.key,
      }
      for (const [name, content] of Object.entries(files))
        await machine.writeFile(`${FOLDER}/${name}`, content, { mode: 0o644 })
      for (const [unit, lines] of Object.entries(environment)) {
        await machine.run(['mkdir', '-p', `/etc/systemd/system/${unit}.d`], sudo)
        const text = `[Service]\n${lines.map((line) => `Environment=${line}\n`).join('')}`
        await machine.writeFile(`/etc/systemd/system/${unit}.d/10-tls.conf`, text)
      }
      await machine.run(['systemctl', 'daemon-reload'], sudo)
      await machine.run(['systemctl', 'start', 'etcd-member.service'], { ...sudo, timeoutMs: 240_000 })
      const shown = [
        '--cacert',
        `${FOLDER}/authority.pem`,
        '--cert',
        `${FOLDER}/member.pem`,
        '--key',
        `${FOLDER}/member.key`,
      ]
      const health = ['curl', '--silent', '--show-error', ...shown, `${ENDPOINT}/health`]
      await expect(machine).toRun(health, { stdout: /"health":\s*"?true/, timeoutMs: 60_000 })
      // Nobody else is heard.
      await expect(machine).not.toRun(
        ['curl', '--silent', '--cacert', `${FOLDER}/authority.pem`, `${ENDPOINT}/health`],
        { timeoutMs: 1 },
      )
      const locksmithctl = async (...args: readonly string[]): Promise<string> =>
        await machine.run(
          [
            'locksmithctl',
            `--endpoint=${ENDPOINT}`,
            `--etcd-cafile=${FOLDER}/authority.pem`,
            `--etcd-certfile=${FOLDER}/member.pem`,
            `--etcd-keyfile=${FOLDER}/member.key`,
            ...args,
          ],
          sudo,
        )
      await machine.run(['systemctl', 'restart', 'locksmithd.service'], sudo)
      await expect(machine).toHaveActiveUnit('locksmithd.service')
      await locksmithctl('lock')
      expect(await locksmithctl('status')).toMatch(/Available: 0/)
      // Whoever was rebooted is done with it.
      await machine.run(['systemctl', 'restart', 'locksmithd.service'], sudo)
      await expect
        .poll(async () => await locksmithctl('status'), { timeoutMs: 120_000 * machine.slowness })
        .toMatch(/Available: 1/)
    },
  )
})
