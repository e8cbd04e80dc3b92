// Makes a template ahead of time: the one that a test without a config of its own would make, by the same code.

import { InfraError, UsageError } from '../errors.ts'
import type { Requirements } from '../requirements.ts'
import { orderMachine } from './acquire.ts'
import type { RunEnvironment } from './environment.ts'
import { saveTemplate, startFork } from './fork-machines.ts'

export interface TemplateWish {
  readonly needs: Pick<Requirements, 'memoryMiB' | 'cpus'>
  /** Says what happens now; it takes as long as a boot. */
  readonly onProgress: (step: string) => void
}

export interface BuiltTemplate {
  readonly id: string
  /** It was there already. */
  readonly found: boolean
}

/** Finds or makes the template. Throws InfraError when none can be had, UsageError when there never is one. */
export async function buildTemplate(
  env: RunEnvironment,
  { needs, onProgress }: TemplateWish,
  signal: AbortSignal,
): Promise<BuiltTemplate> {
  if (env.session.forks === undefined) {
    throw new UsageError(`the platform ${env.target.platform} has no templates`, {
      code: 'no-forks',
      hint: 'its machines are always booted',
    })
  }
  const order = await orderMachine(env, {
    name: 'template',
    needs,
    configs: [],
    attempts: [],
    folder: env.runFolder,
  })
  onProgress('looking for it')
  const start = await startFork(env, [order], '', signal)
  switch (start.kind) {
    case 'boot':
      throw notHad(start.reason)
    case 'template':
      return { id: start.template.id, found: true }
    case 'seedling': {
      const { draft, lives } = start.seedling
      await using owned = new AsyncDisposableStack()
      owned.use(draft)
      for (const live of lives) owned.use(live)
      onProgress('booting the machine')
      await Promise.all(lives.map(async (live) => await live.becomeReady(signal)))
      onProgress('bringing it to rest and saving it')
      const grown = await saveTemplate(start.seedling, signal)
      if (grown.kind === 'machines') throw notHad(grown.reason)
      return { id: grown.template.id, found: false }
    }
    default:
      return start satisfies never
  }
}

function notHad(reason: string): InfraError {
  return new InfraError(`no template can be had: ${reason}`, {
    code: 'no-template',
    hint: 'tests boot their machines instead; "signalbox template list" shows what was refused',
  })
}
