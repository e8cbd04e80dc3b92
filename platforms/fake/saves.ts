// Fake machines saved into files: a moment of each as JSON, from which any later session begins another machine.

import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { InfraError } from '../../harness/errors.ts'
import type { PlatformMachine, SavedMachines } from '../../harness/machine.ts'
import { readBehaviour } from './behaviour.ts'
import type { FakeMaker } from './forks.ts'
import type { FakeMachine, FakeMoment } from './machine.ts'

/** What a fake machine claims to take. */
const BYTES = 64 * 1024 * 1024
const STATE = 'state.json'

type Kept = Omit<FakeMoment, 'files'> & { readonly files: readonly (readonly [string, string])[] }

/** The saving side of a session. */
export function openSaves(maker: FakeMaker): SavedMachines {
  return {
    estimate: async (machines) => await Promise.resolve(machines.length * BYTES),
    async save(orders, signal) {
      const all = orders.map(({ machine, folder }) => ({ machine: ours(machine), folder }))
      for (const { machine } of all) await machine.power('pause', signal)
      try {
        for (const { machine, folder } of all) {
          const { files, ...moment } = machine.moment()
          const kept: Kept = { ...moment, files: [...files] }
          await writeFile(join(folder, STATE), JSON.stringify(kept))
          if (machine.behaviour.saving === 'never') await sleep(2 ** 31 - 1, undefined, { signal })
          if (machine.behaviour.saving === 'fails')
            throw new InfraError('the fake disk is full', { code: 'state-not-saved' })
        }
        return all.map(({ machine: { spec, behaviour } }) => ({
          spec,
          facts: { fake: behaviour.saving === 'unreadable' ? 'elder' : 'current' },
        }))
      } finally {
        for (const { machine } of all) await machine.power('resume', signal)
      }
    },
    refuses: ({ facts }) =>
      facts['fake'] === 'current'
        ? undefined
        : `it was saved by an ${facts['fake']} fake; run the test again`,
    async resume({ spec }, folder, options) {
      options.signal.throwIfAborted()
      const { files, ...moment } = JSON.parse(await readFile(join(folder, STATE), 'utf8')) as Kept
      const { network, paused = false } = options
      return await maker.start({
        spec,
        folder: options.folder,
        behaviour: { ...readBehaviour(spec.ignition).behaviour, boot: 'ok' },
        place: network && { network, index: spec.privateIndex ?? 0, plugged: false },
        source: {
          kind: 'clone',
          moment: { ...moment, files: new Map(files) },
          paused,
          onDamageTemplate: () => undefined,
        },
      })
    },
  }
}

function ours(machine: PlatformMachine): FakeMachine {
  if ('moment' in machine) return machine as FakeMachine
  throw new TypeError('this machine is not of this platform')
}
