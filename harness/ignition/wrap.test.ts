import { expect, test } from 'vitest'
import { execCommand } from '../process.ts'
import { distroProfiles } from '../profiles/index.ts'
import { isObject, readIgnition } from './source.ts'
import { wrapIgnition } from './wrap.ts'

const { reference, flatcar, fcos } = distroProfiles
const publicKeys = ['ssh-ed25519 AAAA signalbox']
const base64 = (text: string): string => `data:;base64,${Buffer.from(text).toString('base64')}`

test("the tests' bytes are children, the harness's parts the parent", async () => {
  const texts = ['{ "ignition": {"version": "3.3.0"} }\n', '{"ignition":{"version":"3.1.0"}}']
  const configs = await Promise.all(texts.map(async (text) => readIgnition(text)))
  expect(JSON.parse(wrapIgnition(configs, { profile: reference, publicKeys }))).toEqual({
    ignition: { version: '3.0.0', config: { merge: texts.map((text) => ({ source: base64(text) })) } },
    passwd: { users: [{ name: 'core', sshAuthorizedKeys: publicKeys }] },
    systemd: { units: [{ name: 'systemd-sysupdate.timer', mask: true }] },
  })
})

test.each([
  [flatcar, '/etc/flatcar/update.conf', 'SERVER=disabled\n'],
  [fcos, '/etc/zincati/config.d/90-signalbox.toml', '[updates]\nenabled = false\n'],
])('updates are off by a file: %o', (profile, path, text) => {
  expect(JSON.parse(wrapIgnition([], { profile, publicKeys }))).toEqual({
    ignition: { version: '3.0.0' },
    passwd: { users: [{ name: 'core', sshAuthorizedKeys: publicKeys }] },
    storage: { files: [{ path, mode: 0o644, overwrite: true, contents: { source: base64(text) } }] },
  })
})

test('equal configs are given once: a second time would append twice', async () => {
  const text =
    '{"ignition":{"version":"3.0.0"},"storage":{"files":[{"path":"/a","append":[{"source":"data:,a"}]}]}}'
  const configs = [await readIgnition(text), await readIgnition(text)]
  expect(JSON.parse(wrapIgnition(configs, { profile: reference, publicKeys: [] }))).toMatchObject({
    ignition: { config: { merge: [{ source: base64(text) }] } },
  })
})

test('every part can be left out, and others added', () => {
  expect(JSON.parse(wrapIgnition([], { profile: flatcar, publicKeys: [], keepUpdates: true }))).toEqual({
    ignition: { version: '3.0.0' },
  })
  const extra = [{ files: [{ path: '/x', text: 'ü', mode: 0o600 }] }]
  expect(
    JSON.parse(wrapIgnition([], { profile: flatcar, publicKeys, user: 'admin', keepUpdates: true, extra })),
  ).toMatchObject({
    passwd: { users: [{ name: 'admin' }] },
    storage: { files: [{ path: '/x', mode: 0o600, contents: { source: base64('ü') } }] },
  })
})

test('the journal unit writes to the device, and depends on nothing that could fail', () => {
  const device = '/dev/virtio-ports/org.signalbox.journal'
  const wrapped = wrapIgnition([], {
    profile: reference,
    publicKeys: [],
    keepUpdates: true,
    journalDevice: device,
  })
  const parsed = JSON.parse(wrapped) as {
    systemd: { units: { name: string; enabled: boolean; contents: string }[] }
  }
  expect(parsed.systemd.units).toMatchObject([{ name: 'signalbox-journal.service', enabled: true }])
  const unit = parsed.systemd.units[0]?.contents.split('\n') ?? []
  const start = unit.find((line) => line.startsWith('ExecStart=')) ?? ''
  expect(start).toMatch(/^ExecStart=\/bin\/sh -c '[^']+' /)
  expect(start).toContain(
    `' "${device}" ` +
      '/usr/bin/journalctl --quiet --boot --no-tail --follow --all --output=json ' +
      '--output-fields=MESSAGE,PRIORITY,SYSLOG_IDENTIFIER,_SYSTEMD_UNIT,UNIT,_PID,_TRANSPORT',
  )
  // Started anew when the journal has moved from /run to /var: journalctl would never look there.
  expect(start).toContain('--since=-20s')
  expect(unit).toContain('WantedBy=sysinit.target')
  expect(unit.filter((line) => /^(?:Requires|BindsTo)=/.test(line))).toEqual([])
})

test('spec 2.x is appended to a config of the highest version among them', async () => {
  const texts = [
    '{"ignition":{"version":"2.1.0"}}',
    '{"ignition":{"version":"2.3.0"} }',
    '{"ignition":{"version":"2.2.0"}}',
  ]
  const configs = await Promise.all(texts.map(async (text) => readIgnition(text)))
  const options = { profile: flatcar, imageVersion: '4230.2.0', publicKeys, journalDevice: '/dev/x' }
  const wrapped: unknown = JSON.parse(wrapIgnition(configs, options))
  expect(wrapped).toMatchObject({
    ignition: {
      version: '2.3.0',
      config: { append: texts.map((text) => ({ source: base64(text), verification: {} })) },
    },
    passwd: { users: [{ name: 'core', sshAuthorizedKeys: publicKeys }] },
    storage: {
      files: [
        {
          filesystem: 'root',
          path: '/etc/flatcar/update.conf',
          mode: 0o644,
          contents: { source: base64('SERVER=disabled\n') },
        },
      ],
    },
    systemd: { units: [{ name: 'signalbox-journal.service', enabled: true }] },
  })
})

test('an image that reads only spec 2.x gets one, in the words of 2.0.0', () => {
  const options = { profile: flatcar, imageVersion: '3033.2.4', publicKeys, journalDevice: '/dev/x' }
  expect(JSON.parse(wrapIgnition([], options))).toMatchObject({
    ignition: { version: '2.0.0', config: {} },
    systemd: { units: [{ enable: true }] },
  })
})

test('spec 2.x and 3.x cannot be mixed', async () => {
  const configs = await Promise.all(
    ['2.3.0', '3.0.0'].map(async (version) => readIgnition({ ignition: { version } })),
  )
  expect(() => wrapIgnition(configs, { profile: flatcar, publicKeys })).toThrow(/2\.x and 3\.x/)
})

test('the real validator accepts a wrapped config without a warning', async (context) => {
  const configs = [await readIgnition({ ignition: { version: '3.2.0' } })]
  const text = wrapIgnition(configs, { profile: flatcar, publicKeys, journalDevice: '/dev/virtio-ports/j' })
  expect(isObject(JSON.parse(text))).toBe(true)
  const result = await execCommand('ignition-validate', ['-'], { input: text })
  if (result.exitCode === undefined) context.skip('ignition-validate is not installed here')
  expect(result).toMatchObject({ exitCode: 0, stdout: '', stderr: '' })
})
