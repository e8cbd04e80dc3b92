// `signalbox template build`: makes the template of a plain machine before a run needs it.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { takeInventory, type TemplateEntry } from '../../../qemu/index.ts'
import { buildTemplate, type BuiltTemplate } from '../../attempt/build-template.ts'
import { formatSeconds } from '../../deadline.ts'
import { loadSshKey } from '../../ssh/index.ts'
import type { Settings } from '../config/settings.ts'
import { listenForInterrupts } from '../interrupt.ts'
import { chooseTarget, machineEnvironment, printNotices } from '../machine-environment.ts'
import type { TargetFlags } from '../option-table.ts'
import { settingsOf } from '../platform-settings.ts'
import { showProgress } from '../progress.ts'
import { templateLine, templateRow } from '../template-lines.ts'

interface BuildFlags extends TargetFlags {
  readonly memory: number
  readonly cpus: number
  readonly json: boolean
}

/** The action of `template build`. */
export async function templateBuild(
  _flags: Readonly<Record<string, unknown>>,
  _positional: readonly unknown[],
  settings: Settings,
): Promise<number> {
  const flags = settings.targets()[0].flags as unknown as BuildFlags
  using interrupts = listenForInterrupts()
  const startedAt = performance.now()
  const { id, found } = await build(flags, interrupts.signal)
  const tookMs = performance.now() - startedAt
  const entry = (await takeInventory()).templates.find((template) => template.id === id)
  if (flags.json) {
    const shown = entry === undefined ? { id } : templateRow(entry)
    process.stdout.write(`${JSON.stringify({ ...shown, found, tookMs: Math.round(tookMs) }, undefined, 2)}\n`)
    return 0
  }
  const done = found ? 'was there already' : `made in ${formatSeconds(tookMs)}`
  process.stdout.write(`template ${id} ${done}${entry === undefined ? '' : `: ${described(entry)}`}\n`)
  return 0
}

function described(entry: TemplateEntry): string {
  const { image, memory, cpus, size, where } = templateLine(entry, Date.now())
  return `${image}, ${memory}, ${cpus} CPUs; ${size} ${where === 'memory' ? 'in memory' : 'on disk'}`
}

async function build(flags: BuildFlags, signal: AbortSignal): Promise<BuiltTemplate> {
  const chosen = await chooseTarget(flags, signal)
  await using stack = new AsyncDisposableStack()
  const runFolder = await mkdtemp(join(tmpdir(), 'signalbox-template-'))
  stack.defer(async () => await rm(runFolder, { recursive: true, force: true }))
  const session = stack.use(
    await chosen.platform.open({
      image: chosen.image,
      emit: printNotices,
      signal,
      settings: settingsOf(flags),
    }),
  )
  const sshKey = loadSshKey()
  const env = machineEnvironment(chosen, session, { sshKey, emit: printNotices, runFolder, signal })
  using progress = showProgress('template')
  const needs = { memoryMiB: flags.memory, cpus: flags.cpus }
  return await buildTemplate(env, { needs, onProgress: (step) => progress.update(step) }, signal)
}
