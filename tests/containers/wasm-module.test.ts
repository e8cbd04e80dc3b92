import { WASI } from 'node:wasi'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { openSync, closeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { helloModule } from './wasm-module.ts'

// Node has it, its types do not.
const { WebAssembly } = globalThis as unknown as {
  readonly WebAssembly: {
    readonly RuntimeError: typeof Error
    instantiate(module: Uint8Array, imports: object): Promise<{ readonly instance: object }>
  }
}

/** What it printed, and how it ended. */
async function run(
  module: Uint8Array,
): Promise<{ readonly printed: string; readonly status: number | undefined }> {
  const folder = await mkdtemp(join(tmpdir(), 'wasm-module-'))
  onTestFinished(async () => await rm(folder, { recursive: true }))
  const file = join(folder, 'stdout')
  const stdout = openSync(file, 'w')
  const wasi = new WASI({ version: 'preview1', stdout, returnOnExit: true })
  const { instance } = await WebAssembly.instantiate(module, wasi.getImportObject())
  let status: number | undefined
  try {
    status = wasi.start(instance)
  } catch (error) {
    expect(error).toBeInstanceOf(WebAssembly.RuntimeError)
  }
  closeSync(stdout)
  return { printed: await readFile(file, 'utf8'), status }
}

test.each([
  ['hello', 0],
  ['x'.repeat(300), 7],
  ['grüße', 125],
])('a module that prints and exits: %s', async (text, status) => {
  expect(await run(helloModule(text, status))).toEqual({ printed: text, status })
})

test('a module that prints and traps', async () => {
  expect(await run(helloModule('hello', 'trap'))).toEqual({ printed: 'hello', status: undefined })
})
