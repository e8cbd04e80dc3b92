// The package as its users get it: packed, installed into an empty folder by npm on the pinned Node, and started.

import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { packageRoot } from '../package-root.ts'
import { execCommand, runCommand } from '../process.ts'

const folder = mkdtempSync(join(tmpdir(), 'signalbox-package-'))
const installed = join(folder, 'node_modules', 'signalbox')
let files: readonly string[] = []

/** The pinned Node for npm and whatever it starts, in the project at `cwd` instead of the one that runs these tests. */
const inProject = (cwd: string): { cwd: string; env: Record<string, string> } => ({
  cwd,
  env: {
    PATH: [join(packageRoot, 'node_modules', '.bin'), process.env['PATH'] ?? ''].join(delimiter),
    npm_config_local_prefix: cwd,
  },
})

beforeAll(async () => {
  const packed = await runCommand(
    'npm',
    ['pack', '--json', '--pack-destination', folder],
    inProject(packageRoot),
  )
  const [tarball] = JSON.parse(packed) as [{ filename: string; files: readonly { path: string }[] }]
  files = tarball.files.map(({ path }) => path)
  writeFileSync(join(folder, 'package.json'), '{ "private": true }')
  await runCommand('npm', ['install', '--no-audit', '--no-fund', `./${tarball.filename}`], inProject(folder))
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('holds the build and its papers, no sources and no tests', () => {
  const others = files.filter(
    (path) =>
      !/^dist\/|^docs\/([a-z]+\.md$|examples\/)|^qemu\/image\/recipe\/|^reports\/gate\/examples\//.test(path),
  )
  expect(others.toSorted()).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json'])
  expect(files.filter((path) => /\.test\.|^dist\/harness\/bench\//.test(path))).toEqual([])
})

test('brings no Node and no compiler along', () => {
  const unwanted = ['node', 'typescript', 'vitest', 'oxlint'].filter((name) =>
    existsSync(join(folder, 'node_modules', name)),
  )
  expect(unwanted).toEqual([])
})

test('npx signalbox --help', async () => {
  const result = await execCommand('npx', ['--no-install', 'signalbox', '--help'], inProject(folder))
  expect(result.exitCode).toBe(0)
  // npm may have something to say about its own settings on this host.
  expect(result.stderr.replaceAll(/^npm warn .*\n?/gm, '')).toBe('')
  expect(result.stdout).toMatch(/^Usage: signalbox /m)
  for (const command of ['run', 'list', 'spawn', 'image', 'doctor', 'report'])
    expect(result.stdout).toContain(command)
})

test('has the built-in tests, and says what a project of CommonJS has to change', async () => {
  const listed = await execCommand('npx', ['--no-install', 'signalbox', 'list'], inProject(folder))
  expect(listed.stdout + listed.stderr).toMatch(/^ *boot\.mounts\b/m)
  const wrong = join(folder, 'commonjs')
  mkdirSync(wrong)
  writeFileSync(join(wrong, 'package.json'), '{ "type": "commonjs" }')
  writeFileSync(join(wrong, 'signalbox.config.ts'), "import { defineConfig } from 'signalbox'\n")
  const bin = join(installed, 'dist', 'harness', 'cli', 'bin.js')
  const refused = await execCommand('node', [bin, 'config'], inProject(wrong))
  expect(refused.exitCode).toBe(2)
  expect(refused.stderr).toMatch(/^hint: .*npm pkg set type=module/m)
})

const oldNode = (process.env['PATH'] ?? '')
  .split(delimiter)
  .filter((path) => !path.includes('node_modules'))
  .map((path) => join(path, 'node'))
  .find(
    (path) => existsSync(path) && Number(execFileSync(path, ['-p', 'parseInt(process.versions.node)'])) < 24,
  )

test.skipIf(oldNode === undefined)(
  'an old Node is told what is needed (where one is on the PATH)',
  async () => {
    const bin = join(installed, 'dist', 'harness', 'cli', 'bin.js')
    const result = await execCommand(oldNode ?? '', [bin, '--help'], { cwd: folder })
    expect(result).toMatchObject({ exitCode: 2, stdout: '' })
    expect(result.stderr).toMatch(/^signalbox needs Node 24 or newer; this is v\d+/)
  },
)

test('a config is completed by its types, found, and read', async () => {
  const write = (name: string, keys: string): void =>
    writeFileSync(
      join(folder, name),
      `import { defineConfig } from 'signalbox'\nexport default defineConfig({ ${keys} })\n`,
    )
  write('signalbox.config.ts', "retries: 2, auditFork: '5%', targets: { uefi: { firmware: 'uefi' } }")
  write('wrong-key.ts', 'retires: 2')
  write('wrong-value.ts', "targets: { uefi: { firmware: 'uefy' } }")
  const result = await execCommand(
    'npx',
    ['--no-install', 'signalbox', 'config', '--json'],
    inProject(folder),
  )
  expect(JSON.parse(result.stdout)).toMatchObject({
    config: expect.stringMatching(/signalbox\.config\.ts$/),
    options: expect.arrayContaining([{ name: 'retries', value: 2, from: 'signalbox.config.ts: retries' }]),
    targets: [{ name: 'uefi' }],
  })
  const types = ['--types', 'node', '--typeRoots', join(packageRoot, 'node_modules', '@types')]
  const check = async (file: string): Promise<string> => {
    const options = [
      '--noEmit',
      '--strict',
      '--skipLibCheck',
      '--module',
      'nodenext',
      '--target',
      'es2024',
      ...types,
    ]
    const tsc = join(packageRoot, 'node_modules', '.bin', 'tsc')
    return (await execCommand(tsc, [...options, file], inProject(folder))).stdout
  }
  expect(await check('signalbox.config.ts')).toBe('')
  expect(await check('wrong-key.ts')).toContain("'retires' does not exist")
  expect(await check('wrong-value.ts')).toContain(`"uefy"' is not assignable`)
})

test('every entry of "exports" can be imported', async () => {
  const { exports } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as {
    exports: Readonly<Record<string, string | { types: string }>>
  }
  const entries = Object.entries(exports).filter(([, target]) => typeof target !== 'string')
  for (const [entry, target] of entries) {
    const specifier = join('signalbox', entry)
    const code = `const m = await import(${JSON.stringify(specifier)}); console.log(Object.keys(m).length)`
    const result = await execCommand('node', ['--input-type=module', '--eval', code], inProject(folder))
    expect(result.failure, `${specifier}: ${result.stderr}`).toBe('')
    expect(Number(result.stdout)).toBeGreaterThan(0)
    if (typeof target !== 'string') expect(existsSync(join(installed, target.types))).toBe(true)
  }
})
