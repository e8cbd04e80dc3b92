// The page's script: the modules of `page/` linked into one, without a bundler. From the sources their types are stripped
// by Node; in the package they are JavaScript already. Each module becomes a function that returns what it exports, in
// the order of their imports. They use a small part of the language's modules: named exports of functions, constants and
// classes, named imports without renaming, one a line or in braces; anything else is refused.

import { readFile } from 'node:fs/promises'
import { stripTypeScriptTypes } from 'node:module'
import { dirname, extname, join, resolve } from 'node:path'

const IMPORT = /^import\s*\{([^}]*)\}\s*from\s*'([^']+)';?[ \t]*$/gm
const EXPORT = /^export\s+(?=(?:async\s+)?(?:function\*?|const|class)\s+([A-Za-z_$][\w$]*))/gm

/** Links a module and all that it imports; each becomes a constant `$0`, `$1`, ... The ending of a file says its language. */
export async function linkScripts(entry: string): Promise<string> {
  const names = new Map<string, string>()
  const parts: string[] = []
  const visit = async (path: string, from: readonly string[]): Promise<string> => {
    const known = names.get(path)
    if (known !== undefined) return known
    if (from.includes(path)) throw new Error(`${path} imports itself by way of ${from.at(-1) ?? path}`)
    const script = await readScript(path)
    const wanted = new Map<string, string>()
    for (const [, taken = '', other = ''] of script.matchAll(IMPORT)) {
      if (!/^\.\.?\//.test(other) || /\sas\s/.test(taken))
        throw new Error(`${path}: cannot link the import of ${other}`)
      wanted.set(other, await visit(join(dirname(path), other), [...from, path]))
    }
    const name = `$${names.size}`
    names.set(path, name)
    parts.push(moduleText(path, name, script, wanted))
    return name
  }
  await visit(resolve(entry), [])
  return `'use strict';\n${parts.join('\n')}\n`
}

async function readScript(path: string): Promise<string> {
  const source = await readFile(path, 'utf8')
  return extname(path) === '.ts' ? quietly(() => stripTypeScriptTypes(source)) : source
}

/** Node says once a process that stripping is experimental, which is nothing for who runs tests. */
function quietly<T>(strip: () => T): T {
  const emitWarning = process.emitWarning.bind(process)
  process.emitWarning = () => undefined
  try {
    return strip()
  } finally {
    process.emitWarning = emitWarning
  }
}

function moduleText(path: string, name: string, script: string, wanted: ReadonlyMap<string, string>): string {
  const exports: string[] = []
  const body = script
    .replaceAll(IMPORT, (_, taken: string, other: string) => `const {${taken}} = ${wanted.get(other)}`)
    .replaceAll(EXPORT, (_, exported: string) => {
      exports.push(exported)
      return ''
    })
  const left = /^(?:import|export)\b.*$/m.exec(body)
  if (left !== null) throw new Error(`${path}: cannot link "${left[0]}"`)
  return `const ${name} = (() => {\n${body}\nreturn { ${exports.join(', ')} };\n})();`
}
