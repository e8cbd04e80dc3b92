// Where the machines of a job would come from, found out by the same steps that acquire them, short of acquiring any.

import { readConfig, describeMachine, type DescribingEnvironment } from './acquire.ts'
import { fullPreparation, whyUnforkable } from './fork-machines.ts'
import { seedsOf, type Seeds } from './seeds.ts'
import type { Job } from '../plan/group.ts'

export type Foreseen =
  /** Clones of a template that is there. */
  | { readonly kind: 'fork'; readonly template: string }
  /** Clones of a template that the job's first test makes, or another job's that uses the same one; `seeds` machines. */
  | { readonly kind: 'build'; readonly template: string; readonly seeds: number }
  | { readonly kind: 'boot'; readonly reason: string }

/** For a job whose tests may be forked. Whether the host has room for a template shows only when it is made. */
export async function foreseeFork(env: DescribingEnvironment, job: Job): Promise<Foreseen> {
  const seeds = seedsOf(job)
  const alone = await foresee(env, job, seeds)
  return alone.kind === 'boot' && seeds.joins ? await foresee(env, job, seedsOf(job, true)) : alone
}

async function foresee(
  env: DescribingEnvironment,
  job: Job,
  { seeds, preparation, joins }: Seeds,
): Promise<Foreseen> {
  const { forks } = env.session
  if (forks === undefined) return { kind: 'boot', reason: 'the platform has no forks' }
  const needs = job.tests[0]?.requirements ?? {}
  const read = await Promise.all(
    job.sources.map(
      async ({ name, requirements }) =>
        await readConfig(name, requirements, noServers, env.profile, env.image.identity.version),
    ),
  )
  const configs = read.filter((config) => config !== undefined)
  const specs = seeds.map(({ index, name }) =>
    describeMachine(env, {
      name,
      needs,
      configs,
      privateIndex: needs.privateNetwork === true && !joins ? index : undefined,
    }),
  )
  const refusal = whyUnforkable(forks, specs)
  if (refusal !== undefined) return { kind: 'boot', reason: refusal }
  const found = await forks.look(specs, fullPreparation(preparation))
  switch (found.kind) {
    case 'template':
      return { kind: 'fork', template: found.id }
    case 'none':
      return { kind: 'boot', reason: found.reason }
    case 'absent':
      return { kind: 'build', template: found.id, seeds: seeds.length }
    default:
      return found satisfies never
  }
}

async function noServer(): Promise<never> {
  await Promise.resolve()
  throw new TypeError('a config that is made by a function is never forked')
}

const noServers = { http: noServer, updateServer: noServer }
