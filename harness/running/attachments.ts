// Files that belong to an attempt: written into its folder, announced by an event.

import { copyFile, mkdir, stat, writeFile } from 'node:fs/promises'
import { basename, extname, join, relative, sep } from 'node:path'
import { requireAttempt, type AttemptContext } from './context.ts'

export interface AttachmentOptions {
  /** Media type; by default from the name's ending, else `application/octet-stream`. */
  readonly contentType?: string
  readonly machine?: string
}

const types: Readonly<Record<string, string>> = {
  '.txt': 'text/plain',
  '.log': 'text/plain',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.html': 'text/html',
  '.pcap': 'application/vnd.tcpdump.pcap',
}

/** Keeps text, bytes or a copy of a file with the running attempt. Returns the path relative to the run's folder. */
export async function attach(
  name: string,
  content: string | Uint8Array | { readonly path: string },
  options: AttachmentOptions = {},
): Promise<string> {
  return await attachTo(requireAttempt('attach()'), name, content, options)
}

/** As `attach`, for an attempt that is not the running one. */
export async function attachTo(
  context: AttemptContext,
  name: string,
  content: string | Uint8Array | { readonly path: string },
  options: AttachmentOptions = {},
): Promise<string> {
  const safeName = basename(name).replaceAll(/[^\w.+-]+/g, '_') || 'attachment'
  context.counter.attachments += 1
  const folder = join(context.folder, 'attachments')
  await mkdir(folder, { recursive: true })
  const path = join(folder, `${context.counter.attachments}-${safeName}`)
  if (typeof content === 'object' && 'path' in content) await copyFile(content.path, path)
  else await writeFile(path, content)
  return await announce(context, name, path, options)
}

/** Tells the event stream about a file that is already in the attempt's folder. */
export async function announce(
  context: AttemptContext,
  name: string,
  path: string,
  options: AttachmentOptions = {},
): Promise<string> {
  const { ref, emit, runFolder } = context
  const shown = relative(runFolder, path).split(sep).join('/')
  emit({
    type: 'attachment',
    attempt: ref,
    name,
    path: shown,
    contentType: options.contentType ?? types[extname(name).toLowerCase()] ?? 'application/octet-stream',
    bytes: (await stat(path)).size,
    ...(options.machine === undefined ? {} : { machine: options.machine }),
  })
  return shown
}
