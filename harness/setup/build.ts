// `npm run build`: the published form in dist/, JavaScript and declarations with the sources' own tree. Emitted into a
// fresh folder and moved in place, so a failed build never leaves half a dist/.

import { chmodSync, cpSync, globSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../package-root.ts'
import { execCommand } from '../process.ts'

const dist = join(packageRoot, 'dist')
const fresh = mkdtempSync(join(packageRoot, 'node_modules', '.signalbox-build-'))

try {
  const project = join(packageRoot, 'harness', 'setup', 'tsconfig.build.json')
  const tsc = join(packageRoot, 'node_modules', '.bin', 'tsc')
  // The report's page has a project of its own: it runs in a browser.
  const page = join(packageRoot, 'reports', 'html', 'page', 'tsconfig.build.json')
  for (const each of [project, page]) {
    const result = await execCommand(tsc, ['--project', each, '--outDir', fresh], { cwd: packageRoot })
    if (result.failure !== '') throw new Error(`the build failed:\n${result.stdout}${result.stderr}`)
  }
  // Golden files lie beside their tests.
  for (const path of globSync('tests/**/*-snapshots/*.json', { cwd: packageRoot }))
    cpSync(join(packageRoot, path), join(fresh, path), { recursive: true })
  const bin = join(fresh, 'harness', 'cli', 'bin.js')
  if (!readFileSync(bin, 'utf8').startsWith('#!/usr/bin/env node\n')) {
    throw new Error('harness/cli/bin.ts must start with the line "#!/usr/bin/env node"')
  }
  chmodSync(bin, 0o755)
  chmodSync(fresh, 0o755)
  rmSync(dist, { recursive: true, force: true })
  renameSync(fresh, dist)
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
} finally {
  rmSync(fresh, { recursive: true, force: true })
}
