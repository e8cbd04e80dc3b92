// For the driver's machine tests: the smallest machine there is, from a boot disk, under TCG.

import { randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bootDisk, type BootDiskEnd } from './boot-disk.ts'
import { openConsoleFeed, readLines, type ConsoleFeed } from './console-feed.ts'
import { launchMachine, type LaunchOptions, type RunningMachine } from './launch.ts'
import { LineBuffer, type LineFeed } from './line-feed.ts'
import { INHERITED_CHANNELS, PRIMARY_DISK_SERIAL, type MachineConfig } from './machine-config.ts'

export const TEXT = 'hello from a boot sector'

export interface TestMachine extends AsyncDisposable {
  readonly machine: RunningMachine
  readonly console: ConsoleFeed
  readonly consolePath: string
}

/** A config of a 64 MiB machine; `disk` must hold a boot disk. */
export function testConfig(disk: string): MachineConfig {
  return {
    name: 'test',
    uuid: randomUUID(),
    binary: 'qemu-system-x86_64',
    architecture: 'x86_64',
    accelerator: { kind: 'tcg', threads: 'multi', translationCacheMiB: 32 },
    cpuModel: 'Nehalem',
    memoryMiB: 64,
    cpus: 1,
    boot: { firmware: 'bios' },
    disks: [{ path: disk, format: 'raw', serial: PRIMARY_DISK_SERIAL }],
    fwCfg: [],
    oemStrings: [],
    network: { sshPort: 0, ipv6: false },
    onReboot: 'exit',
    start: 'boot',
    channels: INHERITED_CHANNELS,
  }
}

/** A folder with a boot disk in it, removed when disposed. */
export async function testFolder(
  end: BootDiskEnd,
): Promise<{ path: string; disk: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'qemu-test-'))
  const disk = join(path, 'disk.raw')
  await writeFile(disk, bootDisk(`${TEXT}\r\n`, end))
  return { path, disk, [Symbol.asyncDispose]: async () => rm(path, { recursive: true, force: true }) }
}

/** Launches a machine that prints TEXT and then does `end`. */
export async function launchTest(
  end: BootDiskEnd,
  change: Partial<MachineConfig> = {},
  options: Partial<LaunchOptions> = {},
): Promise<TestMachine> {
  await using undo = new AsyncDisposableStack()
  const folder = undo.use(await testFolder(end))
  const consolePath = join(folder.path, 'console.txt')
  const console = undo.use(
    await openConsoleFeed({ path: consolePath, headBytes: 100_000, tailBytes: 20_000 }),
  )
  const machine = undo.use(
    await launchMachine(
      { ...testConfig(folder.disk), ...change },
      {
        attach: (streams) => {
          void console.attach(streams.console)
          void readLines(streams.journal, new LineBuffer())
        },
        ...options,
      },
    ),
  )
  const owned = undo.move()
  return { machine, console, consolePath, [Symbol.asyncDispose]: async () => owned.disposeAsync() }
}

/** Resolves with the first line that contains `text`. */
export async function lineWith(feed: LineFeed, text: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  const leave = feed.subscribe((line) => line.includes(text) && resolve(line))
  try {
    return await promise
  } finally {
    leave()
  }
}
