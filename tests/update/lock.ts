// The lock that machines reboot behind: who reboots holds one of its places in etcd. Debian has no program for it as Flatcar has
// (locksmithd), so a place is a key with a lease that a unit takes with etcdctl.

import type { Machine } from '../../harness/index.ts'
import { LOCAL } from '../etcd/members.ts'

const sudo = { sudo: true } as const
export const LOCK = '/opt/reboot-lock'
/** Variables of etcdctl that are not the usual ones. */
const SETTINGS = '/etc/reboot-lock.env'

/**
 * `reboot-lock take TTL` waits for a place; `give` gives it back when this machine has one; `max N` sets how many there are, which
 * is one without it; `status` says how many are free, and who holds the others.
 */
const program = `#!/bin/sh
set -eua
ETCDCTL_ENDPOINTS=${LOCAL} ETCDCTL_COMMAND_TIMEOUT=30s
[ ! -r ${SETTINGS} ] || . ${SETTINGS}
id=$(cat /etc/machine-id)
holders() {
  etcdctl get --prefix --print-value-only reboot-lock/
}
places() {
  found=$(etcdctl get --print-value-only reboot-places) || return
  echo "\${found:-1}"
}
claim() {
  held=$(holders) || return
  # An answer that was lost may have been a yes.
  ! echo "$held" | grep -qx "$id" || return 0
  places=$(places) || return
  test "$(echo "$held" | grep -c .)" -lt "$places" || return
  lease=$(etcdctl lease grant "$1" | cut -d' ' -f2)
  test -n "$lease" || return
  for place in $(seq "$places"); do
    etcdctl txn <<END | grep -qx SUCCESS && return
create("reboot-lock/$place") = "0"

put reboot-lock/$place $id --lease=$lease

get reboot-lock/$place

END
  done
  # What is not known to be done is undone.
  etcdctl lease revoke "$lease" > /dev/null
  return 1
}
release() {
  found=$(etcdctl get --prefix reboot-lock/) || return
  # A line with the key, a line with who holds it.
  echo "$found" | while read -r key && read -r holder; do
    test "$holder" != "$id" || etcdctl del "$key" < /dev/null > /dev/null || exit
  done
}
case $1 in
# Every question costs an emulated machine seconds. One may find no leader: it is asked again.
take) until claim "$2"; do sleep 15; done ;;
give) until release; do sleep 2; done ;;
max) etcdctl put reboot-places "$2" ;;
status)
  held=$(holders)
  places=$(places)
  echo "Available: $((places - $(echo "$held" | grep -c . || true)))"
  echo "$held" | sort
  ;;
esac
`

/** The reboot that a staged version asks for, behind the lock; and the lock's return by a boot that is complete. */
function units(ttlSeconds: number, beforeReboot: string): Readonly<Record<string, string>> {
  return {
    'locked-reboot.service': `[Unit]
After=etcd.service
[Service]
Type=oneshot
TimeoutStartSec=infinity
ExecStart=${LOCK} take ${ttlSeconds}
ExecStart=${beforeReboot}
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

export interface LockOptions {
  /** A machine that is gone for longer has no place any more. */
  readonly ttlSeconds: number
  /** What is run between taking the lock and the reboot. */
  readonly beforeReboot?: string
  /** Variables of etcdctl, for an etcd that is not plain. */
  readonly settings?: Readonly<Record<string, string>>
}

export async function installLock(machine: Machine, options: LockOptions): Promise<void> {
  const { ttlSeconds, beforeReboot = '/usr/bin/touch /var/lib/locked-reboot', settings = {} } = options
  await machine.writeFile(LOCK, program, { mode: 0o755 })
  const variables = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`)
  await machine.writeFile(SETTINGS, variables.join(''))
  for (const [name, text] of Object.entries(units(ttlSeconds, beforeReboot)))
    await machine.writeFile(`/etc/systemd/system/${name}`, text)
  await machine.run(['systemctl', 'daemon-reload'], sudo)
  await machine.run(['systemctl', 'enable', 'give-reboot-lock.service'], sudo)
}

/** Starts the reboot that waits for its turn. */
export async function askForReboot(machine: Machine): Promise<void> {
  await machine.run(['systemctl', 'start', '--no-block', 'locked-reboot.service'], sudo)
}

/** The first line says how many places are free; then come the ids of the machines that hold the others, sorted. */
export async function lockStatus(machine: Machine): Promise<readonly string[]> {
  return (await machine.run([LOCK, 'status'], sudo)).split('\n')
}
