// Where the package lies, whether it runs from sources or from `dist/`.

import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** The folder with our package.json: the repository, or the installed package. */
export const packageRoot: string = findRoot(import.meta.dirname)

function findRoot(start: string): string {
  let folder = start
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder)
    if (parent === folder) throw new Error(`no package.json above ${start}`)
    folder = parent
  }
  return folder
}
