// The command line over real servers: AWS's API (moto's), and hosts that answer SSH. No secret that a run was given may be in anything that it
// writes, says or shows in the list of processes.

import { readdirSync, readFileSync, writeFileSync, mkdirSync, chmodSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { awsEnvironment, SOME_AMI, startMoto } from '../../platforms/aws/moto.test.fixture.ts'
import { runDriver } from '../../platforms/aws/killed-run.test.fixture.ts'
import { fakePlatform } from '../../platforms/fake/index.ts'
import { createCliWorld, type CliResult } from './cli.test.fixture.ts'

const moto = await startMoto()
const world = createCliWorld()
const env = { ...awsEnvironment(moto.url), SIGNALBOX_AWS_REQUESTS: '1000' }
afterAll(async () => {
  await moto[Symbol.asyncDispose]()
  world[Symbol.dispose]()
})

const secrets = {
  AWS_SECRET_ACCESS_KEY: env.AWS_SECRET_ACCESS_KEY ?? '',
  AWS_SESSION_TOKEN: env.AWS_SESSION_TOKEN ?? '',
  AWS_ACCESS_KEY_ID: env.AWS_ACCESS_KEY_ID ?? '',
  SIGNALBOX_EXTERNAL_PASSWORD: 'seeded-external-password',
}

/** Where a secret stands, of all files below a folder. */
function findSecrets(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((entry) => {
    if (!entry.isFile()) return []
    const path = join(entry.parentPath, entry.name)
    const bytes = readFileSync(path).toString('latin1')
    return Object.entries(secrets).flatMap(([name, secret]) =>
      bytes.includes(secret) ? [`${name} in ${path}`] : [],
    )
  })
}

function findInOutput({ stdout, stderr }: CliResult): readonly string[] {
  return Object.entries(secrets).flatMap(([name, secret]) =>
    `${stdout}${stderr}`.includes(secret) ? [`${name} in the output`] : [],
  )
}

test('a search for secrets finds one', () => {
  const folder = join(world.folder, 'seeded')
  mkdirSync(folder)
  writeFileSync(join(folder, 'a'), `x${secrets.AWS_SECRET_ACCESS_KEY}y`)
  expect(findSecrets(world.folder)).toEqual([`AWS_SECRET_ACCESS_KEY in ${join(folder, 'a')}`])
  writeFileSync(join(folder, 'a'), '')
})

test('no secret of a run on hosts is in its artefacts, its output, or the arguments of a process', async () => {
  // The host is a fake machine: a real SSH server (ssh2's) whose shell answers as an OS does.
  await using session = await fakePlatform().open({
    image: {
      identity: {
        digest: 'sha256:',
        distro: 'reference',
        version: '1.0.0',
        channel: 'stable',
        architecture: 'x86_64',
      },
      firmwares: ['uefi'],
    },
    emit: () => undefined,
    signal: new AbortController().signal,
  })
  const folder = join(world.folder, 'host')
  mkdirSync(folder)
  await using host = await session.create(
    { name: 'h', architecture: 'x86_64', memoryMiB: 64, cpus: 1, tpm: false, disks: [] },
    { folder, signal: new AbortController().signal },
  )
  const { port } = await host.ssh(new AbortController().signal)
  // A check that looks at all processes from inside the run, and says loudly what it was given.
  const health = join(world.folder, 'health')
  writeFileSync(
    health,
    `#!/bin/sh\ncat /proc/*/cmdline 2> /dev/null | tr '\\0' ' ' >> '${folder}/processes'\nexit 0\n`,
  )
  chmodSync(health, 0o755)
  const result = await world.signalbox(
    [
      'run',
      '--platform',
      'external',
      '--distro',
      'reference',
      '--image-version',
      '1.0.0',
      '--set',
      `hosts=127.0.0.1:${port}`,
      '--set',
      `health=${health}`,
      '--set',
      `pool=${join(world.folder, 'pool')}`,
      ...world.corpus('hosts'),
    ],
    { ...env, SIGNALBOX_EXTERNAL_PASSWORD: secrets.SIGNALBOX_EXTERNAL_PASSWORD },
  )
  expect(result.stdout).toContain('hosts.answers')
  expect(result).toMatchObject({ exitCode: 0 })
  expect(readFileSync(join(folder, 'processes'), 'utf8')).toContain('--platform external')
  expect(findSecrets(world.folder)).toEqual([])
  expect(findInOutput(result)).toEqual([])
}, 120_000)

const runAtAws: readonly string[] = [
  'run',
  '--platform',
  'aws',
  '--distro',
  'reference',
  '--image-version',
  '1.0.0',
  '--set',
  `ami=${SOME_AMI}`,
  '--set',
  'allow-from=203.0.113.7/32',
  ...world.corpus('hosts'),
]

test('no secret of a run at AWS is in its artefacts or its output, also when AWS refuses', async () => {
  using refusing = moto.rule(({ action }) =>
    action === 'RunInstances' ? { refuse: 'AuthFailure', status: 401 } : 'pass',
  )
  void refusing
  const result = await world.signalbox([...runAtAws, '--infra-retries', '0'], env)
  expect(`${result.stdout}${result.stderr}`).toContain('AuthFailure')
  expect(findSecrets(world.folder)).toEqual([])
  expect(findInOutput(result)).toEqual([])
}, 120_000)

test('a run that would cost too much is refused before anything is made', async () => {
  const before = moto.counts.total()
  const result = await world.signalbox([...runAtAws, '--max-cost', '0.00001'], env)
  expect(result.exitCode).toBe(2)
  expect(`${result.stdout}${result.stderr}`).toMatch(
    /would cost about \$0\.\d+, and --max-cost allows \$0\.00001/,
  )
  expect(moto.counts.total()).toBe(before)
})

test('gc removes what a killed run left at AWS, at once where its process is known to be dead, and says what it would remove', async () => {
  const region = 'ap-south-1'
  const gc = async (...args: readonly string[]): Promise<CliResult> =>
    await world.signalbox(['gc', '--platform', 'aws', '--set', `region=${region}`, ...args], env)
  const killed = async (run: string, runtime: string): Promise<void> => {
    const kill = { request: 16, when: 'after' } as const
    await runDriver(moto, { region, run, runtime, kill, machines: 1, configBytes: 200 })
  }
  await killed('elsewhere', join(world.folder, 'another-host'))
  expect((await gc()).stdout).toMatch(/^nothing to remove\n\d+ in use or too young: left alone\n$/)
  expect((await gc('--older-than', '0s', '--dry-run')).stdout).toMatch(/^would remove .* of run elsewhere,/)
  const reaped = await gc('--older-than', '0s')
  expect(reaped.stdout).toMatch(/removed vpc vpc-\w+ in ap-south-1, of run elsewhere/)
  expect(reaped).toMatchObject({ exitCode: 0, stderr: '' })
  expect((await gc('--older-than', '0s')).stdout).toBe('nothing to remove\n')
  // Its ledger is of this host: nobody need wait for its time to be over.
  await killed('here', join(world.folder, 'run'))
  expect((await gc()).stdout).toMatch(/removed vpc vpc-\w+ in ap-south-1, of run here/)
  expect((await gc('--older-than', '0s')).stdout).toBe('nothing to remove\n')
}, 120_000)

test('platform list says what each can do and what is missing; of one, what can be set', async () => {
  const none = {
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  }
  const { stdout } = await world.signalbox(['platform', 'list'], none)
  expect(stdout).toMatch(
    /missing {2}aws: EC2 machines.*\n.*can: user-data, console, power, reset, lease\n.*no AWS region is known/,
  )
  expect(stdout).toMatch(/missing {2}external: [^]*no hosts: name them with --set hosts=/)
  expect(stdout).toMatch(/ready {4}fake: /)
  const one = await world.signalbox(['platform', 'list', 'external', '--set', 'hosts=10.0.0.7'], none)
  expect(one.stdout).toMatch(/^ready {4}external/)
  expect(one.stdout).toContain('only from SIGNALBOX_EXTERNAL_PASSWORD')
  const ready = await world.signalbox(['platform', 'list', 'aws', '--json'], env)
  expect(JSON.parse(ready.stdout)).toMatchObject([{ name: 'aws', missing: [] }])
}, 120_000)

test('a secret on the command line is refused and not repeated', async () => {
  const result = await world.signalbox([
    'run',
    '--platform',
    'external',
    '--distro',
    'reference',
    '--set',
    'hosts=10.0.0.7',
    '--set',
    'password=let-me-in',
    ...world.corpus('hosts'),
  ])
  expect(result).toMatchObject({ exitCode: 2 })
  expect(result.stderr).toContain('put it into the environment: SIGNALBOX_EXTERNAL_PASSWORD')
  expect(`${result.stdout}${result.stderr}`).not.toContain('let-me-in')
})
