import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { locateJsonError } from './json-error.ts'
import { readIgnition } from './source.ts'

const minimal = { ignition: { version: '3.3.0' } }

test('an object becomes text once', async () => {
  expect(await readIgnition(minimal)).toEqual({
    text: '{"ignition":{"version":"3.3.0"}}',
    version: '3.3.0',
    value: minimal,
  })
})

test('JSON text is kept byte for byte', async () => {
  const text = '\n{ "ignition" : {"version":"2.3.0"},\t"x": 1e3, "x": "\\u00e4" }\n\n'
  const config = await readIgnition(text)
  expect(config.text).toBe(text)
  expect(config.version).toBe('2.3.0')
})

test('broken JSON shows line, column and the place', async () => {
  const text = '{\n  "ignition": {"version": "3.3.0"},\n  "storage": {files: []}\n}\n'
  await expect(readIgnition(text, { name: 'the Ignition config of boot.basic' })).rejects.toMatchObject({
    name: 'UsageError',
    code: 'ignition-json',
    message: [
      "the Ignition config of boot.basic is not valid JSON: Expected property name or '}' at line 3, column 15",
      '     1 | {',
      '     2 |   "ignition": {"version": "3.3.0"},',
      '>    3 |   "storage": {files: []}',
      '       |               ^',
      '     4 | }',
    ].join('\n'),
  })
})

test.each([
  ['{"a":x}', 5],
  ['{"a":tru}', 8],
  ['{"a":1,}', 7],
  ['{"a" 1}', 5],
  ['{"a":"\n"}', 6],
  ['{"a":"\\x"}', 7],
  ['{"a":"\\u12g4"}', 10],
  ['{"a":01}', 6],
  ['{"a":-}', 6],
  ['{"a":1.}', 7],
  ['{"a":[1 2]}', 8],
  ['{"a":1}}', 7],
  ['{"a":1', 6],
  ['{"a":"b', 7],
  ["{'a':1}", 1],
])('the fault in %j is at %i', (text, expected) => expect(locateJsonError(text)).toBe(expected))

test.each([
  ['', 'ignition-empty', /is empty/],
  [' \n', 'ignition-empty', /is empty/],
  ['[]', 'ignition-shape', /must be a JSON object/],
  ['{}', 'ignition-version', /it has none/],
  ['{"ignition":{"version":3}}', 'ignition-version', /it is 3$/],
  ['{"ignition":{"version":"3"}}', 'ignition-version', /it is "3"$/],
  ['#cloud-config\nhostname: x\n', 'ignition-format', /neither JSON .* nor Butane/],
])('%j is refused', async (text, code, message) => {
  await expect(readIgnition(text)).rejects.toMatchObject({
    name: 'UsageError',
    code,
    message: expect.stringMatching(message),
  })
})

describe('Butane', () => {
  const yaml = 'variant: flatcar\nversion: 1.0.0\n'
  let folder: string
  const path = process.env['PATH'] ?? ''
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'signalbox-butane-'))
  })
  afterEach(() => {
    process.env['PATH'] = path
    rmSync(folder, { recursive: true })
  })
  const install = (script: string): void => {
    writeFileSync(join(folder, 'butane'), `#!/bin/sh\n${script}\n`)
    chmodSync(join(folder, 'butane'), 0o755)
    process.env['PATH'] = `${folder}${delimiter}${path}`
  }

  test('goes through the butane program', async () => {
    install(`test "$(cat)" = "${yaml.trim()}" && echo '{"ignition":{"version":"3.3.0"},"x":1}'`)
    expect((await readIgnition(yaml)).value).toEqual({ ...minimal, x: 1 })
  })

  test("shows butane's own words when it refuses", async () => {
    install('echo "error at line 3 col 1: unused key foo" >&2; exit 1')
    await expect(readIgnition(yaml)).rejects.toThrow(
      'butane does not accept the Ignition config:\nerror at line 3 col 1: unused key foo',
    )
  })

  test('without the program says how to get it', async () => {
    process.env['PATH'] = folder
    await expect(readIgnition(yaml)).rejects.toMatchObject({
      code: 'butane-missing',
      hint: expect.stringContaining('install butane'),
    })
  })
})
