// What an update costs over the reboot that it needs.

import { randomBytes } from 'node:crypto'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { updateTimeline, type TimelineRow } from '../cli/update-timeline.ts'
import type { Benchmark } from './figure.ts'
import { benchSignalbox } from './signalbox.ts'

export const updateRatio: Benchmark = {
  name: 'update-ratio',
  unit: 'x',
  better: 'lower',
  n: 1,
  help: "update-test of the reference image: update and reboot into it, over the plain reboot of the same run and the payload's transfer at disk speed",
  asked: { atMost: 3 },
  prepare: async () => {
    // The version to update to is built outside of what is measured.
    const { buildReferenceImage } = await import('../../qemu/image/index.ts')
    await buildReferenceImage()
    await buildReferenceImage({ version: '1.0.1' })
  },
  async sample(report) {
    const { events } = await benchSignalbox(['update-test'])
    const rows = updateTimeline(events, 'update.reach')
    const step = (title: string): TimelineRow => {
      const row = rows.find((each) => each.title === title)
      if (row === undefined) throw new Error(`the run has no step "${title}"`)
      return row
    }
    const { durationMs: updateMs, bytes } = step('download and write')
    const intoMs = step('reboot').durationMs
    // Back to the old version: the reboot alone.
    const plainMs = step('roll back').durationMs
    const diskMs = await writeMs(bytes)
    const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`
    report(
      `  update ${seconds(updateMs)}, reboot into it ${seconds(intoMs)}, plain reboot ${seconds(plainMs)}, ${(bytes / 2 ** 20).toFixed(0)} MiB to disk ${seconds(diskMs)}`,
    )
    return (updateMs + intoMs) / (plainMs + diskMs)
  },
}

/** How long this host takes to write so many bytes and have them on its disk. */
async function writeMs(bytes: number): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'signalbox-disk-'))
  try {
    const block = randomBytes(1024 * 1024)
    const startedAt = performance.now()
    {
      await using file = await open(join(folder, 'payload'), 'w')
      for (let at = 0; at < bytes; at += block.length) await file.write(block)
      await file.sync()
    }
    return performance.now() - startedAt
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
