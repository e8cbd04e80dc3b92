// A container image made in the guest, out of its own programs: no registry is asked.

import type { Machine } from '../../harness/index.ts'

const sudo = { sudo: true } as const

/** The name under which `importImage` leaves it. */
export const BUSYBOX = 'localhost/signalbox-busybox'

export type Engine = 'podman' | 'docker'

const programs =
  'sh cat chmod chown echo grep httpd id ls mkdir mount nc nslookup ping ps sleep stat tail touch test true unshare wget'

/**
 * Makes the image: busybox, what it is linked with, its applets under /bin, and a /root that is root's alone. Without a busybox, as on
 * Flatcar, it gets those of the programs that the machine has.
 */
export async function importImage(machine: Machine, engine: Engine = 'podman'): Promise<void> {
  await machine.run(
    `set -eu
     root=$(mktemp -d)
     chmod 755 $root
     mkdir $root/bin $root/tmp $root/root
     chmod 1777 $root/tmp
     chmod 700 $root/root
     add() {
       cp -L --parents $(ldd /usr/bin/$1 | grep -o '/[^ )]*') $root
       cp -L /usr/bin/$1 $root/bin
     }
     if test -x /usr/bin/busybox; then
       add busybox
       for program in ${programs}; do ln -s busybox $root/bin/$program; done
     else
       for program in ${programs}; do
         if test -x /usr/bin/$program; then add $program; fi
       done
     fi
     tar -C $root -c --owner=0 --group=0 . | ${engine} import - ${BUSYBOX} > /dev/null
     rm -r $root`,
    sudo,
  )
}
