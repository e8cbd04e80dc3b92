// The gate through the real command line, over runs on fake machines: a newcomer's way to a promotion, a seeded regression
// that is held by name, waivers, approvals, evidence that was changed.

import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CliResult } from './cli.test.fixture.ts'
import { createGateWorld, gatePolicy, namedIn } from './gate.test.fixture.ts'

const world = createGateWorld()
const { at, decide, folder, latestDecision, runSuite, signalbox, write } = world
afterAll(() => world[Symbol.dispose]())
const SLOW = { timeout: 240_000 }

beforeAll(async () => await world.prepare(), SLOW.timeout)

it('a newcomer: a policy, a decision, its verification, the promotion', SLOW, async () => {
  expect((await signalbox(['gate', 'init', '--channel', 'alpha'])).exitCode).toBe(0)
  expect((await signalbox(['gate', 'lint', 'gate-alpha.yaml', 'beta.yaml'])).exitCode).toBe(0)
  const schema = await signalbox(['schema', 'policy'])
  expect(JSON.parse(schema.stdout)).toMatchObject({ title: 'Signalbox gate policy' })
  const args = [
    '--channel',
    'beta',
    '--image',
    '1.0.0',
    '--runs',
    'good',
    '--policy',
    'beta.yaml',
    '--key',
    'ci.pem',
  ]
  const decided = await signalbox(['gate', 'decide', ...args])
  expect(decided.stdout).toMatch(/^promote 1\.0\.0 to beta: 5 of 5 cells are as the policy asks\n/)
  expect(decided.stdout).toMatch(/must always work +every attempt passes +3 of 3\n/)
  expect(decided.exitCode).toBe(0)
  const evidence = /^Evidence: (\S+)$/m.exec(decided.stdout)?.[1] ?? ''
  const verified = await signalbox(['gate', 'verify', evidence, '--key', 'ci.pub'])
  expect(verified.stdout).toMatch(/byte for byte[^]*signed by this key/)
  expect(verified.exitCode).toBe(0)
  const print = [
    '--',
    process.execPath,
    '-e',
    'console.log(process.env.SIGNALBOX_CHANNEL, process.env.SIGNALBOX_VERSION)',
  ]
  const dry = await signalbox(['gate', 'promote', evidence, '--key', 'ci.pub', '--dry-run', ...print])
  expect(dry.stdout).toMatch(/would run: SIGNALBOX_DECISION=[0-9a-f]{64} .*SIGNALBOX_CHANNEL=beta/)
  expect(dry.stdout).not.toMatch(/^beta 1\.0\.0$/m)
  const promoted = await signalbox(['gate', 'promote', evidence, '--key', 'ci.pub', ...print])
  expect(promoted.stdout).toMatch(/^beta 1\.0\.0$[^]*^promoted 1\.0\.0 to beta$/m)
  expect(promoted.exitCode).toBe(0)
})

it(
  'two runs with a seeded regression are held, for the test that it broke and by its name',
  SLOW,
  async () => {
    await runSuite('bad-2', '2.0.0', 'unit')
    const { exitCode, decision } = await decide(
      '2.0.0',
      'bad bad-2',
      'beta.yaml',
      '--baseline',
      'good',
      '--key',
      'ci.pem',
    )
    expect(exitCode).toBe(1)
    expect(decision?.decision).toBe('hold')
    expect(decision?.summary).toBe('hold 2.0.0 for beta: 1 failed; 4 of 5 cells are as the policy asks')
    expect(namedIn(decision)).toEqual(['failed boot.units'])
    expect(decision?.unsatisfied[0]).toMatchObject({
      rule: 'must always work',
      effect: 'hold',
      target: 'fake-x86_64-uefi-alpha',
      redBefore: false,
    })
    expect(decision?.unsatisfied[0]?.message).toMatch(/failed 2 times \(newly red\): .*web\.service/)
    const text = await signalbox(['gate', 'verify', latestDecision(), '--key', 'ci.pub'])
    expect(text.stdout).toMatch(/^hold 2\.0\.0 for beta/)
    const refused = await signalbox([
      'gate',
      'promote',
      latestDecision(),
      '--key',
      'ci.pub',
      '--',
      'touch',
      at('promoted'),
    ])
    expect(refused.stderr).toMatch(/not promoted: the decision is "hold"/)
    expect(refused.exitCode).toBe(1)
    expect(readdirSync(folder)).not.toContain('promoted')
  },
)

it(
  'the promoted image fails there too: red before and red now, named and allowed where the policy says so',
  SLOW,
  async () => {
    await runSuite('worse', '3.0.0', 'unit')
    const allowed = gatePolicy().replace(
      'require: first-attempt',
      'require: first-attempt\n    redBefore: allow',
    )
    const { decision } = await decide('3.0.0', 'worse', write('allowed.yaml', allowed), '--baseline', 'bad')
    expect(decision?.decision).toBe('promote')
    expect(decision?.notes).toMatchObject([{ code: 'red-before' }])
  },
)

it('what is missing comes with the command that brings it, and then it is promoted', SLOW, async () => {
  await runSuite('part', '1.0.0', '', 'boot.usr', 'users')
  const lacking = gatePolicy().replace('tests: [boot]', 'tests: [boot.usr, boot.units, boot.kernel]')
  const first = await decide('1.0.0', 'part', write('all.yaml', lacking))
  expect(first.exitCode).toBe(2)
  expect(namedIn(first.decision)).toEqual(['missing boot.kernel', 'missing boot.units'])
  const [[program, ...command] = []] = first.decision?.commands ?? []
  expect(program).toBe('signalbox')
  expect(command.slice(0, 3)).toEqual(['run', 'boot.kernel', 'boot.units'])
  expect((await signalbox([...command, '-o', at('part')])).exitCode).toBe(0)
  expect((await decide('1.0.0', 'part', 'all.yaml')).exitCode).toBe(0)
})

it('a flaky test is held where every attempt must pass, and not where one may', SLOW, async () => {
  await runSuite('flaky', '4.0.0', 'flake', '--retries', '1')
  expect(namedIn((await decide('4.0.0', 'flaky', 'beta.yaml')).decision)).toEqual(['flaky users.core'])
  expect((await decide('4.0.0', 'flaky', write('any.yaml', gatePolicy('', 'any-attempt')))).exitCode).toBe(0)
})

it(
  'a flake budget looks at the history, and what it saw is kept: it is verified without it',
  SLOW,
  async () => {
    const text = `version: 1
channel: beta
rules:
  - name: core
    tests: [users.core]
    require: any-attempt
    flakes: { atMost: 30%, confidence: 50% }
`
    const first = await decide('1.0.0', 'good', write('flakes.yaml', text))
    expect(first.exitCode).toBe(2)
    expect(namedIn(first.decision)).toEqual(['flaky users.core'])
    expect(first.decision?.commands[0]?.slice(-2)).toEqual(['--repeat', '1'])
    const imported = await signalbox(['history', 'import', 'bad', '--history', 'history.sqlite'])
    expect(imported.exitCode).toBe(0)
    const past = ['--history', 'history.sqlite', '-o', 'flakes', '--key', 'ci.pem']
    const second = await decide('1.0.0', 'good', 'flakes.yaml', ...past)
    expect(second.exitCode).toBe(0)
    expect(second.decision?.inputs.map(({ kind }) => kind)).toEqual(['history', 'policy', 'run'])
    rmSync(at('history.sqlite'))
    const evidence = join('flakes', readdirSync(at('flakes'))[0] ?? '')
    expect((await signalbox(['gate', 'verify', evidence, '--key', 'ci.pub'])).exitCode).toBe(0)
  },
)

describe('a waiver', () => {
  const people = ['alice', 'bob'] as const
  const waivers = 'signers: { alice: alice.pub, bob: bob.pub }\nwaivers: { from: [alice, bob] }\n'
  const waived = async (file: string) =>
    await decide('2.0.0', 'bad', write('waivers.yaml', gatePolicy(waivers)), '--waivers', file)

  it('takes two people, and is about one failure', SLOW, async () => {
    for (const name of people) await signalbox(['gate', 'keygen', name])
    const { decision } = await decide('2.0.0', 'bad', 'beta.yaml')
    const { target = '', fingerprints = [] } = decision?.unsatisfied[0] ?? {}
    const about = [
      '--target',
      target,
      '--fingerprint',
      fingerprints[0] ?? '',
      '--reason',
      'r',
      '--tracker',
      'T-1',
    ]
    const waive = async (file: string, author: string, approver: string): Promise<CliResult> =>
      await signalbox([
        'gate',
        'waive',
        'boot.units',
        ...about,
        '--author',
        author,
        '--approver',
        approver,
        '--key',
        'alice.pem',
        '-o',
        file,
      ])
    expect((await waive('w.json', 'alice', 'alice')).stderr).toMatch(/nobody approves a waiver of their own/)
    expect((await waive('w.json', 'alice', 'bob')).exitCode).toBe(0)
    expect((await waived('w.json')).decision).toMatchObject({
      decision: 'hold',
      waivers: [{ state: 'not-approved' }],
    })
    const own = await signalbox(['gate', 'countersign', 'w.json', '--key', 'alice.pem'])
    expect(own.stderr).toMatch(/is signed with this key already/)
    expect((await signalbox(['gate', 'countersign', 'w.json', '--key', 'bob.pem'])).exitCode).toBe(0)
    expect((await waived('w.json')).decision).toMatchObject({
      decision: 'promote',
      waivers: [{ state: 'applied' }],
    })
    // One use is one image: the next needs another waiver.
    await runSuite('next', '2.1.0', 'unit')
    const next = await decide('2.1.0', 'next', 'waivers.yaml', '--waivers', 'w.json')
    expect(next.decision).toMatchObject({ decision: 'hold', waivers: [{ state: 'used-up' }] })
  })
})

it('an approval is asked for with the command that gives it', SLOW, async () => {
  const rule = 'signers: { dora: dora.pub }\napprovals: { atLeast: 1, from: [dora] }\n'
  await signalbox(['gate', 'keygen', 'dora'])
  const first = await decide('1.0.0', 'good', write('approved.yaml', gatePolicy(rule)))
  expect(first.exitCode).toBe(2)
  expect(namedIn(first.decision)).toEqual(['approval -'])
  const [[, ...command] = []] = first.decision?.commands ?? []
  const args = command.map((word) => (word === 'YOUR-KEY.pem' ? 'dora.pem' : word))
  expect((await signalbox([...args, '-o', 'approval.json'])).exitCode).toBe(0)
  expect((await decide('1.0.0', 'good', 'approved.yaml', '--approvals', 'approval.json')).exitCode).toBe(0)
})

it('another policy over past decisions says which would be others', SLOW, async () => {
  const output = ['-o', 'past']
  for (const [version, runs] of [
    ['1.0.0', 'good'],
    ['2.0.0', 'bad'],
  ] as const)
    await decide(version, runs, 'beta.yaml', ...output)
  const lax = gatePolicy('', 'any-attempt').replace('tests: [boot]', 'tests: [boot.usr]')
  const laxer = lax.replace('require: any-attempt', "tests: ['!boot.units']\n    require: any-attempt")
  const same = await signalbox(['gate', 'backtest', '--policy', 'beta.yaml', ...output])
  expect(same.stdout).toBe('0 of 2 decisions for beta of the last 90 days would be others\n')
  expect(same.exitCode).toBe(0)
  const other = await signalbox(['gate', 'backtest', '--policy', write('lax.yaml', laxer), ...output])
  expect(other.stdout).toMatch(/^1 of 2 decisions[^]*2\.0\.0: hold -> promote[^]*- failed: boot\.units/)
  expect(other.exitCode).toBe(1)
})

describe('evidence that was changed', () => {
  it('is not verified and not promoted, and what was changed is named', SLOW, async () => {
    await decide(
      '1.0.0',
      'good',
      'beta.yaml',
      '--key',
      'ci.pem',
      '-o',
      'tampered',
      '--now',
      '2030-01-01T00:00:00Z',
    )
    const evidence = join('tampered', readdirSync(at('tampered'))[0] ?? '')
    const input = join(evidence, 'inputs', readdirSync(at(evidence, 'inputs'))[0] ?? '')
    const text = readFileSync(at(input), 'utf8')
    writeFileSync(at(input), `${text} `)
    const verified = await signalbox(['gate', 'verify', evidence, '--key', 'ci.pub'])
    expect(verified.stdout).toMatch(
      /^NOT VERIFIED: 1 thing deviates\n {2}inputs\/[0-9a-f]{64}: input-changed: the \w+ .* was changed/,
    )
    expect(verified.exitCode).toBe(1)
    const promoted = await signalbox([
      'gate',
      'promote',
      evidence,
      '--key',
      'ci.pub',
      '--',
      'touch',
      at('promoted'),
    ])
    expect(promoted.stderr).toMatch(/not promoted: the decision cannot be verified[^]*input-changed/)
    expect(promoted.exitCode).toBe(1)
    writeFileSync(at(input), text)
    await signalbox(['gate', 'keygen', 'stranger'])
    const other = await signalbox([
      'gate',
      'promote',
      evidence,
      '--key',
      'stranger.pub',
      '--',
      'touch',
      at('promoted'),
    ])
    expect(other.stderr).toMatch(/signature-wrong/)
    expect(readdirSync(folder)).not.toContain('promoted')
  })
})
