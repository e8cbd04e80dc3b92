// What files import each other while test files are loaded: Node's own resolver says it, so that packages, links and
// computed names count as they really are. What a test body imports later is not seen.

import { registerHooks } from 'node:module'
import { join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ImportGraph } from '../plan/reached.ts'

export interface ImportWatch extends Disposable {
  readonly graph: ImportGraph
  /** Every file that was imported, whether it could be loaded or not. */
  readonly files: ReadonlySet<string>
}

const harness = join(import.meta.dirname, '..') + sep

/** Watches imports until disposed. Dependencies and Signalbox itself are left out: they are no part of a test. */
export function watchImports(): ImportWatch {
  const graph = new Map<string, Set<string>>()
  const files = new Set<string>()
  const hooks = registerHooks({
    resolve(specifier, context, nextResolve) {
      const found = nextResolve(specifier, context)
      const from = fileOf(context.parentURL)
      const to = fileOf(found.url)
      if (to !== undefined) files.add(to)
      if (from !== undefined && to !== undefined) {
        const imports = graph.get(from)
        if (imports === undefined) graph.set(from, new Set([to]))
        else imports.add(to)
      }
      return found
    },
  })
  return {
    graph,
    files,
    [Symbol.dispose]() {
      hooks.deregister()
    },
  }
}

function fileOf(url: string | undefined): string | undefined {
  if (url?.startsWith('file:') !== true || url.includes('/node_modules/')) return undefined
  const file = fileURLToPath(new URL(url.replace(/[?#].*$/, '')))
  return file.startsWith(harness) && !file.includes('.test.') ? undefined : file
}
