// Forks of booted machines on QEMU: templates by key, made once, cloned at will. The store in qemu/template keeps them;
// this file knows what belongs into one.

import { stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
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
  virtualSize,
  type StoredTemplate,
  type TemplateDraft as StoredDraft,
} from '../../qemu/index.ts'
import { TEMPLATE_FILES, type MachineContext, type MachineSource } from './create-machine.ts'
import { QemuMachine } from './machine.ts'
import { templateKey } from './template-key.ts'

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
  const open = (spec: MachineSpec, stored: StoredTemplate): Template =>
    openTemplate(spec, stored, make, verified)
  return {
    refuses: (spec) => refuseFork(spec),
    async claim(spec, signal) {
      const key = templateKey(spec, image, host)
      const bytes = (spec.memoryMiB + DISK_ALLOWANCE_MIB) * 1024 * 1024
      const claim = await claimTemplate({ key, bytes, signal })
      switch (claim.kind) {
        case 'none':
          return claim
        case 'template':
          return { kind: 'template', template: open(spec, claim.template) }
        case 'draft':
          return { kind: 'draft', draft: openDraft(context, spec, claim.draft, make, open) }
        default:
          return claim satisfies never
      }
    },
  }
}

function refuseFork(spec: MachineSpec): string | undefined {
  // The TPM lives in another process, whose state would have to be saved at the same instant.
  if (spec.tpm) return 'a machine with a TPM is always booted'
  if (spec.onPanic === 'run') return 'a machine that is to panic is always booted'
  return undefined
}

function openDraft(
  { image, host }: MachineContext,
  spec: MachineSpec,
  stored: StoredDraft,
  make: MakeMachine,
  open: (spec: MachineSpec, stored: StoredTemplate) => Template,
): TemplateDraft {
  const { folder, finalFolder } = stored
  return {
    create: async (options) => await make(spec, options, { kind: 'draft', folder }),
    async save(machine: PlatformMachine, notes: TemplateNotes, signal) {
      if (!(machine instanceof QemuMachine)) throw new TypeError('this machine is not of this platform')
      try {
        const { console, journal } = await machine.saveInto(join(folder, TEMPLATE_FILES.state), signal)
        await writeFile(join(folder, TEMPLATE_FILES.console), console)
        await writeFile(join(folder, TEMPLATE_FILES.journal), journal)
        await machine[Symbol.asyncDispose]()
        for (const path of machine.disks) {
          const name = path.slice(folder.length + 1)
          await createOverlayAhead(
            `${path}.overlay`,
            join(finalFolder, name),
            await virtualSize(path),
            signal,
          )
        }
        const { version, channel, distro, digest } = image.identity
        const facts = {
          image: `${distro} ${version} (${channel})`,
          digest,
          memoryMiB: spec.memoryMiB,
          cpus: spec.cpus,
          disks: spec.disks.length,
          qemu: host.emulator.version,
          accelerator: host.accelerator.accelerator,
        }
        return open(spec, await stored.publish(facts, notes))
      } catch (cause) {
        if (cause instanceof InfraError || signal.aborted) throw cause
        throw new InfraError(`the template could not be saved: ${codeOf(cause) ?? String(cause)}`, {
          code: 'template-not-saved',
          hint: 'free space in /dev/shm or in the cache folder: signalbox template prune',
          cause,
        })
      }
    },
    refuse: async (reason) => await stored.refuse(reason),
    [Symbol.asyncDispose]: async () => await stored[Symbol.asyncDispose](),
  }
}

function openTemplate(
  spec: MachineSpec,
  stored: StoredTemplate,
  make: MakeMachine,
  verified: Map<string, Promise<string | undefined>>,
): Template {
  const { folder, record } = stored
  const id = record.key.slice(0, 12)
  return {
    id,
    notes: record.notes,
    async fork(name, options) {
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
      return await make({ ...spec, name }, options, { kind: 'template', folder, id })
    },
    async damage(signal) {
      const outward = await stored.damage()
      if (outward !== undefined) return outward
      // By inode: another process may have made the template anew under the same key.
      const { ino } = await stat(join(folder, 'template.json')).catch(() => ({ ino: 0 }))
      const known = verified.get(`${folder}:${ino}`) ?? stored.verify(signal)
      verified.set(`${folder}:${ino}`, known)
      known.catch(() => verified.delete(`${folder}:${ino}`))
      const inward = await known
      if (inward !== undefined) await stored.drop()
      return inward
    },
  }
}
