// Runs the real command line in a child process, over a corpus on the fake platform, and makes what it says comparable.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach } from 'vitest'
import { evidenceOf } from './evidence.test.fixture.ts'

export interface CliResult {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface CliWorld extends Disposable {
  readonly folder: string
  readonly output: string
  /** Arguments that choose the fake platform and an image for it. */
  readonly target: readonly string[]
  corpus(name: string): readonly string[]
  /** Runs it to its end; `cwd` is its working directory, by default ours. */
  signalbox(args: readonly string[], env?: Readonly<Record<string, string>>, cwd?: string): Promise<CliResult>
  /** The environment of its commands. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** Starts it and leaves it running. */
  start(
    args: readonly string[],
    env?: Readonly<Record<string, string>>,
    cwd?: string,
  ): ReturnType<typeof spawn>
}

/**
 * A temporary folder with its own runtime folder and results, and its own cache unless another one is given: one with the images of
 * real machines, whose failed attempts are then shown when a test of this file fails.
 */
export function createCliWorld(options: { readonly cache?: string } = {}): CliWorld {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-cli-'))
  const image = join(folder, 'disk.raw')
  writeFileSync(image, Buffer.alloc(4096))
  const output = join(folder, 'results')
  if (options.cache !== undefined)
    beforeEach(({ onTestFailed }) => onTestFailed(() => void process.stdout.write(evidenceOf(output))))
  const base: NodeJS.ProcessEnv = {
    PATH: process.env['PATH'],
    LANG: 'C.UTF-8',
    HOME: folder,
    SIGNALBOX_CACHE: options.cache ?? join(folder, 'cache'),
    SIGNALBOX_RUNTIME: join(folder, 'run'),
    SIGNALBOX_OUTPUT: output,
  }
  const start = (
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
    cwd = process.cwd(),
  ): ReturnType<typeof spawn> =>
    spawn(process.execPath, [join(import.meta.dirname, 'bin.ts'), ...args], {
      cwd,
      env: { ...base, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  return {
    folder,
    output,
    target: ['--platform', 'fake', '--image', image, '--distro', 'reference'],
    corpus: (name) => ['--tests', join(import.meta.dirname, 'corpus', `${name}.test.corpus.ts`)],
    env: base,
    start,
    async signalbox(args, env, cwd) {
      const child = start(args, env, cwd)
      const out = { stdout: '', stderr: '' }
      child.stdout?.on('data', (chunk: Buffer) => (out.stdout += chunk.toString()))
      child.stderr?.on('data', (chunk: Buffer) => (out.stderr += chunk.toString()))
      const [exitCode] = (await once(child, 'close')) as [number | null]
      return { exitCode, ...out }
    },
    [Symbol.dispose]() {
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Replaces what differs from run to run: times, run ids, boot ids, this folder. */
export function comparable(text: string, world: Pick<CliWorld, 'folder'>): string {
  return text
    .replaceAll(world.folder, '<folder>')
    .replaceAll(/\d{8}-\d{6}-[0-9a-f]{6}/g, '<run>')
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '<uuid>')
    .replaceAll(/\b\d+(?:\.\d+)? s\b/g, '<time>')
    .replaceAll(/\b127\.0\.0\.1:\d+/g, '127.0.0.1:<port>')
}
