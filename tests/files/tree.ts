// Everything on the disks, by kind, mode, owner and name. One walk through the whole tree; each test reads its result.

import type { Machine } from '../../harness/index.ts'

export interface TreeEntry {
  /** One letter, as in find(1): f, d, l, ... */
  readonly type: string
  /** Permission bits with setuid, setgid and sticky. */
  readonly mode: number
  readonly owner: string
  readonly path: string
  /** For links: what they lead to in the end; `N` when to nothing, `L` when in a circle. */
  readonly leadsTo: string
}

const disks = ['/', '/usr', '/etc', '/oem', '/boot']
const memory = ['/run', '/dev', '/dev/shm', '/tmp']

/** Walks the disks' filesystems, not /proc, /sys, /dev, /run and /tmp, nor the lower halves of what is seen anyway. */
export async function readTree(machine: Machine): Promise<readonly TreeEntry[]> {
  return await walk(machine, disks)
}

/** Walks what is made anew in memory by every boot: /run, /dev and /tmp. */
export async function readMemoryTree(machine: Machine): Promise<readonly TreeEntry[]> {
  return await walk(machine, memory)
}

async function walk(machine: Machine, roots: readonly string[]): Promise<readonly TreeEntry[]> {
  const skipped = [
    '/.etc',
    '/usr/share/reference',
    '/var/tmp/systemd-private-*',
    '/tmp/systemd-private-*',
    '/etc/.pwd.lock',
  ]
  const prune = skipped.flatMap((path) => ['-path', path, '-prune', '-o'])
  const format = String.raw`%y %m %u:%g %Y %p\0`
  const found = await machine.run(['find', ...roots, '-xdev', ...prune, '-printf', format], {
    sudo: true,
    maxOutputBytes: 16 * 1024 * 1024,
    timeoutMs: 30_000 * machine.slowness,
  })
  return found
    .split('\0')
    .filter((record) => record !== '')
    .map((record) => {
      const [type = '', mode = '', owner = '', leadsTo = '', ...path] = record.split(' ')
      return { type, mode: Number.parseInt(mode, 8), owner, leadsTo, path: path.join(' ') }
    })
}
