// A root folder to run the identity functions in: the real bash, in a mount namespace of its own, with our /etc, /run, /var
// and /dev, and with programs in place of those that need a booted system. What they were told is in `log`.

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DAD } from './identity.ts'

export interface FakeRoot {
  readonly folder: string
  write(path: string, content: string): void
  /** What lies there; undefined when nothing does. */
  read(path: string): string | undefined
  /** Runs bash code as root; returns its standard output. Throws with what it said on standard error. */
  run(code: string): string
}

const PROGRAMS: Readonly<Record<string, string>> = {
  date: 'echo "date $*" >>/run/log-of-programs',
  journalctl: 'echo "journalctl $*" >>/run/log-of-programs',
  networkctl: 'echo "networkctl $*" >>/run/log-of-programs',
  sync: 'echo "sync $*" >>/run/log-of-programs',
  systemctl: [
    'echo "systemctl $*" >>/run/log-of-programs',
    'case "$1 ${@: -1}" in',
    '"list-units --no-pager") printf "%s loaded active waiting x\\n" daily.timer boot.timer weekly.timer;;',
    '"show daily.timer" | "show weekly.timer") echo "{ OnCalendar=daily ; next_elapse=n/a }";;',
    '"show boot.timer") echo;;',
    // The last line goes each time that it is asked.
    '"list-jobs --no-pager") cat /run/jobs 2>/dev/null; sed -i "\\$ d" /run/jobs 2>/dev/null;;',
    'esac',
  ].join('\n'),
}

const FILES: Readonly<Record<string, string>> = {
  '/etc/machine-id': `${'a'.repeat(32)}\n`,
  '/dev/urandom': '',
  '/dev/kmsg': '',
  '/dev/null': '',
  '/proc-hostname': 'template\n',
  '/proc-dad': '1\n',
  '/run/log-of-programs': '',
  '/var/.keep': '',
}

// Only in this namespace, which ends with the shell and takes everything in it along.
const ENTER = [
  'mount --bind /dev/null "$root/dev/null"',
  'mount --bind "$root/proc-hostname" /proc/sys/kernel/hostname',
  `{ test ! -e ${DAD} || mount --bind "$root/proc-dad" ${DAD}; }`,
  'for each in etc run var dev; do mount --bind "$root/$each" "/$each"; done',
  'exec bash --norc --noprofile -s',
].join(' && ')

/** Fills the folder with a machine that was booted once. */
export function makeFakeRoot(folder: string): FakeRoot {
  const at = (path: string): string => join(folder, path)
  const write = (path: string, content: string): void => {
    mkdirSync(dirname(at(path)), { recursive: true })
    writeFileSync(at(path), content, { mode: 0o600 })
  }
  for (const [path, content] of Object.entries(FILES)) write(path, content)
  for (const [name, script] of Object.entries(PROGRAMS))
    writeFileSync(at(name), `#!/bin/bash\n${script}\n`, { mode: 0o755 })
  return {
    folder,
    write,
    read: (path) => (existsSync(at(path)) ? readFileSync(at(path), 'utf8') : undefined),
    run(code) {
      const namespace = ['--user', '--map-root-user', '--mount', '--pid', '--fork', '--mount-proc']
      const { stdout, stderr, status } = spawnSync('unshare', [...namespace, 'bash', '--norc', '-c', ENTER], {
        input: `test -e /dev/fd || ln -s /proc/self/fd /dev/fd\n${code}`,
        env: { root: folder, PATH: `${folder}:${process.env['PATH']}`, LC_ALL: 'C' },
        encoding: 'utf8',
        timeout: 30_000,
      })
      if (status === 0 && stderr === '') return stdout
      throw new Error(`bash ended with ${status}: ${stderr}`)
    },
  }
}
