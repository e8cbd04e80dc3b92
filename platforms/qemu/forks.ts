// Forks of booted machines on QEMU: templates by key, made once, cloned at will. The store in qemu/template keeps them;
// this file knows what belongs into one.

import { stat, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { codeOf, InfraError, UsageError } from '../../harness/errors.ts'
import type {
  CreateOptions,
  Forks,
  MachineSpec,
  PlatformMachine,
  Template,
  TemplateDraft,
  TemplateNotes,
} from '../../harness/machine.ts'
import {
  claimTemplate,
  createOverlayAhead,
  lookForTemplate,
  virtualSize,
  type StoredTemplate,
  type TemplateDraft as StoredDraft,
} from '../../qemu/index.ts'
import { templateFile, type MachineContext, type MachineSource } from './create-machine.ts'
import { QemuMachine } from './machine.ts'
import { neverSaved } from './never-saved.ts'
import { keyOfAll, templateKey } from './template-key.ts'

/** Creates a machine that ends with the session. */
export type MakeMachine = (
  spec: MachineSpec,
  wish: CreateOptions,
  source: MachineSource,
) => Promise<QemuMachine>

/** Disks of a booted machine, beside its memory: what a boot writes. */
const DISK_ALLOWANCE_MIB = 256

/** The fork side of a session. */
export function openForks(context: MachineContext, make: MakeMachine): Forks {
  const { image, host } = context
  // Verified by reading once in a session; later forks look at the files' times.
  const verified = new Map<string, Promise<string | undefined>>()
  const open = (specs: readonly MachineSpec[], stored: StoredTemplate): Template =>
    openTemplate(specs, stored, make, verified)
  const keyFor = (specs: readonly MachineSpec[], preparation: string): string =>
    keyOfAll(
      specs.map((spec) => templateKey(spec, image, host)),
      preparation,
    )
  return {
    refuses: (spec) => refuseFork(spec),
    async look(specs, preparation) {
      const key = keyFor(specs, preparation)
      const found = await lookForTemplate(key)
      return found.kind === 'none' ? found : { kind: found.kind, id: shortId(key) }
    },
    async claim(specs, preparation, signal) {
      const key = keyFor(specs, preparation)
      const claim = await claimTemplate({ key, bytes: templateBytes(specs), signal })
      switch (claim.kind) {
        case 'none':
          return claim
        case 'template':
          return { kind: 'template', template: open(specs, claim.template) }
        case 'draft':
          return { kind: 'draft', draft: openDraft(context, specs, claim.draft, make, open) }
        default:
          return claim satisfies never
      }
    },
  }
}

function refuseFork(spec: MachineSpec): string | undefined {
  const why = neverSaved(spec)
  if (why !== undefined) return `a machine that ${why} is always booted`
  if (spec.onPanic === 'run') return 'a machine that is to panic is always booted'
  return undefined
}

/** What a template of these machines may take at the most. */
export function templateBytes(specs: readonly Pick<MachineSpec, 'memoryMiB'>[]): number {
  return specs.reduce((sum, { memoryMiB }) => sum + (memoryMiB + DISK_ALLOWANCE_MIB) * 1024 * 1024, 0)
}

/** The beginning of the names of a machine's files in its template. */
export const prefixOf = (index: number): string => `m${index}.`

/** Saves a machine that stands still into its template's folder, which ends it. Returns what it said. */
export async function saveMachine(
  machine: QemuMachine,
  place: { readonly folder: string; readonly finalFolder: string; readonly prefix: string },
  signal: AbortSignal,
): Promise<{ readonly console: string }> {
  const { console, journal } = await machine.saveInto(templateFile(place, 'state'), signal)
  await writeFile(templateFile(place, 'console'), console)
  await writeFile(templateFile(place, 'journal'), journal)
  await machine[Symbol.asyncDispose]()
  for (const path of machine.disks) {
    const final = join(place.finalFolder, basename(path))
    await createOverlayAhead(`${path}.overlay`, final, await virtualSize(path), signal)
  }
  return { console }
}

function openDraft(
  context: MachineContext,
  specs: readonly MachineSpec[],
  stored: StoredDraft,
  make: MakeMachine,
  open: (specs: readonly MachineSpec[], stored: StoredTemplate) => Template,
): TemplateDraft {
  const { folder, finalFolder } = stored
  const facts = factsOf(context, specs)
  return {
    async create(index, options) {
      const spec = specs[index]
      if (spec === undefined) throw new RangeError(`the template has no machine ${index}`)
      return await make(spec, options, { kind: 'draft', folder, prefix: prefixOf(index) })
    },
    async save(machines: readonly PlatformMachine[], notes: TemplateNotes, signal) {
      const ours = machines.filter((machine) => machine instanceof QemuMachine)
      if (ours.length !== specs.length) throw new TypeError('these machines are not those of the template')
      try {
        // All of them stand still before the first is saved: what one has sent, another has got or never gets.
        await Promise.all(ours.map(async (machine) => await machine.power('pause', signal)))
        await Promise.all(
          ours.map(async (machine, index) => {
            await saveMachine(machine, { folder, finalFolder, prefix: prefixOf(index) }, signal)
          }),
        )
        return open(specs, await stored.publish(facts, notes))
      } catch (cause) {
        if (cause instanceof InfraError || signal.aborted) throw cause
        throw new InfraError(`the template could not be saved: ${codeOf(cause) ?? String(cause)}`, {
          code: 'template-not-saved',
          hint: 'free space in /dev/shm or in the cache folder: signalbox template prune',
          cause,
        })
      }
    },
    refuse: async (reason) => await stored.refuse(reason, facts),
    [Symbol.asyncDispose]: async () => await stored[Symbol.asyncDispose](),
  }
}

/** What people read about a template. */
export function factsOf(
  { image, host }: MachineContext,
  specs: readonly MachineSpec[],
): Readonly<Record<string, string | number>> {
  const { version, channel, distro, digest } = image.identity
  const [first] = specs
  return {
    image: `${distro} ${version} (${channel})`,
    digest,
    machines: specs.length,
    memoryMiB: first?.memoryMiB ?? 0,
    cpus: first?.cpus ?? 0,
    disks: first?.disks.length ?? 0,
    qemu: host.emulator.version,
    accelerator: host.accelerator.accelerator,
  }
}

export const shortId = (key: string): string => key.slice(0, 12)

function openTemplate(
  specs: readonly MachineSpec[],
  stored: StoredTemplate,
  make: MakeMachine,
  verified: Map<string, Promise<string | undefined>>,
): Template {
  const { folder } = stored
  const { notes } = stored.record
  const id = shortId(stored.record.key)
  return {
    id,
    notes,
    async fork(index, name, options) {
      const spec = specs[index]
      if (spec === undefined) throw new RangeError(`template ${id} has no machine ${index}`)
      const damage = await stored.damage()
      if (damage !== undefined) {
        await stored.drop()
        throw new InfraError(`template ${id} is damaged: ${damage}`, {
          code: 'template-damaged',
          hint: 'it was dropped; the next use makes it anew',
        })
      }
      if (options.detach === true)
        throw new UsageError('a fork cannot be detached', { code: 'fork-detached' })
      const { hostName = spec.hostName, privateIndex = spec.privateIndex } = options
      const clone = {
        ...spec,
        name,
        ...(hostName === undefined ? {} : { hostName }),
        ...(privateIndex === undefined ? {} : { privateIndex }),
      }
      const plugsCard = spec.privateIndex === undefined && privateIndex !== undefined
      return await make(clone, options, { kind: 'template', folder, prefix: prefixOf(index), id, plugsCard })
    },
    damage: async (signal) => await damageOf(stored, verified, signal),
  }
}

/** Why a template cannot be trusted, or undefined. Reads it whole, once in a session; one whose content is wrong is dropped. */
export async function damageOf(
  stored: StoredTemplate,
  verified: Map<string, Promise<string | undefined>>,
  signal: AbortSignal,
): Promise<string | undefined> {
  const outward = await stored.damage()
  if (outward !== undefined) return outward
  // By inode: another process may have made the template anew under the same key.
  const { ino } = await stat(join(stored.folder, 'template.json')).catch(() => ({ ino: 0 }))
  const id = `${stored.folder}:${ino}`
  const known = verified.get(id) ?? stored.verify(signal)
  verified.set(id, known)
  known.catch(() => verified.delete(id))
  const inward = await known
  if (inward !== undefined) await stored.drop()
  return inward
}
