// A place for templates and a ledger of their own for each test, and templates in it that are nothing but a file.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach } from 'vitest'
import type { TemplatePlace } from './place.ts'
import {
  claimTemplate,
  type Claim,
  type ClaimOptions,
  type StoredTemplate,
  type TemplateDraft,
} from './store.ts'

const MEBIBYTE = 1024 * 1024

/** The n-th key. */
export const keyOf = (n: number): string => n.toString(16).padStart(64, '0')

export interface TemplateWorld {
  readonly root: string
  readonly place: TemplatePlace
  claim(key: string, options?: Partial<ClaimOptions>): Promise<Claim>
  /** Builds a template with one file, published or not. */
  draft(key: string, content?: Uint8Array, options?: Partial<ClaimOptions>): Promise<TemplateDraft>
  build(key: string, content?: Uint8Array, options?: Partial<ClaimOptions>): Promise<StoredTemplate>
}

/** Call it at the top of a test file; what it returns is new for each test. */
export function useTemplateWorld(): TemplateWorld {
  let root = ''
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'templates-'))
    process.env['SIGNALBOX_RUNTIME'] = join(root, 'run')
    process.env['SIGNALBOX_CACHE'] = join(root, 'cache')
    await mkdir(join(root, 'templates'))
  })
  afterEach(async () => {
    delete process.env['SIGNALBOX_RUNTIME']
    delete process.env['SIGNALBOX_CACHE']
    await rm(root, { recursive: true, force: true })
  })
  const world: TemplateWorld = {
    get root() {
      return root
    },
    get place() {
      return { kind: 'disk' as const, folder: join(root, 'templates'), limitBytes: 64 * MEBIBYTE }
    },
    claim: async (key, options = {}) =>
      await claimTemplate({ key, bytes: MEBIBYTE, places: [world.place], ...options }),
    async draft(key, content = Buffer.from(`memory of ${key}`), options = {}) {
      const draft = requireDraft(await world.claim(key, options))
      await writeFile(join(draft.folder, 'memory'), content)
      return draft
    },
    async build(key, content, options) {
      await using draft = await world.draft(key, content, options)
      return await draft.publish({ image: 'test' }, { bootId: 'b', hostKeyTypes: ['ed25519'] })
    },
  }
  return world
}

export function requireDraft(claim: Claim): TemplateDraft {
  if (claim.kind === 'draft') return claim.draft
  throw new Error(`a draft was expected, not ${JSON.stringify(claim)}`)
}

export function requireTemplate(claim: Claim): StoredTemplate {
  if (claim.kind === 'template') return claim.template
  throw new Error(`a template was expected, not ${JSON.stringify(claim)}`)
}
