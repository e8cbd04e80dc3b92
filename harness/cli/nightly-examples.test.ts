// The examples that are shipped for nightlies, read by those that they are for: GitHub's own parser of workflows, and systemd. Each
// reader is also shown something wrong, so that it is known to see it.

import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { findProgram } from '../../qemu/index.ts'
import { packageRoot } from '../package-root.ts'
import { execCommand } from '../process.ts'
import { buildProgram } from './main.ts'

const examples = join(packageRoot, 'docs', 'examples', 'nightly')
const read = (name: string): string => readFileSync(join(examples, name), 'utf8')
const workflow = read('signalbox-nightly.yml')
const service = read('signalbox-nightly.service')
const timer = read('signalbox-nightly.timer')

describe('the workflow', () => {
  // The parser is made for bundlers: it imports JSON without saying so.
  registerHooks({
    load: (url, context, next) =>
      next(url, url.endsWith('.json') ? { ...context, importAttributes: { type: 'json' } } : context),
  })
  const mistakes = async (content: string): Promise<readonly string[]> => {
    const { convertWorkflowTemplate, NoOperationTraceWriter, parseWorkflow } =
      await import('@actions/workflow-parser')
    const { context, value } = parseWorkflow({ name: 'nightly.yml', content }, new NoOperationTraceWriter())
    if (value !== undefined) await convertWorkflowTemplate(context, value)
    return context.errors.getErrors().map(({ message }) => message)
  }

  it('is one that GitHub takes', async () => {
    expect(await mistakes(workflow)).toEqual([])
  })

  it.each([
    ['runs-on', 'runs_on', /Unexpected value 'runs_on'/],
    ["'17 2 * * *'", "'99 2 * * *'", /Invalid cron expression/],
    ['github.ref_name', 'nonsense.ref_name', /Unrecognized named-value: 'nonsense'/],
    ['uses: actions/checkout@v5', 'use: actions/checkout@v5', /Unexpected value 'use'/],
  ])('would be refused with %s as %s', async (from, to, message) => {
    expect((await mistakes(workflow.replace(from, to))).join('\n')).toMatch(message)
  })
})

const systemdAnalyze = findProgram('systemd-analyze')

// Where systemd is not installed nobody would use them, and nothing can read them.
describe.skipIf(systemdAnalyze === undefined)('the timer and its service', () => {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-units-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const verify = async (units: Readonly<Record<string, string>>): Promise<string> => {
    cpSync(examples, folder, { recursive: true })
    for (const [name, text] of Object.entries(units)) writeFileSync(join(folder, name), text)
    const paths = ['timer', 'service'].map((kind) => join(folder, `signalbox-nightly.${kind}`))
    const { exitCode, stdout, stderr } = await execCommand(systemdAnalyze ?? '', ['verify', ...paths])
    const said = `${stdout}${stderr}`
      .split('\n')
      // Of units of the host.
      .filter((line) => line.includes('signalbox-nightly'))
    return [exitCode === 0 ? '' : `exit code ${exitCode}`, ...said].filter((line) => line !== '').join('\n')
  }

  it('are ones that systemd takes', async () => {
    expect(await verify({})).toBe('')
  })

  it.each<[string, Readonly<Record<string, string>>, RegExp]>([
    [
      'an unknown key',
      { 'signalbox-nightly.service': service.replace('Nice=', 'Nicer=') },
      /Unknown key .*'Nicer'/,
    ],
    [
      'no program',
      { 'signalbox-nightly.service': service.replace('/usr/bin/env', '/usr/bin/none') },
      /none is not executable/,
    ],
    [
      'a wrong time',
      { 'signalbox-nightly.timer': timer.replace('02:17', '25:17') },
      /Failed to parse calendar specification|exit code/,
    ],
  ])('would be refused with %s', async (_, units, message) => {
    expect(await verify(units)).toMatch(message)
  })

  it('start it every night', async () => {
    const [, when = ''] = /^OnCalendar=(.*)$/m.exec(timer) ?? []
    const { exitCode, stdout } = await execCommand(systemdAnalyze ?? '', ['calendar', '--iterations=2', when])
    expect(exitCode).toBe(0)
    expect(stdout.match(/\b02:17:00\b/g)?.length).toBeGreaterThanOrEqual(2)
    expect((await execCommand(systemdAnalyze ?? '', ['calendar', 'every night'])).exitCode).not.toBe(0)
  })
})

it('gives options that there are, to a command that there is', () => {
  const nightly = buildProgram().commands.find((command) => command.name() === 'nightly')
  const known = nightly?.options.map(({ long }) => long)
  const envs = nightly?.options.map(({ envVar }) => envVar)
  for (const text of [workflow, service]) {
    const [, line = ''] = /(?:signalbox|bin\.js) nightly(.*)$/m.exec(text) ?? []
    for (const flag of line.match(/--[a-z-]+/g) ?? []) expect(known).toContain(flag)
    const names = [...text.matchAll(/\b(SIGNALBOX_[A-Z_]+)(?==|: \$)/g)].map(([, name]) => name)
    expect(names.length).toBeGreaterThan(0)
    // Places of the host, which are no options.
    for (const name of names)
      if (name !== 'SIGNALBOX_CACHE' && name !== 'SIGNALBOX_RUNTIME') expect(envs).toContain(name)
  }
})
