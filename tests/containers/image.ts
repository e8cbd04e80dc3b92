// A container image made in the guest, out of its own busybox: no registry is asked.

import type { Machine } from '../../harness/index.ts'

const sudo = { sudo: true } as const

/** The name under which `importImage` leaves it. */
export const BUSYBOX = 'localhost/signalbox-busybox'

export type Engine = 'podman' | 'docker'

/** Makes the image: busybox, what it is linked with, its applets under /bin, and a /root that is root's alone. */
export async function importImage(machine: Machine, engine: Engine = 'podman'): Promise<void> {
  await machine.run(
    `set -eu
     root=$(mktemp -d)
     chmod 755 $root
     mkdir $root/bin $root/tmp $root/root
     chmod 1777 $root/tmp
     chmod 700 $root/root
     cp -L --parents $(ldd /usr/bin/busybox | grep -o '/[^ )]*') $root
     cp /usr/bin/busybox $root/bin
     for applet in sh cat chmod echo grep httpd id ls mkdir mount nc nslookup ping ps sleep stat tail test touch true unshare wget; do
       ln -s busybox $root/bin/$applet
     done
     tar -C $root -c --owner=0 --group=0 . | ${engine} import - ${BUSYBOX} > /dev/null
     rm -r $root`,
    sudo,
  )
}
