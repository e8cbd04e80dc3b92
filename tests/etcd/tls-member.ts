// A member of etcd that speaks TLS with everybody, and a client of it. The same authority issues for both.

import type { CommandOutcome, Machine } from '../../harness/index.ts'
import type { Authority, Certificate } from './certificates.ts'
import { configure, peerUrl, type Settings } from './members.ts'

const sudo = { sudo: true } as const
/** Where certificates and keys are: `authority.pem`, `NAME.pem`, `NAME.key`. */
export const FOLDER = '/etc/etcd'
export const ENDPOINT = 'https://127.0.0.1:2379'

const settings: Settings = {
  LISTEN_CLIENT_URLS: ENDPOINT,
  ADVERTISE_CLIENT_URLS: ENDPOINT,
  CERT_FILE: `${FOLDER}/member.pem`,
  KEY_FILE: `${FOLDER}/member.key`,
  TRUSTED_CA_FILE: `${FOLDER}/authority.pem`,
  CLIENT_CERT_AUTH: 'true',
  LISTEN_PEER_URLS: 'https://0.0.0.0:2380',
  PEER_CERT_FILE: `${FOLDER}/member.pem`,
  PEER_KEY_FILE: `${FOLDER}/member.key`,
  PEER_TRUSTED_CA_FILE: `${FOLDER}/authority.pem`,
  PEER_CLIENT_CERT_AUTH: 'true',
}

/** Has the member use TLS from its start on, with a certificate of this authority. */
export async function prepare(machine: Machine, authority: Authority, initial: string): Promise<void> {
  const addresses = ['127.0.0.1', machine.privateAddress?.ipv4].filter((address) => address !== undefined)
  await machine.run(['mkdir', '-p', FOLDER], sudo)
  await machine.writeFile(`${FOLDER}/authority.pem`, authority.certificate)
  await install(machine, 'member', await authority.issue(machine.name, addresses), 'etcd:')
  await configure(machine, {
    ...settings,
    INITIAL_ADVERTISE_PEER_URLS: peerUrl(machine, 'https'),
    INITIAL_CLUSTER: initial,
  })
}

/** Puts a certificate and its key where members and clients find them by name. */
export async function install(
  machine: Machine,
  name: string,
  { certificate, key }: Certificate,
  owner = 'core:',
): Promise<void> {
  await machine.writeFile(`${FOLDER}/${name}.pem`, certificate)
  await machine.writeFile(`${FOLDER}/${name}.key`, key, { mode: 0o400, owner })
}

export async function startMember(machine: Machine): Promise<void> {
  await machine.run(['systemctl', 'start', 'etcd.service'], {
    ...sudo,
    timeoutMs: 120_000 * machine.slowness,
  })
}

/** Asks for the member's version, over curl: as a client with the certificate of this name, or with none. */
export async function ask(machine: Machine, client?: string, url = ENDPOINT): Promise<CommandOutcome> {
  const shown =
    client === undefined ? [] : ['--cert', `${FOLDER}/${client}.pem`, '--key', `${FOLDER}/${client}.key`]
  const trusted = ['--cacert', `${FOLDER}/authority.pem`]
  const limits = ['--silent', '--show-error', '--fail', '--max-time', String(20 * machine.slowness)]
  return await machine.exec(['curl', ...limits, ...trusted, ...shown, `${url}/version`])
}
