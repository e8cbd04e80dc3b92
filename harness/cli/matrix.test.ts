// A matrix through the real command line, on the fake platform: its cells, the plan of all, one run with a cell each.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { SignalboxEvent } from '../events.ts'
import { comparable, createCliWorld } from './cli.test.fixture.ts'
import type { PlanDocument } from './commands/plan.ts'

const world = createCliWorld()
afterAll(() => world[Symbol.dispose]())
const SLOW = { timeout: 120_000 }
const project = join(world.folder, 'project')
mkdirSync(project)
const corpus = join(import.meta.dirname, 'corpus', 'matrix.test.corpus.ts')
const fake = { platform: 'fake', image: '../disk.raw', distro: 'reference', tests: [corpus] }

function config(value: object): void {
  writeFileSync(join(project, 'signalbox.config.json'), JSON.stringify({ ...fake, ...value }))
}

const signalbox = async (...args: readonly string[]) => {
  const result = await world.signalbox(args, {}, project)
  return { ...result, stdout: comparable(result.stdout, world), stderr: comparable(result.stderr, world) }
}

function eventsOfLatest(): readonly SignalboxEvent[] {
  const text = readFileSync(join(world.output, 'latest', 'events.jsonl'), 'utf8').trimEnd()
  return text.split('\n').map((line) => JSON.parse(line) as SignalboxEvent)
}

const matrix = {
  architecture: ['x86_64', 'arm64'],
  firmware: ['bios', 'uefi'],
  tpm: ['off', 'on'],
  exclude: [
    { architecture: 'arm64', firmware: 'bios' },
    { firmware: 'bios', tpm: 'on' },
  ],
}

describe('of a config', () => {
  it('is priced before: a line a cell, all together, and what runs nowhere', SLOW, async () => {
    config({ matrix })
    const { stdout, stderr, exitCode } = await signalbox('plan')
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 })
    await expect(stdout.slice(stdout.indexOf('  target '))).toMatchFileSnapshot('golden/plan-matrix.txt')
    const data = await signalbox('plan', '--json', '--target', '*-uefi-*')
    const { targets, together, nowhere } = JSON.parse(data.stdout) as PlanDocument
    expect(targets.map((each) => each.kind === 'planned' && each.target)).toMatchObject([
      { name: 'fake-x86_64-uefi-no-tpm', axes: { tpm: 'off' } },
      { name: 'fake-x86_64-uefi-tpm', firmware: 'uefi', axes: { tpm: 'on' } },
      { name: 'fake-arm64-uefi-no-tpm', architecture: 'arm64' },
      { name: 'fake-arm64-uefi-tpm' },
    ])
    expect(together?.machines).toBeGreaterThan(4)
    expect(nowhere?.map(({ test }) => test)).toEqual(['matrix.nowhere', 'matrix.only-with-bios'])
  })

  it('gives every machine a TPM, or none and says so of a test of one', SLOW, async () => {
    config({ matrix })
    const { stdout } = await signalbox('plan', '--target', 'fake-x86_64-uefi-*')
    expect(stdout).toMatch(/matrix\.with-tpm +skipped: needs a TPM; the machines of this target have none/)
    expect(stdout).toMatch(/matrix\.everywhere .*booted: a machine with a TPM is always booted/)
    const list = await signalbox('list', '--target', 'fake-x86_64-uefi-no-tpm')
    expect(list.stdout).toMatch(/skipped: needs a TPM; the machines of this target have none/)
    // By the architecture and the firmware alone, as a run will find.
    config({ platform: 'qemu', image: undefined })
    const direct = await signalbox('list', 'matrix.with-tpm', '--firmware', 'direct')
    expect(direct.stdout).toMatch(/skipped: needs a TPM; .*--firmware uefi has one$/m)
    expect(direct.stdout).toMatch(/1 test for .*, 1 of them skipped/)
    const uefi = await signalbox('list', 'matrix.with-tpm', '--firmware', 'uefi')
    expect(uefi.stdout).not.toContain('--firmware uefi has one')
    const aws = await signalbox('list', 'matrix.with-tpm', '--platform', 'aws')
    expect(aws.stdout).toContain('skipped: needs a TPM; machines at AWS get none yet')
  })

  it('runs as one, with the slower machines first where nothing is known', SLOW, async () => {
    const include = [{ architecture: 'arm64', slowness: 8 }]
    config({ jobs: 1, matrix: { ...matrix, tpm: ['off'], exclude: matrix.exclude.slice(0, 1), include } })
    const { exitCode, stdout } = await signalbox('run', '--target', '!*-bios-*')
    expect(exitCode, stdout).toBe(1)
    const begun = eventsOfLatest().flatMap((event) =>
      event.type === 'attempt.started' ? [event.run.replace(/^[^.]*\./, '')] : [],
    )
    expect(begun[0]).toBe('fake-arm64-uefi-no-tpm')
    expect(new Set(begun)).toEqual(new Set(['fake-arm64-uefi-no-tpm', 'fake-x86_64-uefi-no-tpm']))
  })

  it('lends the durations of another cell, and says whose', SLOW, async () => {
    config({ matrix: { architecture: ['x86_64'], firmware: ['uefi-secure'] } })
    const { stdout } = await signalbox('plan', 'matrix.everywhere')
    expect(stdout).toMatch(/^ {2}estimates +0 recorded, 1 as on fake-(x86_64|arm64)-uefi-no-tpm/m)
  })

  it('is refused where it cannot be meant', SLOW, async () => {
    config({ matrix: { ...matrix, exclude: [{ firmware: 'efi' }] } })
    const { exitCode, stderr } = await signalbox('plan')
    expect(exitCode).toBe(2)
    expect(stderr).toMatch(/"matrix\.exclude\.0\.firmware" must be one of the axis: bios, uefi; it is "efi"/)
  })
})

describe('without a config', () => {
  const call = async (...args: readonly string[]) =>
    await world.signalbox([...args, ...world.target, '--tests', corpus])

  it('has the cells of the image, and says what is left out', SLOW, async () => {
    const plan = await call('plan', 'matrix.everywhere', '--target', 'fake-*', '!*-uefi-secure*')
    expect(plan.exitCode).toBe(0)
    const names = [...plan.stdout.matchAll(/^ {2}(fake-\S+) +\d+ {2}/gm)].map(([, name]) => name)
    expect(names).toEqual([
      'fake-x86_64-bios',
      'fake-x86_64-uefi',
      'fake-x86_64-uefi-tpm',
      'fake-arm64-uefi',
      'fake-arm64-uefi-tpm',
    ])
    const list = await call('list', 'matrix.everywhere', '--target', 'fake-x86_64-*', '--json')
    expect(list.stderr).toMatch(
      /^fake-x86_64-direct is left out: this image cannot boot with firmware direct$/m,
    )
    expect((JSON.parse(list.stdout) as { targets: unknown[] }).targets).toHaveLength(5)
    expect(plan.stdout).toMatch(
      /^ {2}fake-x86_64-direct is left out: this image cannot boot with firmware direct$/m,
    )
  })

  it('says so in a run and its reports, whose exit code is that of the others', SLOW, async () => {
    const { stdout, exitCode } = await call(
      'run',
      'matrix.everywhere',
      '--target',
      'fake-x86_64-*',
      '!*tpm',
      '!*-uefi-secure',
    )
    expect(exitCode, stdout).toBe(0)
    const left = 'fake-x86_64-direct is left out: this image cannot boot with firmware direct'
    expect(stdout).toContain(left)
    expect(readFileSync(join(world.output, 'latest', 'run.json'), 'utf8')).toContain(left)
  })

  it('refuses one that is named and cannot be had', SLOW, async () => {
    const { stderr, exitCode } = await call('run', 'matrix.everywhere', '--target', 'fake-x86_64-direct')
    expect(stderr).toMatch(/^error: this image cannot boot with firmware direct$/m)
    expect(exitCode).toBe(2)
    const unknown = await call('run', '--target', 'fake-riscv64-uefi')
    expect(unknown.stderr).toMatch(
      /no target matches "fake-riscv64-uefi"\nhint: did you mean "fake-arm64-uefi"\?/,
    )
  })
})
