// System extensions that fit: merged into /usr, which stays read-only, and gone again without a trace.

import { mkdir, mkdtempDisposable, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildExtension, describe, expect, test } from '../../harness/index.ts'
import { install, marker, merged, releaseOf } from './extension.ts'

const sudo = { sudo: true } as const

describe('extensions', { tags: ['system'], distros: ['reference'] }, () => {
  test(
    'simple',
    {
      description:
        'An extension is merged into /usr, is still there after its service is restarted, and /usr stays read-only.',
      aliases: ['sysext.simple'],
    },
    async ({ machine }) => {
      await install(machine, { name: 'simple', release: await releaseOf(machine) })
      await expect(machine).not.toHaveFile(marker('simple'))
      await machine.run(['systemctl', 'start', 'systemd-sysext.service'], sudo)
      await expect(machine).toHaveFile(marker('simple'), {
        content: 'simple\n',
        mode: 0o644,
        owner: 'root:root',
      })
      await machine.run(['systemctl', 'restart', 'systemd-sysext.service'], sudo)
      await expect(machine).toHaveFile(marker('simple'), { content: 'simple\n' })
      expect(await merged(machine)).toEqual(['simple'])
      await expect(machine).toHaveMount('/usr', { fstype: 'overlay', options: ['ro', 'nodev'] })
      const write = await machine.exec(['touch', '/usr/bin/signalbox'], sudo)
      expect(write.stderr).toContain('Read-only file system')
    },
  )

  test(
    'unmerged',
    { description: 'When the service stops, /usr is the verified image again, with nothing over it.' },
    async ({ machine }) => {
      await install(machine, { name: 'leaves', release: await releaseOf(machine) })
      const before = await machine.run(['findmnt', '--noheadings', '--output=SOURCE,FSTYPE', '/usr'])
      await machine.run(['systemctl', 'start', 'systemd-sysext.service'], sudo)
      expect(await merged(machine)).toEqual(['leaves'])
      await machine.run(['systemctl', 'stop', 'systemd-sysext.service'], sudo)
      expect(await merged(machine)).toEqual([])
      await expect(machine).not.toHaveFile(marker('leaves'))
      expect(await machine.run(['findmnt', '--noheadings', '--output=SOURCE,FSTYPE', '/usr'])).toBe(before)
      expect(await machine.run(['losetup', '--list', '--noheadings'], sudo)).toBe('')
    },
  )

  test(
    'folder',
    {
      description:
        'A plain folder is an extension too, two are merged at once and again, and /oem stays mounted once.',
      aliases: ['sysext.simple.old'],
    },
    async ({ machine }) => {
      const oemMounts = async (): Promise<string> =>
        await machine.run(['findmnt', '--noheadings', '--list', '--output=TARGET,SOURCE,OPTIONS', '/oem'])
      const before = await oemMounts()
      expect(before).toMatch(/^\/oem +\/dev\/\S+ +\S+$/)
      const { ID, VERSION_ID } = await releaseOf(machine)
      await install(machine, { name: 'image', release: { ID, VERSION_ID } })
      const folder = '/var/lib/extensions/folder'
      const releases = `${folder}/usr/lib/extension-release.d`
      await machine.run(['mkdir', '-p', releases, `${folder}/usr/share/sbx-folder`], sudo)
      await machine.writeFile(`${releases}/extension-release.folder`, `ID=${ID}\nVERSION_ID=${VERSION_ID}\n`)
      await machine.writeFile(`${folder}${marker('folder')}`, 'folder\n')
      await machine.run(['systemctl', 'start', 'systemd-sysext.service'], sudo)
      expect((await merged(machine)).toSorted()).toEqual(['folder', 'image'])
      await expect(machine).toHaveFile(marker('folder'), { content: 'folder\n' })
      await expect(machine).toHaveFile(marker('image'), { content: 'image\n' })
      expect(await oemMounts()).toBe(before)
      await machine.run(['systemctl', 'restart', 'systemd-sysext.service'], sudo)
      expect((await merged(machine)).toSorted()).toEqual(['folder', 'image'])
      await expect(machine).toHaveFile(marker('folder'), { content: 'folder\n' })
      await expect(machine).toHaveFile(marker('image'), { content: 'image\n' })
      expect(await oemMounts()).toBe(before)
      await machine.writeFile('/oem/sbx-written', 'written\n')
    },
  )

  test(
    'replaced',
    {
      description:
        'An extension that is replaced by another version stays as it was until the service is restarted; then the new one is in use.',
    },
    async ({ machine }) => {
      const release = await releaseOf(machine)
      const replace = async (version: string): Promise<void> => {
        await using folder = await mkdtempDisposable(join(tmpdir(), 'sbx-tool-'))
        const programs = join(folder.path, 'usr', 'bin')
        await mkdir(programs, { recursive: true })
        const program = `#!/bin/sh\necho ${version}\n`
        await writeFile(join(programs, `sbx-tool-${version}`), program, { mode: 0o755 })
        await symlink(`sbx-tool-${version}`, join(programs, 'sbx-tool'))
        const extension = await buildExtension({ name: 'tool', release, folder: folder.path })
        await machine.writeFile('/var/lib/extensions/.tool.new', extension)
        await machine.run('mv /var/lib/extensions/.tool.new /var/lib/extensions/tool.raw', sudo)
      }
      await machine.run(['mkdir', '-p', '/var/lib/extensions'], sudo)
      await replace('one')
      await machine.run(['systemctl', 'start', 'systemd-sysext.service'], sudo)
      expect(await machine.run(['sbx-tool'])).toBe('one')
      await replace('two')
      expect(await machine.run(['sbx-tool'])).toBe('one')
      await machine.run(['systemctl', 'restart', 'systemd-sysext.service'], sudo)
      expect(await merged(machine)).toEqual(['tool'])
      expect(await machine.run(['sbx-tool'])).toBe('two')
      await expect(machine).not.toHaveFile('/usr/bin/sbx-tool-one')
      // Nothing holds the old one any longer.
      expect(await machine.run(['losetup', '--list', '--noheadings', '--output=BACK-FILE'], sudo)).toBe(
        '/var/lib/extensions/tool.raw',
      )
    },
  )

  test(
    'service',
    {
      description:
        'An extension that asks for it has systemd read its units again; its program runs as a service.',
    },
    async ({ machine }) => {
      const extension = await buildExtension({
        name: 'daemon',
        release: { ...(await releaseOf(machine)), EXTENSION_RELOAD_MANAGER: '1' },
        files: {
          'usr/bin/sbx-daemon': {
            content: '#!/bin/sh\necho "out of the extension"\nexec sleep infinity\n',
            mode: 0o755,
          },
          'usr/lib/systemd/system/sbx-daemon.service': '[Service]\nExecStart=/usr/bin/sbx-daemon\n',
        },
      })
      await machine.run(['mkdir', '-p', '/var/lib/extensions'], sudo)
      await machine.writeFile('/var/lib/extensions/daemon.raw', extension)
      await expect(machine).toRun(['systemctl', 'show', '--property=LoadState', 'sbx-daemon.service'], {
        stdout: 'LoadState=not-found',
      })
      await machine.run(['systemctl', 'start', 'systemd-sysext.service'], sudo)
      await machine.run(['systemctl', 'start', 'sbx-daemon.service'], sudo)
      await expect(machine).toHaveActiveUnit('sbx-daemon.service')
      await expect(machine).toRun(['journalctl', '--unit=sbx-daemon.service', '--output=cat'], {
        stdout: /^out of the extension$/m,
      })
    },
  )
})
