// Copies files to and from a machine with nothing but a shell and cat there: images may lack an SFTP server.

import { randomBytes } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { rename, rm, stat } from 'node:fs/promises'
import { once } from 'node:events'
import { finished } from 'node:stream/promises'
import { MachineError } from '../errors.ts'
import type { ExecOptions } from './exec.ts'
import { orThrow, type CommandOutcome } from './outcome.ts'
import type { Command } from './quote.ts'

/** Runs a command on the machine that a file is copied to or from. */
export type Executor = (command: Command, options: ExecOptions) => Promise<CommandOutcome>

/** What is sent: bytes, text as UTF-8, or a file of this host. */
export type UploadSource = Uint8Array | string | { readonly file: string }

interface TransferOptions {
  /** As root on the machine. */
  readonly sudo?: boolean | undefined
  readonly signal?: AbortSignal | undefined
  /** Default 10 minutes. */
  readonly timeoutMs?: number | undefined
}

export interface UploadOptions extends TransferOptions {
  /** Permission bits; default 0o644. */
  readonly mode?: number | undefined
  /** As for chown(1): `user`, `user:group`. Needs `sudo`. */
  readonly owner?: string | undefined
}

export interface DownloadOptions extends TransferOptions {
  /** A longer file is an error; default 64 MiB into memory, no limit into a file. */
  readonly limitBytes?: number | undefined
}

const TRANSFER_TIMEOUT_MS = 600_000

// The size is compared, because a connection that breaks looks like the end of the file to cat. A change of
// owner takes set-user-ID away, so the mode comes last.
const RECEIVE = `set -e
t=$(mktemp -- "$1.XXXXXX")
trap 'rm -f -- "$t"' EXIT
trap 'exit 1' HUP INT PIPE TERM
cat > "$t"
n=$(wc -c < "$t")
if test "$n" -ne "$2"; then echo "received $n of $2 bytes" >&2; exit 1; fi
if test -n "$4"; then chown -- "$4" "$t"; fi
chmod -- "$3" "$t"
mv -f -T -- "$t" "$1"`

/**
 * Writes a file on the machine: all of it or nothing, in place at once. The folder must exist. Throws CommandError
 * when the machine refuses.
 */
export async function upload(
  exec: Executor,
  source: UploadSource,
  remotePath: string,
  options: UploadOptions = {},
): Promise<void> {
  const isFile = typeof source === 'object' && 'file' in source
  const bytes = isFile ? undefined : Buffer.from(source)
  const size = isFile ? (await stat(source.file)).size : (bytes?.length ?? 0)
  const mode = (options.mode ?? 0o644).toString(8).padStart(4, '0')
  const command = ['sh', '-c', RECEIVE, 'sh', absolute(remotePath), String(size), mode, options.owner ?? '']
  const outcome = await exec(command, {
    ...plainOptions(options),
    stdin: isFile ? createReadStream(source.file) : bytes,
    title: `upload ${remotePath} (${size} bytes, mode ${mode})`,
  })
  orThrow(outcome)
}

/** Reads a file of the machine into memory. Throws CommandError, or MachineError `download-too-large`. */
export async function download(
  exec: Executor,
  remotePath: string,
  options: DownloadOptions = {},
): Promise<Buffer> {
  const limit = options.limitBytes ?? 64 * 1024 * 1024
  const chunks: Buffer[] = []
  let size = 0
  const outcome = await exec(['cat', absolute(remotePath)], {
    ...plainOptions(options),
    maxOutputBytes: 4096,
    title: `download ${remotePath}`,
    onStdout: (chunk) => {
      size += chunk.length
      if (size > limit) throw tooLarge(remotePath, limit)
      chunks.push(chunk)
    },
  })
  orThrow(outcome)
  return Buffer.concat(chunks)
}

/** Reads a file of the machine into a file of this host, which is there only when it is complete. Returns its size. */
export async function downloadTo(
  exec: Executor,
  remotePath: string,
  localPath: string,
  options: DownloadOptions = {},
): Promise<number> {
  const limit = options.limitBytes ?? Number.POSITIVE_INFINITY
  const draft = `${localPath}.${randomBytes(4).toString('hex')}.part`
  const file = createWriteStream(draft, { flags: 'wx' })
  // A full disk shows here, whenever it comes.
  const written = finished(file)
  written.catch(() => undefined)
  let size = 0
  try {
    const outcome = await exec(['cat', absolute(remotePath)], {
      ...plainOptions(options),
      maxOutputBytes: 4096,
      title: `download ${remotePath}`,
      onStdout: async (chunk) => {
        size += chunk.length
        if (size > limit) throw tooLarge(remotePath, limit)
        if (!file.write(chunk)) await Promise.race([once(file, 'drain'), written])
      },
    })
    orThrow(outcome)
    file.end()
    await written
    await rename(draft, localPath)
    return size
  } finally {
    file.destroy()
    await rm(draft, { force: true })
  }
}

/** A path that no program takes for an option. */
function absolute(path: string): string {
  return path.startsWith('-') ? `./${path}` : path
}

function plainOptions({ sudo, signal, timeoutMs }: TransferOptions): ExecOptions {
  return { sudo, signal, timeoutMs: timeoutMs ?? TRANSFER_TIMEOUT_MS }
}

function tooLarge(path: string, limit: number): MachineError {
  return new MachineError(`${path} on the machine is larger than ${limit} bytes`, {
    code: 'download-too-large',
    hint: 'raise limitBytes, or download it into a file',
  })
}
