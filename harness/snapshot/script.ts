// The one command that asks a machine for its whole state. What it prints is told apart by a mark that the guest could not know
// before.

import type { SnapshotSource } from '../profiles/index.ts'

/** Parts as the guest prints them; `etc` comes as two listings. */
export const answers = [
  'architecture',
  'units',
  'unitFiles',
  'mounts',
  'sysctls',
  'listeners',
  'users',
  'passwords',
  'groups',
  'packages',
  'release',
  'commandLine',
  'kernelConfig',
  'etc',
  'etcDigests',
  'pristine',
  'pristineDigests',
] as const

export type Answer = (typeof answers)[number]

const listing = (folder: string): string =>
  `cd ${folder} 2>/dev/null && find . -xdev -mindepth 1 -printf '%y %m %U:%G %l\\t%P\\0'`
const digests = (folder: string): string =>
  `cd ${folder} 2>/dev/null && find . -xdev -type f -print0 | xargs -0 -r sha256sum -z --`

/** The lines with which an answer begins. */
export const markOf = (nonce: string, answer: Answer): string => `\n=${nonce}= ${answer}\n`

/** How the last one ends. */
export const endOf = (nonce: string): string => `\n=${nonce}= end`

/** A script for a POSIX shell, run as root. `nonce`: letters and digits. */
export function snapshotScript(nonce: string, source: SnapshotSource): string {
  const { pristineEtc, packages = 'true' } = source
  const commands: Readonly<Record<Answer, string>> = {
    architecture: 'uname -m',
    units:
      'systemctl list-units --plain --no-legend --no-pager --type=service,socket,target,timer,mount,automount,swap,path',
    unitFiles: 'systemctl list-unit-files --plain --no-legend --no-pager',
    mounts: 'findmnt --noheadings --raw --output TARGET,FSTYPE,SOURCE,OPTIONS',
    sysctls: 'PATH=$PATH:/usr/sbin sysctl --all',
    listeners: 'ss -Hlntup',
    users: 'getent passwd',
    // Never the hash.
    passwords: `sed -E 's/^([^:]*):([!*][^:]*):.*/\\1 locked/; s/^([^:]*)::.*/\\1 empty/; s/^([^:]*):[^:]+:.*/\\1 set/' /etc/shadow`,
    groups: 'getent group',
    packages,
    release: 'uname -r',
    commandLine: 'cat /proc/cmdline',
    kernelConfig:
      'zcat /proc/config.gz || cat "/usr/lib/modules/$(uname -r)/config" || cat "/boot/config-$(uname -r)"',
    etc: listing('/etc'),
    etcDigests: digests('/etc'),
    pristine: pristineEtc === undefined ? 'true' : listing(pristineEtc),
    pristineDigests: pristineEtc === undefined ? 'true' : digests(pristineEtc),
  }
  // Each in a shell of its own, and none ends the script: what is not there is empty.
  return answers
    .map(
      (answer) => `printf '\\n=%s= %s\\n' ${nonce} ${answer}; (${commands[answer]}) 2>/dev/null </dev/null`,
    )
    .concat(`printf '\\n=%s= %s\\n' ${nonce} end`)
    .join('\n')
}
