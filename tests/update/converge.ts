// An updated machine and a machine that began with that version are the same: whatever an update leaves behind shows here.

import { attach, describe, expect, skip, test, type Machine } from '../../harness/index.ts'

const sudo = { sudo: true } as const

/** What each machine has of its own, and what this test itself has put there. */
const ownFiles = [
  '/etc/hostname',
  '/etc/machine-id',
  '/etc/.updated',
  '/etc/.ignition-result.json',
  '/etc/ssh/ssh_host_ed25519_key',
  '/etc/ssh/ssh_host_ed25519_key.pub',
  '/etc/sysupdate.d/10-usr-verity.transfer.d/50-source.conf',
  '/etc/sysupdate.d/20-usr.transfer.d/50-source.conf',
  '/etc/sysupdate.d/30-uki.transfer.d/50-source.conf',
  '/etc/reference/update.conf',
]

const questions = {
  release: ['cat', '/usr/lib/os-release'],
  packages: ['cat', '/usr/share/reference/packages.txt'],
  // The first boot has an addon's arguments beside those of the version.
  kernelArguments: "tr ' ' '\\n' </proc/cmdline | grep -v '^ignition\\.' | sort",
  kernel: ['uname', '--all'],
  unitFiles: ['systemctl', 'list-unit-files', '--no-legend', '--plain'],
  units:
    "systemctl list-units --all --no-legend --plain --type=service,socket,timer,mount,target | awk '{print $1, $2, $3, $4}'",
  accounts: 'cat /etc/passwd /etc/group',
  etc: "find /etc -xdev -type f -exec sha256sum {} + | sort -k 2; find /etc -xdev -type l -printf '%p -> %l\\n' | sort",
  sysctl:
    "sysctl --all 2>/dev/null | grep -E '^(kernel|net|vm|fs)\\.' | grep -vE 'random|nr|state|boot_id|uuid|hostname|max|files|pages|usermode|watermark|neigh|memory|domain|mem|pty|ns_last|threads|free|fastopen_key|reserve'",
} as const

/** The first boot of an update is on trial, and is blessed; a fresh machine has none such. */
const isOfTrial = (line: string): boolean => line.startsWith('systemd-bless-boot.service ')

async function stateOf(machine: Machine): Promise<ReadonlyMap<string, readonly string[]>> {
  const state = new Map<string, readonly string[]>()
  for (const [name, question] of Object.entries(questions)) {
    const answer = await machine.run(question, sudo)
    const lines = answer
      .split('\n')
      .filter((line) => !ownFiles.some((file) => line.endsWith(` ${file}`)) && !isOfTrial(line))
      // Columns are as wide as the longest name, which may be that of a machine's own disk.
      .map((line) => line.replaceAll(/\s+/g, ' ').replaceAll(/\bm\d+-[0-9a-f]{8}\b/g, '<host>'))
    state.set(name, lines)
  }
  return state
}

describe(
  'update',
  { firstBoot: true, firmwares: ['uefi', 'uefi-secure'], tags: ['update'], timeoutMs: 240_000 },
  () => {
    test(
      'converge',
      {
        description: 'A machine that was updated and one that began with that version have the same state.',
        payloads: ['next'],
        distros: ['reference'],
      },
      async ({ machine, cluster, updateServer, payloads }) => {
        const next = payloads.get('next')
        const { image } = next
        if (image === undefined) skip('needs the version to update to as a disk image as well')
        await machine.updates.offer(updateServer, next)
        await machine.updates.follow(updateServer.urls)
        await machine.updates.update()
        await machine.reboot()
        const updated = await stateOf(machine)
        const fresh = await test.step('a fresh machine of that version', async () => {
          const other = await cluster.boot({ image })
          // Its first boot does more than any other; the second is like the updated machine's.
          await other.reboot()
          return await stateOf(other)
        })
        const differences = [...fresh].flatMap(([name, lines]) => {
          const own = updated.get(name) ?? []
          return [
            ...lines.filter((line) => !own.includes(line)).map((line) => `${name}: fresh only: ${line}`),
            ...own.filter((line) => !lines.includes(line)).map((line) => `${name}: updated only: ${line}`),
          ]
        })
        if (differences.length > 0) await attach('differences.txt', differences.join('\n'))
        expect(differences).toEqual([])
      },
    )
  },
)
