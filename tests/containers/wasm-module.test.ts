import { WASI } from 'node:wasi'
import { mkdtemp, readFile } from 'node:fs/promises'
import { openSync, closeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { helloModule } from './wasm-module.ts'

// Node has it, its types do not.
const { WebAssembly } = globalThis as unknown as {
  readonly WebAssembly: {
    instantiate(module: Uint8Array, imports: object): Promise<{ readonly instance: object }>
  }
}

test.each([
  ['hello', 0],
  ['x'.repeat(300), 7],
  ['grüße', 125],
])('a module that prints and exits: %s', async (text, status) => {
  const file = join(await mkdtemp(join(tmpdir(), 'wasm-module-')), 'stdout')
  const stdout = openSync(file, 'w')
  const wasi = new WASI({ version: 'preview1', stdout, returnOnExit: true })
  const { instance } = await WebAssembly.instantiate(helloModule(text, status), wasi.getImportObject())
  expect(wasi.start(instance)).toBe(status)
  closeSync(stdout)
  expect(await readFile(file, 'utf8')).toBe(text)
})
