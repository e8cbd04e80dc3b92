// Modules become one script that does what they did.

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runInNewContext, Script } from 'node:vm'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { linkScripts } from './link-scripts.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signalbox-link-'))
})
afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

async function link(files: Readonly<Record<string, string>>): Promise<string> {
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  return await linkScripts(join(folder, 'main.ts'))
}

test('names of one module do not meet those of another, and each runs once, what it imports first', async () => {
  const script = await link({
    'main.ts': `import { twice,\n  type Twice } from './twice.ts'\nimport { log } from './log.ts'\nimport type { X } from './no.ts'\nconst one: Twice = twice(21)\nlog.push(String(one))\nglobalThis.result = log\n`,
    'twice.ts': `import { log } from './log.ts'\nexport interface Twice2 {}\nexport type Twice = number\nconst one = 2\nexport const twice = (n: number): Twice => n * one\nlog.push('twice')\nexport async function later(): Promise<void> {}\nexport class Thing {}\n`,
    'log.ts': `export const log: string[] = ['log']\n`,
  })
  const world: { result?: unknown } = {}
  runInNewContext(script, world)
  expect([...(world.result as readonly string[])]).toEqual(['log', 'twice', '42'])
})

test.each([
  ['a renamed import', `import { a as b } from './a.ts'\nconsole.log(b)`],
  ['an export list', `const a = 1\nexport { a }`],
  ['a default import', `import a from './a.ts'`],
  ['a package', `import { a } from 'package'`],
  ['a module that imports itself', `import { a } from './main.ts'\nexport const b = a`],
])('%s is refused', async (_, text) => {
  await expect(link({ 'main.ts': text, 'a.ts': 'export const a = 1\n' })).rejects.toThrow(
    /cannot link|imports itself/,
  )
})

test('the page itself can be linked, and does not end its own element', async () => {
  const script = await linkScripts(join(import.meta.dirname, 'page', 'main.ts'))
  expect(script).toContain('function start()')
  expect(script).not.toMatch(/<\/script|<!--/i)
  expect(() => new Script(script)).not.toThrow()
})
