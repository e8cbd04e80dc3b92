// Machines that reboot for an update take turns: who reboots holds a lock in etcd. Debian has no program for it as Flatcar has
// (locksmithd: the last test), so the lock is a key with a lease that a unit takes with etcdctl.

import { describe, expect, test, type Machine } from '../../harness/index.ts'
import { leaderOf } from '../etcd/gateway.ts'
import { etcdctl, LOCAL, startEtcd } from '../etcd/members.ts'

const sudo = { sudo: true } as const
const LOCK = '/opt/reboot-lock'

/** `reboot-lock take TTL` waits for the lock; `reboot-lock give` gives it back when it is this machine's. */
const program = `#!/bin/sh
set -eu
export ETCDCTL_ENDPOINTS=${LOCAL} ETCDCTL_COMMAND_TIMEOUT=30s
id=$(cat /etc/machine-id)
claim() {
  # An answer that was lost may have been a yes.
  test "$(etcdctl get --print-value-only reboot-lock)" != "$id" || return 0
  lease=$(etcdctl lease grant "$1" | cut -d' ' -f2)
  test -n "$lease" || return 1
  etcdctl txn <<EOF | grep -qx SUCCESS && return
create("reboot-lock") = "0"

put reboot-lock $id --lease=$lease

get reboot-lock

EOF
  # What is not known to be done is undone.
  etcdctl lease revoke "$lease" > /dev/null
  return 1
}
release() {
  holder=$(etcdctl get --print-value-only reboot-lock) || return
  test "$holder" != "$id" || etcdctl del reboot-lock > /dev/null
}
case $1 in
# Every question costs an emulated machine seconds. One may find no leader: it is asked again.
take) until claim "$2"; do sleep 15; done ;;
give) until release; do sleep 2; done ;;
esac
`

/** The reboot that a staged version asks for, behind the lock; and the lock's return by a boot that is complete. */
function units(ttlSeconds: number): Readonly<Record<string, string>> {
  return {
    'locked-reboot.service': `[Unit]
After=etcd.service
[Service]
Type=oneshot
TimeoutStartSec=infinity
ExecStart=${LOCK} take ${ttlSeconds}
ExecStart=/usr/bin/touch /var/lib/locked-reboot
ExecStart=/usr/bin/systemctl --no-block reboot
`,
    'give-reboot-lock.service': `[Unit]
After=etcd.service
Requires=etcd.service
[Service]
Type=oneshot
TimeoutStartSec=infinity
ExecStart=${LOCK} give
[Install]
WantedBy=multi-user.target
`,
  }
}

async function install(machine: Machine, ttlSeconds: number): Promise<void> {
  await machine.writeFile(LOCK, program, { mode: 0o755 })
  for (const [name, text] of Object.entries(units(ttlSeconds)))
    await machine.writeFile(`/etc/systemd/system/${name}`, text)
  await machine.run(['systemctl', 'daemon-reload'], sudo)
  await machine.run(['systemctl', 'enable', 'give-reboot-lock.service'], sudo)
}

interface Away {
  readonly name: string
  readonly fromUs: number
  readonly untilUs: number
}

/** From the last line of the boot before to the first of this one, by the machine's own journal. */
async function away(machine: Machine): Promise<Away> {
  const boots = JSON.parse(
    await machine.run(['journalctl', '--list-boots', '--output=json'], sudo),
  ) as readonly { readonly first_entry: number; readonly last_entry: number }[]
  const [before, now] = boots.slice(-2)
  if (before === undefined || now === undefined) throw new Error(`${machine.name} has not rebooted`)
  return { name: machine.name, fromUs: before.last_entry, untilUs: now.first_entry }
}

describe(
  'update.lock',
  {
    distros: ['reference'],
    features: ['etcd'],
    machines: 3,
    privateNetwork: true,
    tags: ['update'],
    timeoutMs: 300_000,
  },
  () => {
    test(
      'one-at-a-time',
      {
        description: 'Three machines that want to reboot at once do it one after another, by a lock in etcd.',
        aliases: ['cl.locksmith.cluster'],
      },
      async ({ cluster }) => {
        const { machines } = cluster
        await startEtcd(cluster)
        await Promise.all(machines.map(async (machine) => await install(machine, 3600)))
        await Promise.all(
          machines.map(
            async (machine) =>
              await machine.reboot({
                // The second waits for a whole reboot, the third for two.
                timeoutMs: 3 * 90_000,
                by: async () =>
                  void (await machine.run(['systemctl', 'start', '--no-block', 'locked-reboot'], sudo)),
              }),
          ),
        )
        const turns = (await Promise.all(machines.map(away))).toSorted((a, b) => a.fromUs - b.fromUs)
        expect(turns).toHaveLength(3)
        const overlaps = turns
          .slice(1)
          .filter(({ fromUs }, index) => fromUs <= (turns[index]?.untilUs ?? Infinity))
          .map(({ name }) => `${name} left before the one before it was back`)
        expect(overlaps).toEqual([])
        // Every one had the lock once, and gave it back.
        const [machine] = machines
        if (machine === undefined) throw new Error('three machines were asked for')
        await expect
          .poll(async () => await etcdctl(machine, ['get', '--print-value-only', 'reboot-lock']), {
            timeoutMs: 30_000 * machine.slowness,
          })
          .toBe('')
      },
    )

    test(
      'dead-holder',
      {
        description:
          'A machine that dies with the lock does not keep it: the next one reboots when its lease is over.',
      },
      async ({ cluster }) => {
        await startEtcd(cluster)
        // The hard case: etcd has no leader for a while, either.
        const dead = await leaderOf(cluster.machines)
        const next = cluster.machines.find((machine) => machine !== dead)
        if (next === undefined) throw new Error('three machines were asked for')
        await Promise.all([dead, next].map(async (machine) => await install(machine, 20)))
        await dead.run([LOCK, 'take', String(Math.ceil(10 * dead.slowness))], sudo)
        const holder = await etcdctl(next, ['get', '--print-value-only', 'reboot-lock'])
        expect(holder).toBe(await dead.run(['cat', '/etc/machine-id']))
        await dead.power('cut')
        await next.reboot({
          by: async () => void (await next.run(['systemctl', 'start', '--no-block', 'locked-reboot'], sudo)),
        })
        await expect(next).toHaveFile('/var/lib/locked-reboot')
      },
    )
  },
)

test(
  'update.lock.locksmithd',
  {
    description: "Flatcar's own reboot manager reboots a machine that says it needs to, without a lock.",
    // Debian has no locksmithd: https://github.com/flatcar/locksmith
    distros: ['flatcar'],
    aliases: ['coreos.locksmith.reboot'],
    tags: ['update'],
    timeoutMs: 300_000,
  },
  async ({ machine }) => {
    await machine.run(['systemctl', 'is-active', 'locksmithd.service'])
    await machine.reboot({
      by: async () => void (await machine.exec(['locksmithctl', 'send-need-reboot'], sudo)),
    })
  },
)
