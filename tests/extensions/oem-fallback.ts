// An extension of the OEM that is enabled and not there is downloaded in the boot. Flatcar's initrd does it by itself (extensions.oem);
// the reference image has no such thing, so here it is a unit of the config. What is tested is that the image carries it: network,
// OEM partition and systemd-sysext in the right order, and a boot that does not depend on any of it.

import { createHash } from 'node:crypto'
import { buildExtension, expect, test, type IgnitionContext, type Machine } from '../../harness/index.ts'
import { dataUrl } from '../ignition/data-url.ts'
import { merged } from './extension.ts'
import { oemExtensions } from './oem-mount.ts'

const sudo = { sudo: true } as const
const SERVED = '/oem-sbx.raw'
const FILE = `/oem/sysext${SERVED}`
const MARKER = '/usr/share/oem-sbx/marker'
const SETTINGS = '/etc/oem-fallback.env'

const program = `#!/bin/sh
set -eu
cd /oem/sysext
trap 'rm -f download' EXIT
if [ ! -e oem-sbx.raw ]; then
  curl --silent --show-error --fail --connect-timeout 10 --max-time 60 --output download "$URL"
  echo "$SHA256  download" | sha256sum --check
  mv download oem-sbx.raw
fi
systemd-sysext refresh
`

// A boot without the extension is a good boot: how the program ends does not matter. The image pulls nothing into network-online.target.
const unit = `[Unit]
ConditionPathExists=/oem/sysext/active-oem-sbx
RequiresMountsFor=/run/extensions
Wants=systemd-networkd-wait-online.service
After=systemd-networkd-wait-online.service systemd-sysext.service

[Service]
Type=oneshot
RemainAfterExit=yes
EnvironmentFile=${SETTINGS}
ExecStart=-/opt/oem-fallback

[Install]
WantedBy=multi-user.target
`

async function config({ http }: IgnitionContext): Promise<Readonly<Record<string, unknown>>> {
  const extension = await buildExtension({
    name: 'oem-sbx',
    release: { ID: '_any' },
    files: { [MARKER.slice(1)]: 'merged\n' },
  })
  const sha256 = createHash('sha256').update(extension).digest('hex')
  const settings = `URL=${http.serve(SERVED, extension)}\nSHA256=${sha256}\n`
  const files = [
    { path: '/oem/sysext/active-oem-sbx', contents: { source: 'data:,' } },
    { path: SETTINGS, contents: { source: dataUrl(settings) } },
    { path: '/opt/oem-fallback', mode: 0o755, contents: { source: dataUrl(program) } },
  ]
  return {
    ignition: { version: '3.3.0' },
    storage: { files },
    systemd: { units: [oemExtensions, { name: 'oem-fallback.service', enabled: true, contents: unit }] },
  }
}

/** Boots without the extension, for the reason that the unit gives, and completes. */
async function expectBootWithout(machine: Machine, reason: string): Promise<void> {
  await machine.run(['rm', '-f', FILE], sudo)
  await machine.reboot()
  expect(await machine.run(['systemctl', 'is-system-running', '--wait'])).toBe('running')
  const log = ['journalctl', '--boot', '--output=cat', '--unit=oem-fallback.service']
  expect(await machine.run(log, sudo)).toContain(reason)
  expect(await machine.run(['ls', '/oem/sysext'])).toBe('active-oem-sbx')
  expect(await merged(machine)).toEqual([])
  await expect(machine).not.toHaveFile(MARKER, { timeoutMs: 1 })
}

test(
  'extensions.oem-fallback',
  {
    description:
      'An enabled extension of the OEM that is not there is downloaded in the boot, checked and merged; what was changed on its way is not, and a boot without the server completes.',
    distros: ['reference'],
    firstBoot: true,
    tags: ['system'],
    timeoutMs: 180_000,
    ignition: config,
  },
  async ({ machine, http }) => {
    const asked = (): number => http.requests.filter(({ path }) => path === SERVED).length
    await test.step('downloaded', async () => {
      expect(await merged(machine)).toContain('oem-sbx')
      await expect(machine).toHaveFile(MARKER, { content: 'merged\n' })
      expect(asked()).toBe(1)
    })
    await test.step('there', async () => {
      await machine.reboot()
      expect(await merged(machine)).toContain('oem-sbx')
      expect(asked()).toBe(1)
    })
    await test.step('changed on its way', async () => {
      http.serve(SERVED, 'something else')
      await expectBootWithout(machine, 'download: FAILED')
      expect(asked()).toBe(2)
    })
    await test.step('no server', async () => {
      // Nothing listens there.
      await machine.run(['sed', '-i', '/^URL=/s/:[0-9][0-9]*\\//:9\\//', SETTINGS], sudo)
      await expectBootWithout(machine, 'Failed to connect')
      expect(asked()).toBe(2)
    })
  },
)
