// One QEMU process, from launch to every kind of end.

import { connect, createServer, type AddressInfo } from 'node:net'
import { once } from 'node:events'
import { describe, expect, test } from 'vitest'
import { identifyProcess, isAlive } from '../harness/process.ts'
import { launchMachine } from './launch.ts'
import type { QmpEvent } from './qmp-commands.ts'
import { stopOrderly } from './stop.ts'
import { launchTest, lineWith, testConfig, testFolder, TEXT } from './test-machine.test.fixture.ts'

describe('a running machine', () => {
  test('answers QMP, prints on its console, and forwards one port of the loopback', async () => {
    await using vm = await launchTest('halt')
    expect(vm.machine.version).toMatch(/^\d+\.\d+\.\d+$/)
    expect(await vm.machine.qmp.execute('query-status', {})).toMatchObject({ status: 'running' })
    expect(await lineWith(vm.console.lines, TEXT)).toContain(TEXT)
    const socket = connect(vm.machine.sshPort ?? 0, '127.0.0.1')
    await once(socket, 'connect')
    socket.destroy()
  })

  test('pauses, resumes and resets', async () => {
    const events: QmpEvent[] = []
    await using vm = await launchTest(
      'halt',
      { onReboot: 'restart' },
      { onEvent: (event) => events.push(event) },
    )
    await lineWith(vm.console.lines, TEXT)
    await vm.machine.qmp.execute('stop', {})
    expect(await vm.machine.qmp.execute('query-status', {})).toMatchObject({ running: false })
    await vm.machine.qmp.execute('cont', {})
    const bytes = vm.console.lines.bytes
    const feed = vm.machine.qmp.events()[Symbol.asyncIterator]()
    const next = feed.next()
    await vm.machine.qmp.execute('system_reset', {})
    expect(await next).toMatchObject({ done: false, value: { event: 'RESET' } })
    expect(events.map(({ event }) => event)).toEqual(expect.arrayContaining(['STOP', 'RESUME', 'RESET']))
    const grown = Promise.withResolvers<void>()
    vm.console.lines.subscribe(() => vm.console.lines.bytes > bytes && grown.resolve())
    await grown.promise
  })
})

describe('how it ends', () => {
  test('the guest powers off, reboots, panics; somebody kills it; we kill it', async () => {
    await using off = await launchTest('poweroff')
    expect(await off.machine.ended).toEqual({ kind: 'guest-poweroff' })
    await using reboot = await launchTest('reboot')
    expect(await reboot.machine.ended).toEqual({ kind: 'guest-reboot' })
    const panicked = Promise.withResolvers<QmpEvent>()
    const onEvent = (event: QmpEvent): void => {
      if (event.event === 'GUEST_PANICKED') panicked.resolve(event)
    }
    await using panic = await launchTest('panic', {}, { onEvent })
    expect(await panicked.promise).toMatchObject({ data: { action: 'run' } })
    panic.machine.kill()
    expect(await panic.machine.ended).toEqual({ kind: 'requested' })
    await using killed = await launchTest('halt')
    process.kill(killed.machine.pid, 'SIGKILL')
    expect(await killed.machine.ended).toEqual({ kind: 'killed', signal: 'SIGKILL' })
    await using terminated = await launchTest('halt')
    process.kill(terminated.machine.pid, 'SIGTERM')
    expect(await terminated.machine.ended).toEqual({ kind: 'killed', signal: 'signal 15' })
    await expect(terminated.machine.qmp.execute('stop', {})).rejects.toMatchObject({ code: 'qmp-lost' })
  })

  test('orderly: a guest that listens powers off, a deaf one is quit', async () => {
    await using polite = await launchTest('button')
    await lineWith(polite.console.lines, TEXT)
    // The sector arms the button after its text: pressed too early, it would not be heard.
    const heard = async (): Promise<string> =>
      await stopOrderly(polite.machine, { powerdownMs: 1000, quitMs: 5000 })
    expect(['powered-off', 'quit']).toContain(await heard())
    await using deaf = await launchTest('halt')
    expect(await stopOrderly(deaf.machine, { powerdownMs: 100, quitMs: 5000 })).toBe('quit')
    expect(await deaf.machine.ended).toEqual({ kind: 'requested' })
  })

  test('disposing leaves no process', async () => {
    const { machine, [Symbol.asyncDispose]: dispose } = await launchTest('halt')
    const identity = identifyProcess(machine.pid)
    if (identity === undefined) throw new Error('it does not run')
    expect(isAlive(identity)).toBe(true)
    await dispose()
    expect(isAlive(identity)).toBe(false)
  })
})

describe('a launch that fails', () => {
  test('says what QEMU said, and what to do', async () => {
    await expect(launchTest('halt', { binary: 'qemu-system-nothing' })).rejects.toMatchObject({
      code: 'program-missing',
      hint: expect.stringContaining('apt-get install'),
    })
    const disks = [{ path: '/nowhere/disk.raw', format: 'raw', serial: 'd' }] as const
    await expect(launchTest('halt', { disks })).rejects.toThrow(
      /ended with exit status 1.*No such file or directory/s,
    )
    await expect(launchTest('halt', { cpuModel: 'no-such-cpu' })).rejects.toThrow('no-such-cpu')
  })

  test('a taken port is an error with its own code', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const network = { sshPort: (taken.address() as AddressInfo).port, ipv6: false }
    await expect(launchTest('halt', { network })).rejects.toMatchObject({ code: 'no-port' })
    taken.close()
  })

  test.each([0, 10, 50, 100])('aborted after %i ms: its reason, and no process', async (delayMs) => {
    await using folder = await testFolder('halt')
    const config = testConfig(folder.disk)
    const controller = new AbortController()
    const reason = new Error('enough')
    setTimeout(() => controller.abort(reason), delayMs)
    const result = await launchMachine(config, { signal: controller.signal, attach: ignore }).catch(
      (error: unknown) => error,
    )
    if (result !== reason && typeof result === 'object' && result !== null && Symbol.asyncDispose in result) {
      await (result as AsyncDisposable)[Symbol.asyncDispose]()
    } else expect(result).toBe(reason)
    expect(await processesWith(config.uuid)).toEqual([])
  })
})

async function processesWith(uuid: string): Promise<readonly string[]> {
  const { readdir, readFile } = await import('node:fs/promises')
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const lines = await Promise.all(
    pids.map(async (pid) => await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
  )
  return lines.filter((line) => line.includes(uuid))
}

const ignore = (): void => undefined
