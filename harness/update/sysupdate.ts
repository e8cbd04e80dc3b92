// systemd-sysupdate with the boot counting of systemd-boot, as the reference image has them. Versions lie in GPT labels, their
// state in the names of the UKIs on the ESP (Automatic Boot Assessment: name+LEFT-DONE.efi).

import { MachineError } from '../errors.ts'
import type { Machine } from '../fixtures/fixtures.ts'
import { readSlots, usrHashOf } from './sysupdate-slots.ts'
import type { Slot, UpdateClient, UpdateProgress } from './update-client.ts'
import { waitUntilStaged } from './wait-until-staged.ts'

const transfers = ['10-usr-verity', '20-usr', '30-uki'] as const
const program = '/usr/lib/systemd/systemd-sysupdate'
const service = 'systemd-sysupdate.service'
const ukis = '/boot/EFI/Linux'
const sudo = { sudo: true } as const

/** The client of one machine; its commands go over SSH. */
export function sysupdateClient(machine: Machine): UpdateClient {
  const slots = async (): Promise<readonly [Slot, Slot]> => {
    // The table on the disk: udev learns late of what sysupdate writes there.
    const disk = await machine.run(['lsblk', '--noheadings', '--nodeps', '--output', 'PKNAME', rootPartition])
    const table = await machine.run(['sfdisk', '--json', `/dev/${disk}`], sudo)
    const names = await machine.run(
      ['find', ukis, '-maxdepth', '1', '-name', '*.efi', '-printf', '%f\\n'],
      sudo,
    )
    const commandLine = await machine.readFile('/proc/cmdline')
    return readSlots({ table, ukis: names.split('\n'), commandLine })
  }
  const booted = async (): Promise<Slot> => {
    const found = (await slots()).find((slot) => slot.booted)
    if (found !== undefined) return found
    const hash = usrHashOf(await machine.readFile('/proc/cmdline'))
    throw new MachineError(`${machine.name} runs a /usr that is in no slot: usrhash=${hash ?? '(none)'}`, {
      code: 'unknown-slot',
    })
  }
  const progress = async (): Promise<UpdateProgress> => {
    const shown = await machine.run([
      'systemctl',
      'show',
      '--property=ActiveState,Result,StatusText',
      service,
    ])
    const field = (name: string): string => new RegExp(`^${name}=(.*)$`, 'm').exec(shown)?.[1] ?? ''
    if (['activating', 'active', 'deactivating'].includes(field('ActiveState'))) {
      const percent = /\((\d{1,3})% complete\)/.exec(field('StatusText'))?.[1]
      return { state: 'updating', share: percent === undefined ? undefined : Number(percent) / 100 }
    }
    if (field('ActiveState') === 'failed') {
      const log = await machine.run([
        'journalctl',
        '--boot',
        '--output=cat',
        '--lines=15',
        `--unit=${service}`,
      ])
      return { state: 'failed', log }
    }
    // Exits with 1 when the newest version on the disk is the one that runs.
    const pending = await machine.exec([program, 'pending'], sudo)
    if (pending.exitCode !== 0) return { state: 'idle' }
    const other = (await slots()).find((slot) => !slot.booted)
    return other?.version === undefined ? { state: 'idle' } : { state: 'staged', version: other.version }
  }
  const client: UpdateClient = {
    program: 'systemd-sysupdate',
    async offer(server, payload, { signingKey } = {}) {
      const files = payload.files.map(({ name, path }) => ({ name, content: path }))
      await server.offerFiles(files, signingKey === undefined ? {} : { signingKey })
    },
    async follow(server, { group = 'stable', signingKey } = {}) {
      if (signingKey !== undefined) await machine.writeFile('/etc/systemd/import-pubring.gpg', signingKey)
      const verify = signingKey === undefined ? 'no' : 'yes'
      const folders = transfers.map((transfer) => `/etc/sysupdate.d/${transfer}.transfer.d`)
      await machine.run(['mkdir', '-p', ...folders, '/etc/reference'], sudo)
      const text = `[Transfer]\nVerify=${verify}\n[Source]\nPath=${server.directory}\n`
      for (const folder of folders) await machine.writeFile(`${folder}/50-source.conf`, text)
      await machine.writeFile('/etc/reference/update.conf', `SERVER=${server.omaha}\nGROUP=${group}\n`)
    },
    async check() {
      // Exits with 1 when it has the newest; why it failed is only in what it says.
      const { exitCode, stdout, stderr } = await machine.exec([program, 'check-new'], sudo)
      if (exitCode === 0) return stdout.trim()
      if (!/Failed|failed|error/.test(stderr)) return undefined
      throw new MachineError(`${machine.name} cannot look for updates`, {
        code: 'update-check-failed',
        evidence: stderr.trimEnd().split('\n').slice(-15),
      })
    },
    async start() {
      await machine.run(['systemctl', 'start', '--no-block', service], sudo)
    },
    progress,
    update: async (options) => await waitUntilStaged(client, machine, options),
    slots,
    booted,
    async markGood() {
      await machine.run(['/usr/lib/systemd/systemd-bless-boot', 'good'], sudo)
      // It renames the boot files, and vfat writes the size of what was renamed late.
      await machine.run(['sync', '--file-system', '/boot'], sudo)
    },
    async rollBack() {
      const { version } = await booted()
      const other = (await slots()).find((slot) => !slot.booted)
      if (version === undefined || other === undefined || other.state === 'bad' || other.state === 'empty') {
        throw new MachineError(`${machine.name} has no version to go back to`, { code: 'no-rollback' })
      }
      // A version without tries left is the loader's last choice. Files decide, so that the next update outranks this again.
      const name = await machine.run(
        ['find', ukis, '-name', `reference_${version}*.efi`, '-printf', '%f'],
        sudo,
      )
      await machine.run(['mv', `${ukis}/${name}`, `${ukis}/reference_${version}+0-1.efi`], sudo)
      await machine.run(['sync'], sudo)
    },
  }
  return client
}

const rootPartition = '/dev/disk/by-partlabel/ROOT'
