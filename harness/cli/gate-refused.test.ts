// What the gate refuses, and what it names and does not count, through the real command line.

import { mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createGateWorld, gatePolicy } from './gate.test.fixture.ts'

const world = createGateWorld()
const { at, decide, folder, signalbox, write } = world
afterAll(() => world[Symbol.dispose]())
const SLOW = { timeout: 240_000 }

beforeAll(async () => await world.prepare(), SLOW.timeout)

describe('refused, with exit code 2, no decision and no evidence', () => {
  const refused = async (...args: readonly string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await signalbox(['gate', ...args, '-o', 'refused'])
    expect(stdout).toBe('')
    expect(exitCode).toBe(2)
    expect(readdirSync(folder)).not.toContain('refused')
    return stderr
  }
  const common = ['decide', '--channel', 'beta', '--image', '1.0.0', '--policy', 'beta.yaml']

  it('a run record that is cut off', SLOW, async () => {
    mkdirSync(at('cut'))
    const [run = ''] = readdirSync(at('good')).filter((name) => /^\d{8}-/.test(name))
    const file = at('cut', 'run.json')
    writeFileSync(file, readFileSync(at('good', run, 'run.json')))
    truncateSync(file, 2000)
    expect(await refused(...common, '--runs', 'cut')).toMatch(/cut\/run\.json is cut off or damaged/)
  })

  it('a policy with a rule that is never reached', SLOW, async () => {
    const text = `version: 1\nchannel: beta\nrules:\n  - { name: a, require: any-attempt }\n  - { name: b, tests: [boot], require: any-attempt }\n`
    write('unreachable.yaml', text)
    const args = [
      'decide',
      '--channel',
      'beta',
      '--image',
      '1.0.0',
      '--policy',
      'unreachable.yaml',
      '--runs',
      'good',
    ]
    expect(await refused(...args)).toMatch(/unreachable\.yaml:5:13: the rule "b" is never reached/)
  })

  it.each([
    [
      'a policy of another channel',
      ['decide', '--channel', 'stable', '--image', '1.0.0', '--policy', 'beta.yaml', '--runs', 'good'],
      /is for the channel beta, not for stable/,
    ],
    ['no such run', [...common, '--runs', 'nowhere'], /no run record at nowhere/],
    [
      'a version that nothing tested',
      ['decide', '--channel', 'beta', '--image', '9.9.9', '--policy', 'beta.yaml', '--runs', 'good'],
      /"9\.9\.9" is no digest, no version that these runs have tested[^]*1\.0\.0/,
    ],
    ['a time that is none', [...common, '--runs', 'good', '--now', 'tomorrow'], /"tomorrow" is no time/],
    [
      'a public key to sign with',
      [...common, '--runs', 'good', '--key', 'ci.pub'],
      /ci\.pub is no private key in PEM/,
    ],
    [
      'nothing to decide by',
      ['decide', '--channel', 'beta', '--image', '1.0.0', '--runs', 'good'],
      /--policy FILE is missing/,
    ],
  ])('%s', SLOW, async (_, args, message) => {
    expect(await refused(...args)).toMatch(message)
  })
})

it(
  'a run of the future, of another image, or given twice is named in the decision and counts for nothing more',
  SLOW,
  async () => {
    const past = await decide('1.0.0', 'good', 'beta.yaml', '--now', '2020-01-01T00:00:00Z')
    expect(past.decision?.notes).toMatchObject([{ code: 'from-the-future' }])
    expect(past.exitCode).toBe(2)
    const both = await decide('1.0.0', 'good bad good', 'beta.yaml')
    expect(both.decision?.notes.map(({ code }) => code).toSorted()).toEqual(['duplicate', 'other-image'])
    expect(both.exitCode).toBe(0)
  },
)

it('lint checks selectors against what runs planned', SLOW, async () => {
  const text = gatePolicy().replace('tests: [boot]', 'tests: [boot, nowhere]')
  const { stdout, exitCode } = await signalbox([
    'gate',
    'lint',
    write('nowhere.yaml', text),
    '--runs',
    'good',
  ])
  expect(stdout).toBe('nowhere.yaml:5:19: "nowhere" matches no test that the runs planned\n')
  expect(exitCode).toBe(1)
})
