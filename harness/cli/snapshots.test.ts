// Golden files of a machine's state, through the real command line: written once, compared from then on, renewed when told to.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { packageRoot } from '../package-root.ts'
import { createCliWorld } from './cli.test.fixture.ts'

const world = createCliWorld()
afterAll(() => world[Symbol.dispose]())

const file = join(world.folder, 'drift.ts')
const golden = join(world.folder, 'drift-snapshots', 'fresh-reference-x86_64.json')
const write = (command: string): void =>
  writeFileSync(
    file,
    `import { expect, test } from '${join(packageRoot, 'harness', 'index.ts')}'
test('drift', { description: 'x', leaveOutChecks: ['failed-units'] }, async ({ machine }) => {
  await machine.run('${command}')
  await expect(machine).toMatchSnapshot('fresh', { timeoutMs: 1, parts: ['units'] })
})
`,
  )
const run = async (...args: readonly string[]) =>
  await world.signalbox(['run', ...args, ...world.target, '--tests', file, '-j', '1'])

it(
  'writes a golden file, fails that once, compares, and writes anew with -u only',
  { timeout: 300_000 },
  async () => {
    write('true')
    const none = await run('--update-snapshots=none')
    expect([none.exitCode, existsSync(golden)]).toEqual([1, false])
    expect(none.stdout).toContain('--update-snapshots=missing writes it')
    const first = await run()
    expect(first.exitCode).toBe(1)
    expect(first.stdout).toContain('it has been written')
    expect(JSON.parse(readFileSync(golden, 'utf8'))).toEqual({ units: { 'ssh.service': 'active running' } })
    expect((await run()).exitCode).toBe(0)

    write('fake fail-unit a.service')
    expect((await run()).exitCode).toBe(0)
    writeFileSync(golden, '{ "complete": ["units"], "units": { "ssh.service": "active running" } }')
    const changed = await run()
    expect(changed.exitCode).toBe(1)
    expect(changed.stdout).toMatch(/units:\n.*\+ a\.service: failed failed/)
    expect((await run('-u')).exitCode).toBe(0)
    expect(JSON.parse(readFileSync(golden, 'utf8'))).toEqual({
      complete: ['units'],
      units: { 'a.service': 'failed failed', 'ssh.service': 'active running' },
    })
    expect((await run()).exitCode).toBe(0)
    const wrong = await run('--update-snapshots=sometimes')
    expect(wrong.exitCode).toBe(2)
    expect(wrong.stderr).toContain('all, changed, missing, none')
  },
)
