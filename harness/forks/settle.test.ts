// Bringing a machine to rest: with an agent that answers as scripted, and with the real bash in a fake root.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openAgent } from '../agent/agent.ts'
import { scriptedPort, type Script, type ScriptedPort } from '../agent/scripted-agent.test.fixture.ts'
import { makeFakeRoot, type FakeRoot } from './fake-root.test.fixture.ts'
import { identityFunctions } from './identity.ts'
import { settle, type Settled, type SettleOptions } from './settle.ts'

type Step = 'functions' | 'jobs' | 'look' | 'settle' | 'quiet' | 'unsettle'

function stepOf(code: string): Step {
  if (code === identityFunctions()) return 'functions'
  if (code.includes('list-jobs')) return 'jobs'
  if (code.startsWith('refusal')) return 'look'
  if (code.startsWith('settle\n')) return 'settle'
  if (code.includes('/proc/stat')) return 'quiet'
  return code === 'unsettle' ? 'unsettle' : expect.unreachable(`the agent was told ${code}`)
}

const BOOT = '6f1c8a2e-0000-4000-8000-000000000001'
type Answers = Partial<Record<Step, ReturnType<Script>>>

interface Trial {
  readonly port: ScriptedPort
  /** What happened, in order: steps of the agent, and what the machine's holder was asked. */
  readonly events: readonly string[]
  readonly run: (more?: Partial<SettleOptions>) => Promise<Settled>
}

/** A machine that answers well, except for what is given. */
function trial(answers: Answers): Trial {
  const events: string[] = []
  const good: Answers = { look: { output: `${BOOT}| ed25519 rsa|` } }
  const port = scriptedPort(({ code }) => {
    const step = stepOf(code)
    events.push(step)
    return step in answers ? answers[step] : (good[step] ?? {})
  })
  return {
    port,
    events,
    run: async (more = {}) =>
      await settle({
        agent: openAgent(port),
        disconnect: async () => {
          await Promise.resolve()
          events.push('disconnect')
        },
        journalHas: async () => {
          events.push('journal')
          return await Promise.resolve(true)
        },
        isolated: false,
        timeoutMs: 100,
        signal: new AbortController().signal,
        ...more,
      }),
  }
}

test('a machine at rest is settled, with its boot id and the types of its host keys', async () => {
  const { run, events } = trial({})
  expect(await run()).toEqual({ kind: 'settled', bootId: BOOT, hostKeyTypes: ['ed25519', 'rsa'] })
  expect(events).toEqual(['functions', 'jobs', 'look', 'disconnect', 'settle', 'journal', 'quiet'])
})

test('what is waited for in the journal is what the machine was told to write', async () => {
  const { run, port } = trial({})
  let line = ''
  await run({
    journalHas: async (text) => {
      line = text
      return await Promise.resolve(false)
    },
  })
  expect(line).not.toBe('')
  expect(port.requests.find(({ code }) => code.startsWith('settle\n'))?.code).toContain(
    `echo '<6>${line}' >/dev/kmsg`,
  )
})

test('a journal that does not come is no reason to boot', async () => {
  expect(await trial({}).run({ journalHas: async () => await Promise.resolve(false) })).toMatchObject({
    kind: 'settled',
  })
})

test('types of keys that nobody asked for are left out', async () => {
  const look = { output: `${BOOT}| ed25519 ../../x $(id) ECDSA rsa|` }
  expect(await trial({ look }).run()).toMatchObject({ hostKeyTypes: ['ed25519', 'rsa'] })
})

describe('a machine that could not be forked the next time either', () => {
  test('has jobs that never end', async () => {
    const { run, events } = trial({
      jobs: { output: '7 \u001B[31mrestless.service\u001B[0m start running\n' },
    })
    expect(await run()).toEqual({
      kind: 'unsettled',
      reason: 'it never comes to rest: 7 restless.service start running',
      lasting: true,
    })
    expect(events).toEqual(['functions', 'jobs'])
  })

  test('is somebody that its clones would be, too', async () => {
    const look = { output: `${BOOT}| ed25519| an etcd member (/var/lib/etcd/member)` }
    const { run, events } = trial({ look })
    expect(await run()).toEqual({
      kind: 'unsettled',
      reason: 'its clones would share an etcd member (/var/lib/etcd/member)',
      lasting: true,
    })
    expect(events).toEqual(['functions', 'jobs', 'look'])
  })

  test('but may be that on a network of its own', async () => {
    const look = { output: `${BOOT}|| an etcd member (/var/lib/etcd/member)` }
    expect(await trial({ look }).run({ isolated: true })).toMatchObject({ kind: 'settled', hostKeyTypes: [] })
  })
})

describe('a machine that may settle the next time', () => {
  test.each<[string, Answers, RegExp]>([
    ['says nothing', { functions: undefined }, /waited .* for the agent in the guest/],
    ['cannot define the functions', { functions: { status: 2 } }, /the agent in the guest says 2/],
    ['says nothing about its jobs', { jobs: undefined }, /waited .* for systemd to have no jobs/],
    ['says nothing about itself', { look: undefined }, /waited .* for a look at the machine/],
  ])('%s', async (_, answers, reason) => {
    const { run, events } = trial(answers)
    expect(await run()).toEqual({
      kind: 'unsettled',
      reason: expect.stringMatching(reason),
      lasting: false,
    })
    // Nothing was done to it yet.
    expect(events).not.toContain('unsettle')
  })

  test('cannot be disconnected', async () => {
    const { run, events } = trial({})
    const disconnect = async () => await Promise.reject(new Error('a bug in SSH'))
    expect(await run({ disconnect })).toEqual({ kind: 'unsettled', reason: 'a bug in SSH', lasting: false })
    expect(events).not.toContain('unsettle')
  })

  test.each<[string, Answers, RegExp]>([
    [
      'does not settle',
      { settle: { status: 1, output: 'sync: I/O error' } },
      /to settle: .* sync: I\/O error/,
    ],
    ['settles for ever', { settle: undefined }, /waited .* for the machine to settle/],
    ['says nothing about its rest', { quiet: undefined }, /waited .* for the machine to become quiet/],
  ])('%s: it goes on as it was before', async (_, answers, reason) => {
    const { run, events } = trial(answers)
    expect(await run()).toEqual({ kind: 'unsettled', reason: expect.stringMatching(reason), lasting: false })
    expect(events.at(-1)).toBe('unsettle')
  })

  test.each<[string, Answers]>([
    ['says nothing any more', { settle: undefined, unsettle: undefined }],
    ['fails to go on', { settle: undefined, unsettle: { status: 1, output: 'Failed to start daily.timer' } }],
  ])('%s: no test gets it, and nobody is blamed', async (_, answers) => {
    await expect(trial(answers).run()).rejects.toMatchObject({
      name: 'InfraError',
      code: 'template-not-saved',
      message: expect.stringMatching(/did not go on/),
    })
  })
})

test.each<Step>(['functions', 'jobs', 'look', 'settle', 'quiet'])(
  'an abort in the middle of %s is thrown',
  async (step) => {
    const abort = new AbortController()
    const { run, port } = trial({ [step]: undefined })
    const settling = run({ signal: abort.signal, timeoutMs: 10_000 })
    await expect
      .poll(() => port.requests.at(-1)?.code)
      .toSatisfy((code) => typeof code === 'string' && stepOf(code) === step)
    abort.abort(new Error('interrupted'))
    await expect(settling).rejects.toThrow('interrupted')
    expect(port.requests.filter(({ code }) => code === 'unsettle')).toEqual([])
  },
)

test('so is one while it is set going again', async () => {
  const abort = new AbortController()
  const { run, port } = trial({ settle: { status: 1 }, unsettle: undefined })
  const settling = run({ signal: abort.signal, timeoutMs: 10_000 })
  await expect.poll(() => port.requests.at(-1)?.code).toBe('unsettle')
  abort.abort(new Error('interrupted'))
  await expect(settling).rejects.toMatchObject({ message: 'interrupted' })
})

describe('in a real shell', () => {
  let root: FakeRoot
  beforeEach(() => {
    root = makeFakeRoot(mkdtempSync(join(tmpdir(), 'settle-')))
  })
  afterEach(() => rmSync(root.folder, { recursive: true }))

  /** Status and output of each step. */
  async function steps(): Promise<ReadonlyMap<Step, { readonly status: number; readonly output: string }>> {
    const { run, port } = trial({})
    await run({ timeoutMs: 1000 })
    const codes = port.requests.map(({ code }) => code)
    const said = root.run(codes.map((code) => `o=\n${code}\nprintf '%s\\0%s\\0' "$?" "$o"`).join('\n'))
    const parts = said.split('\0')
    return new Map(
      codes.map((code, index) => [
        stepOf(code),
        { status: Number(parts[index * 2]), output: parts[index * 2 + 1] ?? '' },
      ]),
    )
  }

  test('every step works, and the look tells what it should', async () => {
    root.write('/etc/ssh/ssh_host_ed25519_key', 'x')
    root.write('/etc/ssh/ssh_host_rsa_key', 'x')
    root.write('/run/jobs', '1 a.service start running\n2 b.service start waiting\n')
    const answers = await steps()
    expect([...answers.keys()]).toEqual(['functions', 'jobs', 'look', 'settle', 'quiet'])
    expect([...answers.values()].map(({ status }) => status)).toEqual([0, 0, 0, 0, 0])
    expect(answers.get('jobs')?.output).toBe('')
    expect(answers.get('look')?.output).toMatch(/^[0-9a-f-]{36}\| ed25519 rsa\|$/)
    expect(root.read('/dev/kmsg')).toMatch(/^<6>signalbox: /)
    const log = root.read('/run/log-of-programs') ?? ''
    expect(log).toMatch(/journalctl --sync\nsync \n$/)
    expect(log.match(/list-jobs/g)).toHaveLength(3)
  })

  test('jobs that never end, and what must not be shared, are told', async () => {
    root.write('/run/jobs', 'x restless.service start running\n'.repeat(100))
    root.write('/var/lib/docker/engine-id', 'x')
    const answers = await steps()
    expect(answers.get('jobs')?.output).toMatch(/restless.service start running/)
    expect(answers.get('look')?.output).toMatch(/\|\| a Docker engine \(\/var\/lib\/docker\/engine-id\)$/)
  })
})
