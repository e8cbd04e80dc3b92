// What the QEMU platform does when guests, QEMU, the host or the image misbehave, on real machines.

import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type { EventBody } from '../../harness/events.ts'
import type { LineFeed, MachineSpec, PlatformMachine, PlatformSession } from '../../harness/machine.ts'
import type { DiskImage, Image } from '../../harness/model.ts'
import { bootDisk, type BootDiskEnd } from '../../qemu/index.ts'
import { buildReferenceImage } from '../../qemu/image/index.ts'
import { bootDiskImage, testSpec } from './boot-disk-image.test.fixture.ts'
import { qemuPlatform } from './index.ts'
import { GONE_ON, HERE } from './initrd-script.ts'

const TEXT = 'hello from a boot sector'
const root = mkdtempSync(join(tmpdir(), 'qemu-platform-'))
const reference = await buildReferenceImage()
process.env['SIGNALBOX_RUNTIME'] = join(root, 'run')
process.env['SIGNALBOX_CACHE'] = join(root, 'cache')
const templates = join(root, 'templates')
process.env['SIGNALBOX_TEMPLATES'] = templates
afterAll(() => rmSync(root, { recursive: true }))
const { signal } = new AbortController()

async function open(image: Image, events: EventBody[] = []): Promise<PlatformSession> {
  return await qemuPlatform.open({ image, emit: (event) => events.push(event), signal })
}

function sector(end: BootDiskEnd): DiskImage {
  const path = join(root, `${end}.raw`)
  writeFileSync(path, bootDisk(`${TEXT}\r\n`, end))
  return bootDiskImage(path)
}

interface Started extends AsyncDisposable {
  readonly machine: PlatformMachine
  readonly folder: string
}

async function start(image: Image, change: Partial<MachineSpec> = {}): Promise<Started> {
  await using undo = new AsyncDisposableStack()
  const folder = mkdtempSync(join(root, 'results-'))
  const session = undo.use(await open(image))
  const machine = await session.create({ ...testSpec('m0'), ...change }, { folder, signal })
  const owned = undo.move()
  return { machine, folder, [Symbol.asyncDispose]: async () => owned.disposeAsync() }
}

async function lines(feed: LineFeed, text: string, count = 1): Promise<readonly string[]> {
  const found: string[] = []
  const { promise, resolve } = Promise.withResolvers<void>()
  const leave = feed.subscribe((line) => {
    if (line.includes(text) && found.push(line) === count) resolve()
  })
  await promise
  leave()
  return found
}

function pidOf({ id }: PlatformMachine): number {
  const uuid = id.replace('qemu-', '')
  const found = readdirSync('/proc').find((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0').includes(uuid)
    } catch {
      return false
    }
  })
  return Number(found)
}

// Hardware loses no timer, and nothing is watched for there.
const isEmulated = await (async () => {
  await using session = await open(sector('halt'))
  return session.slowness > 1
})()

describe('whose doing an exit is', () => {
  test.runIf(isEmulated)(
    'an emulated machine whose kernel waits for timer interrupts in vain: the platform’s',
    async () => {
      const path = join(root, 'lost-timer.raw')
      const line = (seconds: string): string =>
        `[   ${seconds}] rcu: rcu_preempt kthread timer wakeup didn't happen for 5249 jiffies! g-691 f0x0\r\n`
      writeFileSync(path, bootDisk('\r\n' + line('28.387890') + line('91.350357'), 'halt'))
      await using vm = await start(bootDiskImage(path))
      expect(await vm.machine.exited).toEqual({
        expected: false,
        blame: 'platform',
        reason: 'the emulator lost the timer of one of its CPUs',
      })
    },
  )

  test('a guest that powers off: the image’s; and it can be switched on again', async () => {
    await using vm = await start(sector('poweroff'))
    const exit = { expected: false, blame: 'image', reason: 'the guest powered off' }
    expect(await vm.machine.exited).toEqual(exit)
    await expect(vm.machine.ssh(signal)).rejects.toThrow('machine m0 is off: the guest powered off')
    await vm.machine.power('on', signal)
    await expect(vm.machine.power('on', signal)).rejects.toMatchObject({ code: 'power-state' })
    expect(await vm.machine.exited).toEqual(exit)
    await lines(vm.machine.console, TEXT, 2)
  })

  test('a kernel panic: the image’s, unless the spec lets it run', async () => {
    await using vm = await start(sector('panic'))
    expect(await vm.machine.exited).toEqual({ expected: false, blame: 'image', reason: 'kernel panic' })
    await using free = await start(sector('panic'), { onPanic: 'run' })
    await lines(free.machine.console, TEXT)
    await free.machine.power('cut', signal)
    expect(await free.machine.exited).toMatchObject({ expected: true })
  })

  test('QEMU killed from outside: the platform’s', async () => {
    await using vm = await start(sector('halt'))
    process.kill(pidOf(vm.machine), 'SIGKILL')
    const reason = 'QEMU was killed by SIGKILL'
    expect(await vm.machine.exited).toEqual({ expected: false, blame: 'platform', reason })
  })

  test('our shutdown: expected, and an error when the guest ignores it', async () => {
    await using vm = await start(sector('button'))
    await lines(vm.machine.console, TEXT)
    await vm.machine.power('pause', signal)
    await vm.machine.power('resume', signal)
    await vm.machine.power('shutdown', signal)
    expect(await vm.machine.exited).toEqual({ expected: true, blame: 'platform', reason: 'shut down' })
  })

  // A small file system of its own, which only root can mount.
  test.runIf(process.getuid?.() === 0)('a full disk of the host: the platform’s, named', async () => {
    const small = join(root, 'small')
    mkdirSync(small)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=3M', 'tmpfs', small])
    const cache = process.env['SIGNALBOX_CACHE']
    try {
      process.env['SIGNALBOX_CACHE'] = small
      await using vm = await start(sector('fill'), { primaryDiskMiB: 64 })
      expect(await vm.machine.exited).toMatchObject({
        expected: false,
        blame: 'platform',
        reason: expect.stringContaining('the disk of the host is full'),
      })
    } finally {
      process.env['SIGNALBOX_CACHE'] = cache
      execFileSync('umount', [small])
    }
  })
})

describe('power cycles', () => {
  test('a machine keeps its SSH port, and takes another when that one is gone', async () => {
    await using vm = await start(sector('halt'))
    const first = await vm.machine.ssh(signal)
    await vm.machine.power('cut', signal)
    await vm.machine.power('on', signal)
    expect(await vm.machine.ssh(signal)).toEqual(first)
    await vm.machine.power('cut', signal)
    const thief = createServer().listen(first.port, '127.0.0.1')
    await once(thief, 'listening')
    await vm.machine.power('on', signal)
    expect((await vm.machine.ssh(signal)).port).not.toBe(first.port)
    thief.close()
  })

  test('direct boot: first-boot arguments once, whether the guest reboots or is reset', async () => {
    const junk = join(root, 'initrd')
    writeFileSync(junk, Buffer.alloc(512))
    const kernel = reference.image.direct?.kernel ?? ''
    const image: Image = {
      ...sector('halt'),
      firmwares: ['direct'],
      direct: {
        kernel,
        initrd: junk,
        arguments: 'console=ttyS0 panic=1',
        firstBootArguments: 'first.boot=1',
      },
    }
    const spec = { memoryMiB: 256, onPanic: 'run', kernelArguments: ['extra.one=1'] } as const
    await using vm = await start(image, spec)
    // Without a root file system it panics, and with panic=1 reboots a second later.
    const seen = await lines(vm.machine.console, 'Kernel command line:', 2)
    expect(seen.map((line) => line.includes('first.boot=1'))).toEqual([true, false])
    expect(seen.every((line) => line.includes('extra.one=1'))).toBe(true)
    await using second = await start(image, spec)
    await lines(second.machine.console, 'Kernel command line:')
    await second.machine.power('reset', signal)
    const again = await lines(second.machine.console, 'Kernel command line:', 2)
    expect(again.map((line) => line.includes('first.boot=1'))).toEqual([true, false])
  })
})

describe('a machine that may begin in its initrd', () => {
  const options = (): Parameters<PlatformSession['create']> => [
    testSpec('m0'),
    { folder: mkdtempSync(join(root, 'results-')), signal, mayBeginInInitrd: true },
  ]
  const image = (name: string, text: string, end: BootDiskEnd): Image => {
    const path = join(root, `${name}.raw`)
    writeFileSync(path, bootDisk(text, end))
    return bootDiskImage(path)
  }

  test('goes on from there, as every other with its hardware', async () => {
    await using session = await open(image('stops', `${HERE}\r\n`, 'halt'))
    await using first = await session.create(...options())
    await using second = await session.create(...options())
    for (const { origin, console } of [first, second]) {
      expect(origin).toBe('initrd')
      expect(console.tail(10).join('\n')).toContain(HERE)
    }
    expect(second.facts['template']).toBe(first.facts['template'])
    await using whole = await session.create(testSpec('m1'), {
      folder: mkdtempSync(join(root, 'results-')),
      signal,
    })
    expect(whole.origin).toBe('cold')
  })

  test('is booted when its initrd was gone before it could be saved, or never came', async () => {
    await using late = await open(image('late', `${GONE_ON}\r\n${HERE}\r\n`, 'halt'))
    await using first = await late.create(...options())
    expect(first.origin).toBe('cold')
    await using off = await open(image('off', 'nothing of the kind\r\n', 'poweroff'))
    await using second = await off.create(...options())
    expect(second.origin).toBe('cold')
  })

  test('begins from nothing that was changed', async () => {
    const damaged = image('damaged', `${HERE}\r\n`, 'halt')
    await using session = await open(damaged)
    await using first = await session.create(...options())
    const key = String(first.facts['template'])
    const folder = readdirSync(templates).find((name) => name.startsWith(key))
    const state = join(templates, folder ?? '', 'm0.state')
    const bytes = readFileSync(state)
    bytes[100] = (bytes[100] ?? 0) ^ 1
    chmodSync(state, 0o600)
    writeFileSync(state, bytes)
    await using second = await session.create(...options())
    expect(second.origin).toBe('initrd')
    // Made anew.
    expect(readFileSync(state).equals(bytes)).toBe(false)
  })
})

test('a flooding guest is cut at once, and its console file is there', async () => {
  await using vm = await start(sector('flood'))
  await lines(vm.machine.console, TEXT, 100)
  const before = performance.now()
  await vm.machine[Symbol.asyncDispose]()
  expect(performance.now() - before).toBeLessThan(3000)
  expect(readFileSync(join(vm.folder, 'console.txt'), 'utf8')).toContain(TEXT)
})

test('the Ignition config is readable by this user only', async () => {
  await using vm = await start(sector('halt'), { ignition: '{"secret":1}' })
  const folder = join(root, 'run', 'm')
  const [id] = readdirSync(folder)
  const path = join(folder, id ?? '', 'config.ign')
  expect([readFileSync(path, 'utf8'), statSync(path).mode & 0o777]).toEqual(['{"secret":1}', 0o600])
  expect(vm.machine.name).toBe('m0')
})

test('a disk that does not boot says so on the console', async () => {
  const path = join(root, 'blank.raw')
  writeFileSync(path, Buffer.alloc(2 * 1024 * 1024))
  await using vm = await start(bootDiskImage(path))
  await lines(vm.machine.console, 'No bootable device')
})

test.each(['uefi', 'uefi-secure'] as const)('firmware %s starts and speaks', async (firmware) => {
  await using session = await open({ ...sector('halt'), firmwares: ['uefi', 'uefi-secure'] })
  const spec = { ...testSpec('m0'), memoryMiB: 128, firmware }
  const folder = mkdtempSync(join(root, 'results-'))
  await using machine = await session.create(spec, { folder, signal })
  await lines(machine.console, 'BdsDxe')
  expect(machine.facts['firmware']).toBe(firmware)
})

describe('images that cannot be used', () => {
  test.each([
    ['missing', () => bootDiskImage(join(root, 'nowhere')), 'image-missing'],
    ['a folder', () => bootDiskImage(root), 'image-missing'],
    ['empty', () => file('empty', Buffer.alloc(0)), 'image-truncated'],
    ['cut in mid-sector', () => file('odd', Buffer.alloc(2_000_001)), 'image-truncated'],
    ['not the format it claims', () => qcow2(file('raw', Buffer.alloc(2_000_000))), 'image-unreadable'],
    ['a truncated qcow2', () => qcow2(bootDiskImage(truncatedQcow2())), 'image-truncated'],
    ['that names another file', () => qcow2(bootDiskImage(overlay())), 'image-not-whole'],
    ['with a kernel that is none', () => withKernel(sector('halt').disk.path), 'kernel-unreadable'],
    ['with no kernel', () => withKernel(join(root, 'nowhere')), 'kernel-unreadable'],
    ['of another architecture', () => withKernel(arm64Kernel()), 'wrong-architecture'],
  ])('%s', async (_, image, code) => {
    await expect(open(image())).rejects.toMatchObject({
      name: 'UsageError',
      code,
      message: expect.any(String),
    })
  })
})

function file(name: string, content: Uint8Array): DiskImage {
  const path = join(root, name)
  writeFileSync(path, content)
  return bootDiskImage(path)
}
function qcow2(image: DiskImage): DiskImage {
  return { ...image, disk: { ...image.disk, format: 'qcow2' } }
}

function truncatedQcow2(): string {
  const path = join(root, 'truncated.qcow2')
  const raw = sector('halt').disk.path
  execFileSync('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', raw, path])
  execFileSync('truncate', ['-s', '300K', path])
  return path
}

function overlay(): string {
  const path = join(root, 'overlay.qcow2')
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', '-F', 'raw', '-b', sector('halt').disk.path, path])
  return path
}

function withKernel(kernel: string): DiskImage {
  const direct = { kernel, initrd: kernel, arguments: '', firstBootArguments: '' }
  return { ...sector('halt'), firmwares: ['direct'], direct }
}

function arm64Kernel(): string {
  const path = join(root, 'Image')
  const header = Buffer.alloc(1024)
  header.write('ARM\u0064', 0x38, 'latin1')
  writeFileSync(path, header)
  return path
}
