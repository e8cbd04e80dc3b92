// The files that a run has left, as far as a browser only shows them. Nothing outside of the run's folder is ever opened,
// wherever its links lead.

import { realpath, stat } from 'node:fs/promises'
import { extname, join, sep } from 'node:path'
import { fileLink } from '../html/safe-link.ts'

export interface RunFile {
  readonly path: string
  readonly contentType: string
}

/** A file of the folder by its posix path; undefined when there is none, or none that may be shown. */
export async function runFile(folder: string, path: string): Promise<RunFile | undefined> {
  if (fileLink(path) === undefined) return undefined
  const root = await realpath(folder).catch(() => undefined)
  const found = await realpath(join(folder, path)).catch(() => undefined)
  if (root === undefined || found === undefined || !found.startsWith(root + sep)) return undefined
  if (!(await stat(found)).isFile()) return undefined
  return { path: found, contentType: typeOf(found) }
}

/** What a link leads to has no say in what it is called: all text is plain text. */
function typeOf(path: string): string {
  switch (extname(path).toLowerCase()) {
    case '.png':
      return 'image/png'
    case '.pcap':
      return 'application/octet-stream'
    default:
      return 'text/plain; charset=utf-8'
  }
}
