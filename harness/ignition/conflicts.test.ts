import { expect, test } from 'vitest'
import { findConflicts, groupCompatible } from './conflicts.ts'
import type { IgnitionConfig, JsonObject } from './source.ts'

const config = (value: JsonObject, version = '3.3.0'): IgnitionConfig => {
  const { ignition, ...rest } = value
  const whole = { ignition: { version, ...(ignition as JsonObject | undefined) }, ...rest }
  return { text: JSON.stringify(whole), version, value: whole }
}
const file = (path: string, text = 'a', more: JsonObject = {}): JsonObject => ({
  storage: { files: [{ path, contents: { source: `data:,${text}` }, ...more }] },
})
const unit = (name: string, more: JsonObject): JsonObject => ({ systemd: { units: [{ name, ...more }] } })
const user = (more: JsonObject): JsonObject => ({ passwd: { users: [{ name: 'x', ...more }] } })
const storage = (more: JsonObject): JsonObject => ({ storage: more })
const diskAndFilesystem = storage({
  disks: [{ device: '/dev/vdb' }],
  filesystems: [{ device: '/dev/disk/by-partlabel/x', path: '/srv' }],
})
const inside = (value: JsonObject): JsonObject => ({
  ignition: {
    config: {
      merge: [
        { source: `data:;base64,${Buffer.from(JSON.stringify(config(value).value)).toString('base64')}` },
      ],
    },
  },
})

test.each<[string, JsonObject, JsonObject]>([
  ['nothing', {}, {}],
  ['different files', file('/a'), file('/b')],
  ['the same file', file('/a'), file('/a')],
  [
    'the same file, keys in another order',
    file('/a', 'x', { mode: 1 }),
    storage({ files: [{ mode: 1, path: '/a', contents: { source: 'data:,x' } }] }),
  ],
  ['a directory and a file in it', storage({ directories: [{ path: '/d', mode: 448 }] }), file('/d/f')],
  ['different units', unit('a.service', { enabled: true }), unit('b.service', { mask: true })],
  ['the same user', user({ uid: 1 }), user({ uid: 1 })],
  [
    'different disks',
    storage({ disks: [{ device: '/dev/vdb' }] }),
    storage({ disks: [{ device: '/dev/vdc' }] }),
  ],
  [
    'equal timeouts',
    { ignition: { timeouts: { httpTotal: 5 } } },
    { ignition: { timeouts: { httpTotal: 5 } } },
  ],
  [
    'a null is no value',
    { kernelArguments: { shouldExist: [] } },
    { ignition: { config: { replace: { source: null } } } },
  ],
  ['the same disk, by the same two names', diskAndFilesystem, diskAndFilesystem],
  [
    'a further filesystem, by a name that both know',
    diskAndFilesystem,
    storage({ disks: [{ device: '/dev/vdb' }] }),
  ],
  ['the same file inside a data URL', inside(file('/a')), file('/a')],
])('can share: %s', (_name, a, b) => {
  expect(findConflicts([config(a), config(b)])).toEqual([])
  expect(groupCompatible([config(a), config(b)])).toEqual([[0, 1]])
})

test.each<[string, JsonObject, JsonObject, string]>([
  ['file contents', file('/a', '1'), file('/a', '2'), 'path /a differs'],
  ['file mode', file('/a', '1', { mode: 1 }), file('/a', '1', { mode: 2 }), 'path /a differs'],
  ['spelling of a path', file('/a/b'), file('//a/./b'.replace('/.', ''), 'c'), 'path /a/b differs'],
  ['file and link', file('/a'), storage({ links: [{ path: '/a', target: '/b' }] }), 'path /a differs'],
  [
    'below a link',
    storage({ links: [{ path: '/a', target: '/b' }] }),
    file('/a/c/d'),
    'path /a/c/d lies below /a',
  ],
  [
    'below a mount',
    file('/srv/x'),
    storage({ filesystems: [{ device: '/dev/vdb', path: '/srv' }] }),
    'path /srv/x lies below /srv',
  ],
  [
    'unit contents',
    unit('a.service', { contents: '1' }),
    unit('a.service', { contents: '2' }),
    'unit a.service differs',
  ],
  [
    'drop-in beside a unit',
    unit('a.service', { contents: '1' }),
    unit('a.service', { dropins: [{ name: 'x.conf' }] }),
    'unit a.service differs',
  ],
  ['user', user({ uid: 1 }), user({ uid: 2 }), 'user x differs'],
  ['user id', user({ uid: 1 }), { passwd: { users: [{ name: 'y', uid: 1 }] } }, 'user id 1 differs'],
  [
    'group',
    { passwd: { groups: [{ name: 'g', gid: 5 }] } },
    { passwd: { groups: [{ name: 'g' }] } },
    'group g differs',
  ],
  [
    'device',
    storage({ disks: [{ device: '/dev/vdb' }] }),
    storage({ filesystems: [{ device: '/dev/vdb' }] }),
    'device /dev/vdb differs',
  ],
  [
    'device alias',
    storage({ disks: [{ device: '/dev/vdb' }] }),
    storage({ disks: [{ device: '/dev/disk/by-id/virtio-x' }] }),
    'device /dev/vdb may be the same as /dev/disk/by-id/virtio-x',
  ],
  ['hostname', file('/etc/hostname', 'a'), file('/etc/hostname', 'b'), 'path /etc/hostname differs'],
  [
    'timeouts',
    { ignition: { timeouts: { httpTotal: 5 } } },
    { ignition: { timeouts: { httpTotal: 6 } } },
    'setting ignition.timeouts differs',
  ],
  ['inside a data URL', inside(file('/a', '1')), file('/a', '2'), 'path /a differs'],
])('cannot share: %s', (_name, a, b, reason) => {
  expect(findConflicts([config(a), config(b)])).toEqual([{ a: 0, b: 1, reason }])
  expect(groupCompatible([config(a), config(b)])).toEqual([[0], [1]])
})

test.each<[string, JsonObject, string]>([
  ['replace', { ignition: { config: { replace: { source: 'http://x' } } } }, 'ignition.config.replace'],
  [
    'a remote merge',
    { ignition: { config: { merge: [{ source: 'http://x' }] } } },
    'ignition.config.merge of something that is only known at boot',
  ],
  [
    'proxy',
    { ignition: { proxy: { httpProxy: 'http://x' } } },
    'ignition.proxy holds for every download of the machine',
  ],
  ['kernel arguments', { kernelArguments: { shouldExist: ['quiet'] } }, 'kernelArguments change the boot'],
  ['luks', storage({ luks: [{ name: 'x' }] }), "storage.luks changes the machine's disks"],
  ['raid', storage({ raid: [{ name: 'x' }] }), "storage.raid changes the machine's disks"],
  ['an unknown section', { networkd: {} }, '"networkd" in the top level is not known here'],
  ['an unknown part of storage', storage({ trees: [] }), '"trees" in storage is not known here'],
])('must be alone: %s', (_name, value, reason) => {
  expect(findConflicts([config({}), config(value)])).toEqual([{ a: 1, reason }])
  expect(groupCompatible([config(value), config({}), config(value), config({})])).toEqual([[0], [1, 3], [2]])
})

test('spec 2.x is never shared', () => {
  expect(groupCompatible([config({}, '2.3.0'), config({}, '2.3.0')])).toEqual([[0], [1]])
})

test('groups are filled in order', () => {
  const list = [
    file('/a', '1'),
    file('/a', '2'),
    file('/b'),
    file('/a', '1'),
    file('/a', '2'),
    file('/a', '3'),
  ]
  expect(groupCompatible(list.map((value) => config(value)))).toEqual([[0, 2, 3], [1, 4], [5]])
})
