// Figures of a boot for the record of the run: how long each part took, what memory is left, what the journal complains about.

import { attach, describe, expect, metric, test, type Machine } from '../../harness/index.ts'
import { newMessages } from './known-messages.ts'

const LOADER_BEGAN = '/sys/firmware/efi/efivars/LoaderTimeInitUSec-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f'

/** Microseconds since the kernel started; those of firmware and loader are before it. */
const stamps = [
  'FirmwareTimestampMonotonic',
  'LoaderTimestampMonotonic',
  'InitRDTimestampMonotonic',
  'UserspaceTimestampMonotonic',
  'FinishTimestampMonotonic',
] as const

async function bootStamps(machine: Machine): Promise<Readonly<Record<(typeof stamps)[number], number>>> {
  const text = await machine.run(['systemctl', 'show', ...stamps.map((name) => `--property=${name}`)])
  const read = (name: string): number => Number(new RegExp(`^${name}=(\\d+)$`, 'm').exec(text)?.[1] ?? 0)
  return Object.fromEntries(stamps.map((name) => [name, read(name)])) as Record<
    (typeof stamps)[number],
    number
  >
}

/** A line of `journalctl --output=json`; a message that is no text is a list of bytes. */
interface JournalEntry {
  readonly MESSAGE?: unknown
  readonly PRIORITY: string
  readonly SYSLOG_IDENTIFIER?: string
  readonly __MONOTONIC_TIMESTAMP: string
}

describe('boot', { firstBoot: true, exclusive: false }, () => {
  test(
    'phases',
    {
      description:
        'The time that firmware, loader, kernel, initrd and userspace took is recorded; each had its turn.',
    },
    async ({ machine }) => {
      // Finished comes a moment after the machine is ready.
      await expect
        .poll(async () => (await bootStamps(machine)).FinishTimestampMonotonic, {
          timeoutMs: 30_000 * machine.slowness,
        })
        .toBeGreaterThan(0)
      const at = await bootStamps(machine)
      const hasInitrd = at.InitRDTimestampMonotonic > 0
      const phases = {
        // Zero where the kernel is started without them.
        firmware: at.FirmwareTimestampMonotonic - at.LoaderTimestampMonotonic,
        loader: at.LoaderTimestampMonotonic,
        kernel: hasInitrd ? at.InitRDTimestampMonotonic : at.UserspaceTimestampMonotonic,
        initrd: hasInitrd ? at.UserspaceTimestampMonotonic - at.InitRDTimestampMonotonic : 0,
        userspace: at.FinishTimestampMonotonic - at.UserspaceTimestampMonotonic,
      }
      for (const [name, microseconds] of Object.entries(phases))
        metric(`boot.${name}`, microseconds / 1000, 'ms')
      metric('boot.total', Object.values(phases).reduce((sum, each) => sum + each) / 1000, 'ms')
      expect(Math.min(...Object.values(phases))).toBeGreaterThanOrEqual(0)
      expect(phases.kernel).toBeGreaterThan(0)
      expect(phases.userspace).toBeGreaterThan(0)
      if (hasInitrd) expect(phases.initrd).toBeGreaterThan(0)
      // Where the loader says when it began, both are known. GRUB does not, and systemd-boot not on virtual x86 machines, whose
      // TSC it does not trust.
      const { exitCode } = await machine.exec(['test', '-e', LOADER_BEGAN])
      expect([phases.firmware > 0, phases.loader > 0]).toEqual([exitCode === 0, exitCode === 0])
      // By the kernel's own clock all of it is over.
      const uptime = Number((await machine.readFile('/proc/uptime')).split(' ')[0])
      expect(at.FinishTimestampMonotonic / 1e6).toBeLessThan(uptime)
      await attach('boot.svg', await machine.run(['systemd-analyze', 'plot']))
      await attach('blame.txt', await machine.run(['systemd-analyze', 'blame', '--no-pager']))
    },
  )

  test(
    'memory',
    {
      description: 'What memory the idle system takes is recorded, and most of it is left.',
    },
    async ({ machine }) => {
      const text = await machine.readFile('/proc/meminfo')
      const kib = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1])
      const total = kib('MemTotal')
      const available = kib('MemAvailable')
      metric('memory.total', total / 1024, 'MiB')
      metric('memory.available', available / 1024, 'MiB')
      metric('memory.kernel', (kib('Slab') + kib('KernelStack') + kib('PageTables')) / 1024, 'MiB')
      metric('memory.processes', Number(await machine.run('ls -d /proc/[0-9]* | wc -l')))
      expect(available).toBeLessThan(total)
      expect(available / total).toBeGreaterThan(0.5)
    },
  )

  test(
    'size',
    {
      description: 'How large /usr is and how many packages it is made of is recorded.',
      distros: ['reference'],
    },
    async ({ machine }) => {
      const bytes = Number(
        await machine.run(['/usr/sbin/blockdev', '--getsize64', '/dev/mapper/usr'], { sudo: true }),
      )
      const packages = (await machine.readFile('/usr/share/reference/packages.txt')).trim().split('\n')
      const used = Number(await machine.run('df --output=used --block-size=1 / | tail -n 1'))
      metric('image.usr', bytes / 2 ** 20, 'MiB')
      metric('image.packages', packages.length)
      metric('image.root-used', used / 2 ** 20, 'MiB')
      // Where it has grown: unpacked, as /usr is compressed; what was counted is not counted again.
      const parts = ['bin', 'sbin', 'lib/modules', 'lib', 'share', 'libexec']
      const sizes = await machine.run(
        ['du', '--summarize', '--apparent-size', '--block-size=1', ...parts.map((part) => `/usr/${part}`)],
        { sudo: true, timeoutMs: 30_000 * machine.slowness },
      )
      expect(sizes.split('\n')).toHaveLength(parts.length)
      for (const line of sizes.split('\n')) {
        const [size, path = ''] = line.split('\t')
        metric(`image.${path.slice('/usr/'.length).replaceAll('/', '-')}`, Number(size) / 2 ** 20, 'MiB')
      }
      // A slot has 640 MiB.
      expect(bytes).toBeLessThan(640 * 2 ** 20)
      expect(packages.filter((line) => !/^\S+ \S+$/.test(line))).toEqual([])
    },
  )

  test(
    'journal-errors',
    {
      description:
        'The journal of the boot has no error that is not known; how many of each weight it has, and how many new ones, is recorded.',
      distros: ['reference'],
    },
    async ({ machine }) => {
      const { FinishTimestampMonotonic: finished } = await bootStamps(machine)
      const read = ['journalctl', '--boot', '--quiet', '--output=json', '--priority=warning']
      const text = await machine.run(read, { sudo: true, maxOutputBytes: 8 * 2 ** 20 })
      // Others may have been at work on this machine since.
      const entries = text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as JournalEntry)
        .filter(({ __MONOTONIC_TIMESTAMP: at }) => finished === 0 || Number(at) <= finished)
      const said = entries.map(({ MESSAGE, PRIORITY, SYSLOG_IDENTIFIER = '?' }) => ({
        weight: Number(PRIORITY),
        line: `${SYSLOG_IDENTIFIER}: ${typeof MESSAGE === 'string' ? MESSAGE : '(binary)'}`,
      }))
      const errors = said.filter(({ weight }) => weight <= 3).map(({ line }) => line)
      metric('journal.errors', errors.length)
      metric('journal.warnings', said.length - errors.length)
      const lines = said.map(({ weight, line }) => `<${weight}> ${line}\n`)
      await attach('journal-warnings.txt', lines.join(''))
      const unknown = newMessages(said.map(({ line }) => line))
      metric('journal.new', unknown.length)
      await attach('journal-new.txt', unknown.map((line) => `${line}\n`).join(''))
      expect(newMessages(errors)).toEqual([])
    },
  )
})
