// A container image made in the guest, out of its own busybox: no registry is asked.

import type { Machine } from '../../harness/index.ts'

const sudo = { sudo: true } as const

/** The name under which `importImage` leaves it. */
export const BUSYBOX = 'localhost/signalbox-busybox'

/** Makes the image: busybox, what it is linked with, and its applets under /bin. */
export async function importImage(machine: Machine): Promise<void> {
  await machine.run(
    `set -eu
     root=$(mktemp -d)
     mkdir $root/bin $root/tmp
     cp -L --parents $(ldd /usr/bin/busybox | grep -o '/[^ )]*') $root
     cp /usr/bin/busybox $root/bin
     for applet in sh cat echo ls id sleep test wget httpd nc; do ln -s busybox $root/bin/$applet; done
     tar -C $root -c . | podman import --quiet - ${BUSYBOX}
     rm -r $root`,
    sudo,
  )
}
