// update_engine of Flatcar: driven by update_engine_client, configured by /etc/flatcar/update.conf, its slots in the GPT
// attributes that cgpt shows. After Flatcar's documentation of its partitions and update_engine_client(1).

import { MachineError, UsageError } from '../errors.ts'
import type { Machine } from '../fixtures/fixtures.ts'
import type { Slot, UpdateClient, UpdateProgress } from './update-client.ts'
import { readProgress, readSlot } from './update-engine-text.ts'
import { waitUntilStaged } from './wait-until-staged.ts'

const sudo = { sudo: true } as const
const partitions = { A: '/dev/disk/by-partlabel/USR-A', B: '/dev/disk/by-partlabel/USR-B' } as const
const publicKey = '/usr/share/update_engine/update-payload-key.pub.pem'

/** The client of one machine; its commands go over SSH. */
export function updateEngineClient(machine: Machine): UpdateClient {
  const status = async (): Promise<string> =>
    await machine.run(['update_engine_client', '-status'], {
      sudo: true,
      timeoutMs: 20_000 * machine.slowness,
    })
  const slot = async (name: 'A' | 'B', booted: string): Promise<Slot> => {
    const device = await machine.run(['readlink', '-f', partitions[name]])
    const shown = await machine.run(['cgpt', 'show', device], sudo)
    const version = device === booted ? await ownVersion() : undefined
    return readSlot({ name, attributes: shown, booted: device === booted, version })
  }
  const ownVersion = async (): Promise<string | undefined> =>
    /^VERSION=(.*)$/m.exec(await machine.readFile('/usr/lib/os-release'))?.[1]?.replaceAll('"', '')
  const slots = async (): Promise<readonly [Slot, Slot]> => {
    const booted = await machine.run(['rootdev', '-s', '/usr'], sudo)
    return [await slot('A', booted), await slot('B', booted)]
  }
  const progress = async (): Promise<UpdateProgress> => {
    const read = readProgress(await status())
    if (read.state !== 'failed') return read
    const log = await machine.run([
      'journalctl',
      '--boot',
      '--output=cat',
      '--lines=15',
      '--unit=update-engine.service',
    ])
    return { state: 'failed', log }
  }
  const client: UpdateClient = {
    program: 'update_engine',
    async offer(server, { version, files }, { downgrade = false } = {}) {
      const [main, ...others] = files.map(({ name, path }) => ({ name, content: path }))
      if (main === undefined)
        throw new UsageError(`version ${version} has no payload`, { code: 'payload-missing' })
      await server.offerRelease({ version, packages: [main, ...others], to: downgrade ? 'any' : 'older' })
    },
    async follow(server, { group = 'developer', signingKey } = {}) {
      if (signingKey !== undefined) {
        await machine.writeFile('/opt/signalbox-update-key.pub.pem', signingKey)
        await machine.run(['mount', '--bind', '/opt/signalbox-update-key.pub.pem', publicKey], sudo)
      }
      await machine.writeFile('/etc/flatcar/update.conf', `GROUP=${group}\nSERVER=${server.omaha}\n`)
      await machine.run(['systemctl', 'restart', 'update-engine.service'], sudo)
    },
    async check() {
      await machine.run(['update_engine_client', '-check_for_update'], sudo)
      const offered = /^NEW_VERSION=(.*)$/m.exec(await status())?.[1]
      return offered === undefined || offered === '0.0.0' || offered === '' ? undefined : offered
    },
    async start() {
      await machine.run(['update_engine_client', '-check_for_update'], sudo)
    },
    progress,
    update: async (options) => await waitUntilStaged(client, machine, options),
    slots,
    async booted() {
      const found = (await slots()).find((each) => each.booted)
      if (found !== undefined) return found
      throw new MachineError(`${machine.name} runs a /usr that is in no slot`, { code: 'unknown-slot' })
    },
    async markGood() {
      await machine.run(['flatcar-setgoodroot'], sudo)
    },
    async rollBack() {
      const other = (await slots()).find((each) => !each.booted)
      if (other === undefined || other.state === 'bad' || other.state === 'empty')
        throw new MachineError(`${machine.name} has no version to go back to`, { code: 'no-rollback' })
      await machine.run(
        ['cgpt', 'prioritize', await machine.run(['readlink', '-f', partitions[other.name]])],
        sudo,
      )
    },
  }
  return client
}
