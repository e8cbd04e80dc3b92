// Runs of the real command line on real machines with templates of their own, and what such a run leaves.

import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect } from 'vitest'
import type { SignalboxEvent } from '../events.ts'
import { cacheFolder } from '../folders.ts'
import { createCliWorld, type CliResult, type CliWorld } from './cli.test.fixture.ts'

/** What a run printed, and its events. */
export interface ForkRun extends CliResult {
  readonly events: readonly SignalboxEvent[]
}

/** A command line whose templates lie in a folder of this test file, in memory; both are removed after its tests. */
export interface ForkWorld {
  readonly world: CliWorld
  /** The folder of the templates; it exists once one was made. */
  readonly templates: string
  readonly env: Readonly<Record<string, string>>
  /** `signalbox run` with these arguments. */
  readonly run: (...args: readonly string[]) => Promise<ForkRun>
  /** The one template there is, with its memory. */
  readonly onlyTemplate: () => { readonly folder: string; readonly memory: string }
  /** The process ids of the emulators that runs of this world have started. */
  readonly qemus: () => readonly number[]
}

/** Call it at the top of a test file. */
export function createForkWorld(): ForkWorld {
  const world = createCliWorld({ cache: cacheFolder() })
  const templates = `/dev/shm/signalbox-test-${process.pid}`
  const env = { SIGNALBOX_TEMPLATES: templates }
  afterAll(() => {
    world[Symbol.dispose]()
    rmSync(templates, { recursive: true, force: true })
  })
  return {
    world,
    templates,
    env,
    async run(...args) {
      const result = await world.signalbox(['run', ...args], env)
      const lines = readFileSync(join(world.output, 'latest', 'events.jsonl'), 'utf8')
        .trimEnd()
        .split('\n')
      return { ...result, events: lines.map((line) => JSON.parse(line) as SignalboxEvent) }
    },
    onlyTemplate() {
      const names = readdirSync(templates).filter((name) => /^[0-9a-f]{64}$/.test(name))
      expect(names).toHaveLength(1)
      const folder = join(templates, names[0] ?? '')
      return { folder, memory: join(folder, 'm0.ram') }
    },
    qemus: () => qemusUnder(join(world.folder, 'run')),
  }
}

function qemusUnder(runtime: string): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
        return /^[^\0]*qemu-system/.test(command) && command.includes(runtime)
      } catch {
        return false
      }
    })
    .map(Number)
}

/** How each machine of a run came up, in the order in which they were created. */
export const origins = (events: readonly SignalboxEvent[]): readonly string[] =>
  events.flatMap((event) => (event.type === 'machine.created' ? [event.origin] : []))
