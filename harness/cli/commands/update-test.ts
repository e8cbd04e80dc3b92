// `signalbox update-test`: the whole promise of an image with two slots in one command, with a timeline. It is the test
// update.reach on two given images, and a table of how long each part of it took.

import { formatSeconds } from '../../deadline.ts'
import { UsageError } from '../../errors.ts'
import { distroProfiles } from '../../profiles/index.ts'
import { readEventFile } from '../../../reports/index.ts'
import { join } from 'node:path'
import { colors } from '../colors.ts'
import type { RunFlags } from '../option-table.ts'
import { requireNewer } from '../payload-source.ts'
import { resolveIdentity } from '../resolve-image.ts'
import { updateTimeline, type TimelineRow } from '../update-timeline.ts'
import { runTests } from './run.ts'

const promise = 'update.reach'

interface UpdateFlags extends RunFlags {
  readonly from?: string
  readonly to?: string
  readonly toVersion?: string
}

/** The action of `update-test`. */
export async function updateTest(given: Readonly<Record<string, unknown>>): Promise<number> {
  const { from, to, toVersion, ...flags } = given as unknown as UpdateFlags
  const runFlags: RunFlags = {
    ...flags,
    tag: [],
    platform: 'qemu',
    firmware: flags.firmware ?? 'uefi',
    ...(from === undefined ? {} : { image: from }),
    ...(to === undefined ? {} : { updateTo: to }),
    ...(toVersion === undefined ? {} : { updateVersion: toVersion }),
  }
  await requireUpdatable(runFlags)
  const { exitCode, folder } = await runTests(runFlags, [promise])
  if (folder === undefined || flags.json) return exitCode
  const { events } = await readEventFile(join(folder, 'events.jsonl'))
  const lines = timelineLines(updateTimeline(events, promise))
  if (lines.length > 0) process.stdout.write(`\n${lines.join('\n')}\n`)
  return exitCode
}

/** What makes an update test pointless is said at once, not by a skipped test. */
async function requireUpdatable(flags: RunFlags): Promise<void> {
  const { identity } = await resolveIdentity(flags)
  const profile = distroProfiles[identity.distro]
  if (profile.updateClient === undefined) {
    throw new UsageError(`${profile.title} has no two slots whose updates can be driven`, {
      code: 'no-update-client',
      hint: 'update-test knows images with systemd-sysupdate (reference) and update_engine (flatcar)',
    })
  }
  if (flags.firmware === 'direct' || flags.firmware === 'bios') {
    throw new UsageError(`with firmware ${flags.firmware} no boot loader chooses between the slots`, {
      code: 'firmware-unsupported',
      hint: 'leave out --firmware, or give uefi or uefi-secure',
    })
  }
  if (identity.distro !== 'reference' && flags.updateTo === undefined) {
    throw new UsageError('what is the image to be updated to?', {
      code: 'payload-missing',
      hint: 'name a payload with --to',
    })
  }
  if (identity.distro !== 'reference' || flags.updateTo === undefined) return
  const next = await resolveIdentity({ ...flags, image: flags.updateTo })
  requireNewer(identity.version, next.identity.version)
}

function timelineLines(rows: readonly TimelineRow[]): readonly string[] {
  const width = Math.max(...rows.map(({ title }) => title.length))
  const total = rows.reduce((sum, { durationMs }) => sum + durationMs, 0)
  const line = (title: string, durationMs: number, detail: string): string =>
    `  ${title.padEnd(width)}  ${formatSeconds(durationMs).padStart(12)}  ${colors.dim(detail)}`.trimEnd()
  if (rows.length === 0) return []
  return [
    colors.bold('Timeline'),
    ...rows.map(({ title, durationMs, bytes, failed }) =>
      failed
        ? colors.red(line(title, durationMs, 'failed'))
        : line(title, durationMs, transferred(bytes, durationMs)),
    ),
    line('together', total, ''),
  ]
}

/** Nothing for what is only asked and answered. */
function transferred(bytes: number, durationMs: number): string {
  const mib = bytes / (1024 * 1024)
  return mib < 1 ? '' : `${mib.toFixed(1)} MiB, ${(mib / (durationMs / 1000)).toFixed(1)} MiB/s`
}
