import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { execCommand } from '../process.ts'
import { distroProfiles } from '../profiles/index.ts'
import { readIgnition } from './source.ts'
import { validateIgnition } from './validate.ts'

const { reference, flatcar, fcos } = distroProfiles
let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'signalbox-validate-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const stub = (name: string, script: string): string => {
  const path = join(folder, name)
  writeFileSync(path, `#!/bin/sh\n${script}\n`)
  chmodSync(path, 0o755)
  return path
}

test.each([
  [reference, undefined, '3.4.0', 'it reads 3.0.0, 3.1.0, 3.2.0, 3.3.0', 'Signalbox reference image'],
  [reference, '1.2.3', '2.3.0', 'it reads 3.0.0, 3.1.0, 3.2.0, 3.3.0', 'Signalbox reference image 1.2.3'],
  [flatcar, '3033.2.4', '3.0.0', 'it reads 2.0.0, 2.1.0, 2.2.0, 2.3.0', 'Flatcar Container Linux 3033.2.4'],
  [
    fcos,
    undefined,
    '3.5.0-experimental',
    'it reads 3.0.0, 3.1.0, 3.2.0, 3.3.0, 3.4.0, 3.5.0',
    'Fedora CoreOS',
  ],
])('%o %s does not read %s', async (profile, imageVersion, version, hint, image) => {
  const config = await readIgnition({ ignition: { version } })
  await expect(validateIgnition(config, { profile, imageVersion })).rejects.toMatchObject({
    name: 'UsageError',
    code: 'ignition-version-unsupported',
    message: `the Ignition config is of spec version ${version}, which ${image} does not read`,
    hint,
  })
})

test('without a validator, or with one older than the config, nothing more is said', async () => {
  const config = await readIgnition({ ignition: { version: '3.3.0' } })
  const missing = join(folder, 'missing')
  const old = stub(
    'old',
    'cat >/dev/null; echo "couldn\'t parse config: unsupported config version" >&2; exit 1',
  )
  const nothing = { validated: false, warnings: [] }
  expect(await validateIgnition(config, { profile: reference, validators: [missing] })).toEqual(nothing)
  expect(await validateIgnition(config, { profile: reference, validators: [missing, old] })).toEqual(nothing)
})

test('the messages of the real validator become an error with the place', async (context) => {
  if ((await execCommand('ignition-validate', ['-version'])).exitCode === undefined) {
    context.skip('ignition-validate is not installed here')
  }
  const text =
    '{\n  "ignition": {"version": "3.3.0"},\n  "storage": {\n    "files": [{"path": "x"}]\n  }\n}\n'
  await expect(
    validateIgnition(await readIgnition(text), { profile: reference, name: 'the config of a.b' }),
  ).rejects.toMatchObject({
    name: 'UsageError',
    code: 'ignition-invalid',
    message: [
      'the config of a.b is not valid:',
      '  error at $.storage.files.0.path, line 4 col 24: path not absolute',
      '     2 |   "ignition": {"version": "3.3.0"},',
      '     3 |   "storage": {',
      '>    4 |     "files": [{"path": "x"}]',
      '       |                        ^',
      '     5 |   }',
    ].join('\n'),
  })
  const unused = await readIgnition({ ignition: { version: '3.3.0' }, foo: 1 })
  expect(await validateIgnition(unused, { profile: reference })).toEqual({
    validated: true,
    warnings: ['$.foo, line 1 col 33: Unused key foo'],
  })
})
