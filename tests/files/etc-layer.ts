// The layer of /etc that belongs to the machine, over the image's own: it holds changes and nothing else, and what it hides stays hidden.

import { describe, expect, test, type Machine } from '../../harness/index.ts'

const sudo = { sudo: true } as const
const UPPER = '/.etc/upper'
const LOWER = '/usr/share/reference/etc'

/** Files of the upper layer that are what the image has there anyway, by content, mode and owner. */
async function copies(machine: Machine): Promise<readonly string[]> {
  const found = await machine.run(
    `cd ${UPPER} && find . -type f -printf '%P\\n' | while read -r name; do
      [ -f "${LOWER}/$name" ] && cmp -s "$name" "${LOWER}/$name" &&
        [ "$(stat -c '%a %u %g' "$name")" = "$(stat -c '%a %u %g' "${LOWER}/$name")" ] && echo "$name"
    done; true`,
    sudo,
  )
  // Who locks the accounts opens it to write.
  return found.split('\n').filter((name) => name !== '' && name !== '.pwd.lock')
}

const list = async (machine: Machine, folder: string): Promise<readonly string[]> =>
  (await machine.run(['find', folder, '-mindepth', '1', '-printf', '%P\\n'], sudo))
    .split('\n')
    .filter((name) => name !== '')
    .toSorted()

describe('files', { distros: ['reference'], tags: ['system'] }, () => {
  test(
    'etc-layer',
    {
      description:
        'The layer of a fresh machine has no copies of what the image has; what was deleted, emptied or made anew stays so over a reboot, what tmpfiles makes comes back.',
      timeoutMs: 150_000,
    },
    async ({ machine }) => {
      // What the image has, or nothing would be deleted.
      for (const path of ['shells', 'vim/vimrc', 'logrotate.d/dpkg', 'dpkg/dpkg.cfg', 'credstore'])
        await machine.run(['test', '-e', `${LOWER}/${path}`], sudo)
      expect(await copies(machine)).toEqual([])
      // A copy would be seen.
      await machine.run(
        `cp --preserve=all ${LOWER}/networks ${UPPER}/../sbx && mv ${UPPER}/../sbx /etc/networks`,
        sudo,
      )
      expect(await copies(machine)).toEqual(['networks'])

      await machine.run('rm /etc/shells && rm -r /etc/vim /etc/credstore', sudo)
      await machine.run('rm -r /etc/logrotate.d && mkdir /etc/logrotate.d', sudo)
      await machine.run('rm -r /etc/dpkg && mkdir /etc/dpkg && echo new >/etc/dpkg/sbx-new', sudo)
      await machine.run('echo "# of the user" >>/etc/rpc', sudo)

      const expectChanged = async (): Promise<void> => {
        for (const path of ['/etc/shells', '/etc/vim'])
          expect((await machine.exec(['test', '-e', path])).exitCode).toBe(1)
        expect(await list(machine, '/etc/logrotate.d')).toEqual([])
        expect(await list(machine, '/etc/dpkg')).toEqual(['sbx-new'])
        await expect(machine).toHaveFile('/etc/dpkg/sbx-new', { content: 'new\n' })
        const shipped = await machine.readFile(`${LOWER}/rpc`)
        await expect(machine).toHaveFile('/etc/rpc', { content: `${shipped}# of the user\n` })
      }
      await expectChanged()
      expect((await machine.exec(['test', '-e', '/etc/credstore'])).exitCode).toBe(1)
      await machine.reboot()
      await expectChanged()
      // tmpfiles.d/credstore.conf
      await expect(machine).toHaveFile('/etc/credstore', {
        type: 'directory',
        mode: 0o700,
        owner: 'root:root',
      })
    },
  )
})
