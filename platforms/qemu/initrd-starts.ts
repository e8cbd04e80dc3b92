// Machines that begin in the initrd of their first boot: firmware, loader, kernel and the start of the initrd are the same for all
// machines with the same hardware, so they are run through once, up to the moment before the config is read, and saved. Every
// machine then goes on from there with its own config. What stops them comes by SMBIOS; without it they are booted whole.

import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { abortable, formatSeconds } from '../../harness/deadline.ts'
import { InfraError } from '../../harness/errors.ts'
import type { CreateOptions, MachineSpec } from '../../harness/machine.ts'
import { claimTemplate, type StoredTemplate, type TemplateDraft } from '../../qemu/index.ts'
import type { MachineContext, MachineSource } from './create-machine.ts'
import {
  damageOf,
  factsOf,
  prefixOf,
  saveMachine,
  shortId,
  templateBytes,
  type MakeMachine,
} from './forks.ts'
import { CANNOT, GONE_ON, HERE, initrdStop } from './initrd-script.ts'
import { readsSmbios } from './machine-config.ts'
import type { QemuMachine } from './machine.ts'
import { firmwareOf } from './refuse.ts'
import { neverSaved } from './never-saved.ts'
import { keyOfAll, templateKey } from './template-key.ts'

type InitrdSource = Extract<MachineSource, { kind: 'initrd' }>

/** Gives the place to begin from; undefined: the machine is to be booted. */
export type FindInitrdStart = (
  spec: MachineSpec,
  options: Pick<CreateOptions, 'folder' | 'signal'>,
) => Promise<InitrdSource | undefined>

/** From power-on to the initrd, wall milliseconds on a host with KVM. */
const COMES_MS = 20_000

/** The first one that needs a start makes it; the others wait for it. */
export function openInitrdStarts(context: MachineContext, make: MakeMachine): FindInitrdStart {
  // Read whole once in a session.
  const verified = new Map<string, Promise<string | undefined>>()
  return async (spec, options) => {
    if (isBootedWhole(spec) || !readsSmbios(spec.architecture, firmwareOf(spec, context.image)))
      return undefined
    const { ignition: _ignition, hostName: _hostName, ...bare } = spec
    const key = keyOfAll([templateKey(bare, context.image, context.host)], initrdStop().join('\n'))
    const claim = await claimTemplate({ key, bytes: templateBytes([bare]), signal: options.signal })
    switch (claim.kind) {
      case 'none':
        return undefined
      case 'template':
        return (await damageOf(claim.template, verified, options.signal)) === undefined
          ? sourceOf(claim.template)
          : undefined
      case 'draft': {
        await using draft = claim.draft
        const stored = await makeStart(context, { ...bare, name: 'initrd' }, draft, make, options)
        return stored === undefined ? undefined : sourceOf(stored)
      }
      default:
        return claim satisfies never
    }
  }
}

/** Machines of which others with the same hardware are few, or whose beginning is part of their state elsewhere. */
function isBootedWhole(spec: MachineSpec): boolean {
  const { onPanic, image, privateIndex, kernelArguments = [] } = spec
  return (
    neverSaved(spec) !== undefined ||
    onPanic === 'run' ||
    image !== undefined ||
    privateIndex !== undefined ||
    kernelArguments.length > 0
  )
}

function sourceOf({ folder, record }: StoredTemplate): InitrdSource {
  return { kind: 'initrd', folder, prefix: prefixOf(0), id: shortId(record.key) }
}

async function makeStart(
  context: MachineContext,
  spec: MachineSpec,
  draft: TemplateDraft,
  make: MakeMachine,
  { folder: parent, signal }: Pick<CreateOptions, 'folder' | 'signal'>,
): Promise<StoredTemplate | undefined> {
  const facts = { ...factsOf(context, [spec]), state: 'initrd' }
  const folder = join(parent, 'initrd')
  await mkdir(folder, { recursive: true })
  const place = { folder: draft.folder, prefix: prefixOf(0) }
  const limitMs = COMES_MS * context.slowness
  try {
    await using machine = await make(
      spec,
      { folder, signal },
      { kind: 'draft', stopsInInitrd: true, ...place },
    )
    const found = await untilHere(machine, limitMs, signal)
    if (found === 'late') await draft.refuse(`it came to no stop within ${formatSeconds(limitMs)}`, facts)
    if (found === 'cannot') await draft.refuse('its kernel has read the files of fw_cfg for good', facts)
    if (found !== 'here') return undefined
    await machine.power('pause', signal)
    // What it said before it stood still is all here: the console is read until the save has ended.
    const { console } = await saveMachine(machine, { ...place, finalFolder: draft.finalFolder }, signal)
    // The host was too slow; the next one tries again.
    if (console.includes(GONE_ON)) return undefined
    return await draft.publish(facts, {})
  } catch (error) {
    if (signal.aborted || !(error instanceof InfraError)) throw error
    return undefined
  }
}

type Arrival = 'here' | 'cannot' | 'late' | 'ended'

async function untilHere(
  { console, exited }: Pick<QemuMachine, 'console' | 'exited'>,
  limitMs: number,
  signal: AbortSignal,
): Promise<Arrival> {
  const { promise, resolve } = Promise.withResolvers<Arrival>()
  const forget = console.subscribe((line) => {
    if (line.includes(HERE)) resolve('here')
    if (line.includes(CANNOT)) resolve('cannot')
  })
  const timer = setTimeout(() => resolve('late'), limitMs)
  void exited.then(() => resolve('ended'))
  try {
    return await abortable(promise, signal)
  } finally {
    clearTimeout(timer)
    forget()
  }
}
