// Faults on real machines, through the real command line: what the host, QEMU and the guest may do to a run.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { buildReferenceImage } from '../../qemu/image/index.ts'
import { sleep } from '../deadline.ts'
import type { SignalboxEvent } from '../events.ts'
import { cacheFolder } from '../folders.ts'
import { runCommand } from '../process.ts'
import { createCliWorld } from './cli.test.fixture.ts'

const world = createCliWorld({ cache: cacheFolder() })
afterAll(() => world[Symbol.dispose]())
const corpus = world.corpus('real-faults')
const image = await buildReferenceImage()

function eventsIn(run: string): readonly SignalboxEvent[] {
  const lines = readFileSync(join(world.output, run, 'events.jsonl'), 'utf8')
    .split('\n')
    .slice(0, -1)
  return lines.map((line) => JSON.parse(line) as SignalboxEvent)
}

function runs(): readonly string[] {
  try {
    return readdirSync(world.output).filter((name) => /^\d{8}-/.test(name))
  } catch {
    return []
  }
}

/** The run that starts now, as soon as its stream has such an event. */
async function awaitEvent(
  before: readonly string[],
  fits: (event: SignalboxEvent) => boolean,
): Promise<string> {
  for (;;) {
    const run = runs().find((name) => !before.includes(name))
    if (run !== undefined && eventsIn(run).some((event) => fits(event))) return run
    await sleep(100)
  }
}

function collect(child: ReturnType<typeof spawn>): () => string {
  let text = ''
  child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()))
  return () => text
}

/** The QEMU processes of this test's own runs, by the runtime folder in their command line. */
function qemuProcesses(): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
        return /^[^\0]*qemu-system/.test(command) && command.includes(join(world.folder, 'run'))
      } catch {
        return false
      }
    })
    .map(Number)
}

function nothingIsLeft(): void {
  expect(qemuProcesses()).toEqual([])
  expect(namesIn(join(world.folder, 'run', 'm'))).toEqual([])
  expect(namesIn(join(world.folder, 'run', 'ledger'))).toEqual([])
}

function namesIn(path: string): readonly string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}

it('retries once when QEMU is killed in the middle of a test, and blames the platform', async () => {
  const before = runs()
  const child = world.start(['run', 'real.waits', ...corpus])
  const said = collect(child)
  await awaitEvent(before, (event) => event.type === 'phase.started' && event.phase === 'body')
  for (const pid of qemuProcesses()) process.kill(pid, 'SIGKILL')
  const [exitCode] = (await once(child, 'close')) as [number | null]
  expect(said()).toMatch(/real.waits {2}attempt 1 infra .*again: m0 was lost/)
  expect(said()).toContain('1 passed')
  expect(exitCode).toBe(0)
  nothingIsLeft()
})

it('leaves nothing when the harness is killed in the middle of a boot, and the report shows what was', async () => {
  const before = runs()
  const child = world.start(['run', 'real.panics', ...corpus])
  const run = await awaitEvent(before, ({ type }) => type === 'machine.created')
  expect(qemuProcesses()).toHaveLength(1)
  child.kill('SIGKILL')
  await once(child, 'close')
  while (qemuProcesses().length > 0) await sleep(20)
  const shown = await world.signalbox(['report', 'show', join(world.output, run)])
  expect(shown.stdout).toContain('real.panics')
  expect(shown.exitCode).toBe(3)
  const collected = await world.signalbox(['gc'])
  expect(collected.stdout).toMatch(/removed qemu/)
  nothingIsLeft()
  expect((await world.signalbox(['gc'])).stdout).toBe('nothing was left behind\n')
})

it('survives a guest that floods its console for the whole test', async () => {
  const { exitCode, stdout } = await world.signalbox(['run', 'real.floods-the-console', ...corpus])
  expect(stdout).toContain('1 passed')
  expect(exitCode).toBe(0)
  nothingIsLeft()
})

it.each([
  ['denials', 'SELinux denied an access'],
  ['oom', 'the machine ran out of memory'],
  ['disk-fails', 'a block device failed to read or write'],
])('fails a test by its check (%s), unless the test says that it happens', async (group, reason) => {
  const { exitCode, stdout } = await world.signalbox(['run', `${group}.*`, ...corpus])
  expect(stdout).toMatch(new RegExp(`✗ ${group}\\.unexpected .*${reason}`))
  expect(stdout).toContain(`✓ ${group}.expected`)
  expect(exitCode).toBe(1)
})

/** A copy of the reference image's folder in which `image.json` differs. */
function alteredImage(name: string, change: (metadata: Record<string, unknown>) => void): string {
  const folder = join(world.folder, name)
  mkdirSync(folder)
  for (const file of readdirSync(image.folder)) {
    if (file !== 'image.json') symlinkSync(join(image.folder, file), join(folder, file))
  }
  const metadata = JSON.parse(readFileSync(join(image.folder, 'image.json'), 'utf8')) as Record<
    string,
    unknown
  >
  change(metadata)
  writeFileSync(join(folder, 'image.json'), JSON.stringify(metadata))
  return folder
}

it('ends at once when the guest panics at boot, and shows the console', async () => {
  const folder = alteredImage('panics', (metadata) => {
    metadata['arguments'] =
      `rdinit=/nonexistent init=/nonexistent root=/dev/none ${String(metadata['arguments'])}`
  })
  const { exitCode, stdout } = await world.signalbox(['run', 'real.panics', ...corpus, '--image', folder])
  expect(stdout).toMatch(/✗ real.panics .*[Kk]ernel panic/)
  expect(stdout).toMatch(/│.*Kernel panic - not syncing/)
  expect(exitCode).toBe(1)
  nothingIsLeft()
})

it('says that an image is of another architecture', async () => {
  const folder = alteredImage('other', (metadata) => {
    metadata['architecture'] = 'arm64'
  })
  const { exitCode, stderr } = await world.signalbox(['run', 'real.panics', ...corpus, '--image', folder])
  expect(stderr).toMatch(/arm64/)
  expect(exitCode).toBe(2)
})

it('says what is wrong with a truncated image', async () => {
  const path = join(world.folder, 'cut.qcow2')
  await runCommand('qemu-img', ['create', '-q', '-f', 'qcow2', path, '64M'])
  await runCommand('qemu-io', ['-c', 'write -P 7 0 32M', path])
  truncateSync(path, 10_000_000)
  const { exitCode, stderr } = await world.signalbox([
    'run',
    'real.panics',
    ...corpus,
    '--image',
    path,
    '--distro',
    'reference',
    '--firmware',
    'bios',
  ])
  expect(stderr).toMatch(/cut.qcow2/)
  expect(exitCode).toBe(2)
})

it('shows the console of an image that does not boot', async () => {
  const path = join(world.folder, 'empty.raw')
  writeFileSync(path, Buffer.alloc(1024 * 1024))
  const args = ['--image', path, '--distro', 'reference', '--firmware', 'bios', '--boot-timeout', '15']
  const { exitCode, stdout } = await world.signalbox(['run', 'real.panics', ...corpus, ...args])
  expect(stdout).toMatch(/✗ real.panics .*found nothing to boot/)
  expect(exitCode).toBe(1)
  nothingIsLeft()
})

it('calls it infrastructure when no port is free', async () => {
  // A network of its own in which the kernel has two ports to give, both taken.
  const node = process.execPath
  const occupy = `
    const net = require('node:net')
    let left = 2
    for (const port of [40000, 40001]) net.createServer().listen(port, '127.0.0.1', () => {
      if (--left > 0) return
      const { spawn } = require('node:child_process')
      spawn(process.argv[1], process.argv.slice(2), { stdio: 'inherit' }).on('exit', (code) => process.exit(code ?? 99))
    })`
  const prepare =
    'ip link set lo up && echo 40000 40001 > /proc/sys/net/ipv4/ip_local_port_range && exec "$@"'
  const cli = [
    join(import.meta.dirname, 'bin.ts'),
    'run',
    'real.panics',
    ...corpus,
    '-o',
    join(world.folder, 'ports'),
  ]
  const child = spawn(
    'unshare',
    ['--user', '--map-root-user', '--net', 'sh', '-c', prepare, 'sh', node, '-e', occupy, node, ...cli],
    {
      env: { ...process.env, SIGNALBOX_RUNTIME: join(world.folder, 'run'), CI: 'true' },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  const said = collect(child)
  const [exitCode] = (await once(child, 'close')) as [number | null]
  expect(said()).toMatch(/! real.panics .*infra/)
  expect(said()).toMatch(/forward|port/)
  expect(exitCode).toBe(3)
  nothingIsLeft()
})
