// What stops a machine in the initrd of its first boot, before its config is read, and makes each clone of it a machine of
// its own. It comes by systemd credentials (systemd.system-credentials(7), systemd 256 or newer) and needs nothing in the image
// but sh, cat, chmod, date, modprobe, mount, mv and rm in its initrd; what there is no program for, stays as it was.

import { randomBytes } from 'node:crypto'
import { RESEEDS, writeReseedProgram } from '../../harness/reseed-program.ts'

/** A line of the console: the machine has come there and can be saved in the next moments. */
export const HERE = 'signalbox: in the initrd, before the config'
/** A line of the console: it has gone on. */
export const GONE_ON = 'signalbox: on from the initrd'

/** A line of the console: it cannot be saved there. */
export const CANNOT = 'signalbox: this initrd cannot be saved'

/** The fw_cfg file in which a clone finds who it is. */
export const CLONE_KEY = 'opt/com.signalbox/clone'

const UNIT = 'signalbox-initrd.service'
/** The first to read the config, on every OS with Ignition. */
const READER = 'ignition-fetch-offline.service'
const SCRIPT = 'signalbox.initrd'

const unit = `[Unit]
Description=Wait for the test harness
DefaultDependencies=no
ConditionPathExists=/etc/initrd-release
After=systemd-journald.socket reference-ignition-guard.service
Before=${READER}

[Service]
Type=oneshot
ExecStart=/bin/sh /run/credentials/@system/${SCRIPT}
`

const dropIn = `[Unit]
Requires=${UNIT}
After=${UNIT}
`

/**
 * For sh. A machine that is no clone goes on as if nothing had been. `root` is for tests: where the files are.
 *
 * What a clone has of its own from here on: machine id, host name, time, random numbers (the kernel reseeds by itself, too: VM
 * generation id; on arm64 it is told to), and all that is made later: SSH host keys, DHCP lease, random seed. What is equal in all clones: the boot id; DMI
 * as the kernel read it; host name and machine id in journal entries from before this moment.
 */
export function initrdScript(root = ''): string {
  const credentials = `${root}/run/credentials/@system`
  return `say() { echo "$1" >${root}/dev/console; }
# The driver of fw_cfg reads the list of files once. It cannot be bound anew: it has to go, and come again.
modprobe -q -r qemu_fw_cfg
if [ -e ${root}/sys/firmware/qemu_fw_cfg/by_name ]; then
  say '${CANNOT}: the kernel has read the files of fw_cfg for good'
  exit 0
fi
say '${HERE}'
# The harness stops the machine in here. No process: an emulated one costs more than the wait.
read -r a _ <${root}/proc/uptime; a=\${a%.*}; b=$a
while [ "$b" -lt $((a + 2)) ]; do read -r b _ <${root}/proc/uptime; b=\${b%.*}; done
say '${GONE_ON}'
mount -o remount,rw ${credentials} 2>/dev/null
modprobe -q qemu_fw_cfg
f=${root}/sys/firmware/qemu_fw_cfg/by_name/${CLONE_KEY}/raw
if [ -e "$f" ]; then
  { read -r id; read -r name; read -r entropy; } <"$f"
  printf %s "$entropy" >${root}/dev/urandom
  arch=
  [ ! -e ${root}/proc/sys/kernel/arch ] || read -r arch <${root}/proc/sys/kernel/arch
  if [ "$arch" = ${RESEEDS} ]; then ${writeReseedProgram(`${root}/run/reseed`)}; ${root}/run/reseed; rm -f ${root}/run/reseed; fi
  read -r t <${root}/sys/class/rtc/rtc0/since_epoch && { date -s "@$t" || busybox date -s "@$t"; } >/dev/null 2>&1
  # Where the initrd has no id, the first boot makes it: of this credential.
  if [ -s ${root}/etc/machine-id ]; then
    read -r old <${root}/etc/machine-id
    echo "$id" >${root}/etc/machine-id
    # journald goes on in its open file. Not a link: the policy of SELinux does not let journald and others read one there.
    [ ! -d "${root}/run/log/journal/$old" ] || mv "${root}/run/log/journal/$old" "${root}/run/log/journal/$id"
  else printf %s "$id" >${credentials}/system.machine_id
  fi
  if [ -n "$name" ]; then
    printf %s "$name" >${root}/proc/sys/kernel/hostname
    printf %s "$name" >${credentials}/system.hostname
  fi
fi
rm -f ${credentials}/${SCRIPT} ${credentials}/systemd.extra-unit.* ${credentials}/systemd.unit-dropin.*
mount -o remount,ro ${credentials} 2>/dev/null
exit 0
`
}

/** SMBIOS strings (type 11) that make a machine stop there. */
export function initrdStop(): readonly string[] {
  const credential = (name: string, text: string): string =>
    `io.systemd.credential.binary:${name}=${Buffer.from(text).toString('base64')}`
  return [
    credential(`systemd.extra-unit.${UNIT}`, unit),
    credential(`systemd.unit-dropin.${READER}`, dropIn),
    credential(SCRIPT, initrdScript()),
  ]
}

/** What a clone reads of itself. `uuid` is the machine's; a machine id is made of it as at any boot. */
export function cloneNotes(uuid: string, hostName: string | undefined): string {
  return [uuid.replaceAll('-', ''), hostName ?? '', randomBytes(32).toString('hex'), ''].join('\n')
}
