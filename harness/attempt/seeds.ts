// Which machines of a job are saved for its tests to be forked from, pure: one that stands for all, or, where each is
// somebody, all of them as one. Members of a cluster that nothing was done to are nobody yet: they become its members as
// clones.

import type { Job } from '../plan/group.ts'

export interface Seeds {
  /** Machines that are somebody each: prepared, or on a network of their own already. They are saved and forked as one. */
  readonly asOne: boolean
  readonly seeds: readonly { readonly index: number; readonly name: string }[]
  /** The clones join a private network that their template is not on. */
  readonly joins: boolean
  /** What is done to them before they are saved, beyond booting; empty for nothing. */
  readonly preparation: string
}

/**
 * The seeds of a job. `together`: those of a cluster for which one machine cannot stand, because it would be somebody by
 * itself (a Docker engine, ...).
 */
export function seedsOf({ tests }: Pick<Job, 'tests'>, together = false): Seeds {
  const [first] = tests
  const { machines = 1, privateNetwork = false } = first?.requirements ?? {}
  const { preparation } = first ?? {}
  const asOne = preparation !== undefined || (privateNetwork && together)
  const count = asOne ? machines : Math.min(machines, 1)
  const seeds = Array.from({ length: count }, (_, index) => ({
    index,
    name: count === 1 ? 'template' : `template-m${index}`,
  }))
  // The body is part of it: what it leaves differs with what it does.
  const text = preparation === undefined ? '' : `${preparation.name}\n${preparation.body.toString()}`
  return { asOne, seeds, joins: privateNetwork && !asOne, preparation: text }
}
