// Forks on a host that changes under them: the memory for templates runs out while one is made, and QEMU is upgraded between
// two runs. A wrong verdict is never the answer.

import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  statSync,
  symlinkSync,
  writeSync,
} from 'node:fs'
import { delimiter, join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { findProgram } from '../../qemu/index.ts'
import { sleep } from '../deadline.ts'
import type { SignalboxEvent } from '../events.ts'
import { cacheFolder } from '../folders.ts'
import { createCliWorld } from './cli.test.fixture.ts'

const world = createCliWorld({ cache: cacheFolder() })
const faults = world.corpus('fork-faults')
const isRoot = process.getuid?.() === 0
afterAll(() => world[Symbol.dispose]())

function lastEvents(): readonly SignalboxEvent[] {
  const lines = readFileSync(join(world.output, 'latest', 'events.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
  return lines.map((line) => JSON.parse(line) as SignalboxEvent)
}

const origins = (): readonly string[] =>
  lastEvents().flatMap((event) => (event.type === 'machine.created' ? [event.origin] : []))

/** Writes until the file system is full, and goes on while `isNeeded`: the emulator may free some of it. */
async function fill(path: string, isNeeded: () => boolean): Promise<void> {
  const file = openSync(path, 'w')
  const chunk = Buffer.alloc(1 << 20)
  try {
    while (isNeeded()) {
      try {
        writeSync(file, chunk)
      } catch {
        await sleep(50)
      }
    }
  } finally {
    closeSync(file)
  }
}

// The emulator is killed by SIGBUS at the first page of guest memory that finds no room.
it.skipIf(!isRoot)(
  'memory that runs out while a template is made costs no verdict (needs root: mounts a tmpfs)',
  async () => {
    const templates = join(world.folder, 'small-tmpfs')
    mkdirSync(templates)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1536m,mode=0700', 'signalbox-test', templates])
    try {
      const child = world.signalbox(['run', 'fork-faults.plain', ...faults], {
        SIGNALBOX_TEMPLATES: templates,
        SIGNALBOX_TEMPLATE_MIB: '4096',
      })
      const over = new AbortController()
      void child.then(() => over.abort())
      const memoryMiB = (): number => {
        const draft = readdirSync(templates).find((name) => name.endsWith('.draft'))
        const path = join(templates, draft ?? 'none', 'm0.ram')
        return existsSync(path) ? (statSync(path).blocks * 512) / 1024 / 1024 : 0
      }
      while (!over.signal.aborted && memoryMiB() < 40) await sleep(20)
      expect(over.signal.aborted).toBe(false)
      await fill(join(templates, 'filler'), () => !over.signal.aborted)
      const { exitCode, stdout } = await child
      expect(stdout).toContain('1 passed')
      expect(exitCode).toBe(0)
      expect(origins().at(-1)).toBe('cold')
      expect(origins()).not.toContain('fork')
      expect(readdirSync(templates).filter((name) => name.endsWith('.draft'))).toEqual([])
      expect(statfsSync(templates).bavail).toBe(0)
    } finally {
      execFileSync('umount', ['--lazy', templates])
    }
  },
)

it('an upgrade of QEMU makes the templates of the one before useless', async () => {
  const installed = findProgram('qemu-system-x86_64') ?? ''
  const prefix = join(world.folder, 'prefix')
  const emulator = join(prefix, 'bin', 'qemu-system-x86_64')
  mkdirSync(join(prefix, 'bin'), { recursive: true })
  // QEMU looks for its firmware beside itself.
  symlinkSync('/usr/share', join(prefix, 'share'))
  copyFileSync(installed, emulator)
  const templates = join('/dev/shm', `signalbox-test-upgrade-${process.pid}`)
  const env = {
    SIGNALBOX_TEMPLATES: templates,
    PATH: [join(prefix, 'bin'), process.env['PATH']].join(delimiter),
  }
  const run = async (): Promise<readonly string[]> => {
    const { exitCode, stdout } = await world.signalbox(['run', 'fork-faults.plain', ...faults], env)
    expect(stdout).toContain('1 passed')
    expect(exitCode).toBe(0)
    return origins()
  }
  try {
    expect(await run()).toEqual(['cold', 'fork'])
    expect(await run()).toEqual(['fork'])
    rmSync(emulator)
    copyFileSync(installed, emulator)
    // What follows the sections of an ELF file changes nothing but the file.
    appendFileSync(emulator, 'upgraded')
    expect(await run()).toEqual(['cold', 'fork'])
  } finally {
    rmSync(templates, { recursive: true, force: true })
  }
})
