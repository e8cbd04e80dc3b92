// Templates of fake machines: moments of them, kept for as long as the session. What can go wrong with a real template goes
// wrong here as the machines' behaviour says.

import { createHash } from 'node:crypto'
import { abortable } from '../../harness/deadline.ts'
import { InfraError } from '../../harness/errors.ts'
import type {
  CreateOptions,
  Forks,
  MachineSpec,
  Template,
  TemplateDraft,
  TemplateNotes,
} from '../../harness/machine.ts'
import { readBehaviour, type FakeBehaviour } from './behaviour.ts'
import type { FakeMachine, FakeMachineOptions, FakeMoment } from './machine.ts'

/** Creates a machine that ends with the session. */
export interface FakeMaker {
  boot(spec: MachineSpec, options: CreateOptions): Promise<FakeMachine>
  start(options: FakeMachineOptions): Promise<FakeMachine>
}

interface Saved {
  readonly moments: readonly FakeMoment[]
  readonly notes: TemplateNotes
  damage: string | undefined
  /** How often the next forks will find no memory. */
  short: number
}

/** The fork side of a session. */
export function openForks(maker: FakeMaker): Forks {
  const templates = new Map<string, Saved>()
  const refusals = new Map<string, string>()
  const builders = new Map<string, Promise<void>>()
  const templateOf = (key: string, specs: readonly MachineSpec[], saved: Saved): Template => ({
    id: key.slice(0, 12),
    notes: saved.notes,
    async fork(index, name, { folder, signal, paused, network }) {
      signal.throwIfAborted()
      const moment = saved.moments[index]
      const spec = specs[index]
      if (moment === undefined || spec === undefined) throw new RangeError(`there is no machine ${index}`)
      // Whatever went wrong when the template was booted, it has become ready since.
      const behaviour: FakeBehaviour = { ...readBehaviour(spec.ignition).behaviour, boot: 'ok' }
      if (behaviour.fork === 'fails')
        throw new InfraError('the fake platform cannot fork today', { code: 'fake-no-fork' })
      if (saved.short > 0) {
        saved.short -= 1
        throw new InfraError('no memory for one more clone', { code: 'out-of-memory' })
      }
      const onDamageTemplate = (): void => {
        saved.damage ??= 'm0.ram: it was changed'
      }
      const source = { kind: 'clone', moment, paused: paused ?? false, onDamageTemplate } as const
      const place = network && { network, index: spec.privateIndex ?? 0 }
      return await maker.start({ spec: { ...spec, name }, folder, behaviour, place, source })
    },
    async damage() {
      await Promise.resolve()
      if (saved.damage !== undefined && templates.get(key) === saved) templates.delete(key)
      return saved.damage
    },
  })
  const openDraft = (key: string, specs: readonly MachineSpec[], release: () => void): TemplateDraft => {
    const created = new Map<unknown, FakeMachine>()
    return {
      async create(index, options) {
        const spec = specs[index]
        if (spec === undefined) throw new RangeError(`the template has no machine ${index}`)
        const machine = await maker.boot(spec, options)
        created.set(machine, machine)
        return machine
      },
      async save(machines, notes) {
        const { behaviour } = readBehaviour(specs[0]?.ignition)
        const ours = machines.flatMap((machine) => created.get(machine) ?? [])
        const moments = ours.map((machine) => machine.moment())
        await Promise.all(ours.map(async (machine) => await machine[Symbol.asyncDispose]()))
        if (behaviour.save === 'fails')
          throw new InfraError('the fake disk is full', { code: 'template-not-saved' })
        const saved: Saved = {
          moments,
          notes,
          damage: behaviour.template === 'damaged' ? 'm0.ram: it has 0 bytes instead of 1' : undefined,
          short: behaviour.fork === 'no-memory' ? 2 : 0,
        }
        templates.set(key, saved)
        return templateOf(key, specs, saved)
      },
      async refuse(reason) {
        await Promise.resolve()
        refusals.set(key, reason)
      },
      async [Symbol.asyncDispose]() {
        await Promise.resolve()
        release()
      },
    }
  }
  return {
    refuses: ({ tpm }) => (tpm ? 'a machine with a TPM is always booted' : undefined),
    async look(specs, preparation) {
      await Promise.resolve()
      const key = keyOf(specs, preparation)
      const reason = refusals.get(key)
      if (reason !== undefined) return { kind: 'none', reason }
      return templates.has(key) ? { kind: 'template', id: key.slice(0, 12) } : { kind: 'absent' }
    },
    async claim(specs, preparation, signal) {
      const key = keyOf(specs, preparation)
      for (;;) {
        signal.throwIfAborted()
        const reason = refusals.get(key)
        if (reason !== undefined) return { kind: 'none', reason }
        const saved = templates.get(key)
        if (saved !== undefined) return { kind: 'template', template: templateOf(key, specs, saved) }
        const building = builders.get(key)
        if (building === undefined) break
        await abortable(building, signal)
      }
      const { promise, resolve } = Promise.withResolvers<void>()
      builders.set(key, promise)
      const release = (): void => {
        if (builders.get(key) === promise) builders.delete(key)
        resolve()
      }
      return { kind: 'draft', draft: openDraft(key, specs, release) }
    },
  }
}

function keyOf(specs: readonly MachineSpec[], preparation: string): string {
  const alike = specs.map(({ name: _name, hostName: _hostName, ...machine }) => machine)
  return createHash('sha256')
    .update(JSON.stringify([alike, preparation]))
    .digest('hex')
}
