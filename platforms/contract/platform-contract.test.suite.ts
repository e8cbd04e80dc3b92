// What every platform must do, against the seam only. A platform's own test calls `platformContract` with a way to open
// a session and the facts about its machines; parameters say what an implementation cannot do.

import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { withDeadline } from '../../harness/deadline.ts'
import type {
  Capability,
  MachineSpec,
  Platform,
  PlatformMachine,
  PlatformSession,
} from '../../harness/machine.ts'
import { abortContract, type CreationSteps } from './abort-contract.test.suite.ts'
import { stillRuns, untilLine } from './contract-tools.test.suite.ts'
import { deliveryContract } from './delivery-contract.test.suite.ts'
import { leaseContract } from './lease-contract.test.suite.ts'
import { networkContract } from './network-contract.test.suite.ts'
import { powerContract } from './power-contract.test.suite.ts'
import { savesContract } from './saves-contract.test.suite.ts'
import { troubleContract, type Trouble } from './trouble-contract.test.suite.ts'

export interface ContractSubject {
  readonly platform: Platform
  /** What its sessions here can do. Default: all that the platform could. */
  readonly capabilities?: readonly Capability[]
  /** Opens a session whose machines print `consoleText` and stay up. Called a few times, one after the other. */
  readonly open: () => Promise<PlatformSession>
  /** A spec that it grants, under the given name. */
  readonly spec: (name: string) => MachineSpec
  readonly consoleText: string
  /** A spec that it must refuse, and what its reason must mention. */
  readonly impossible: { readonly spec: MachineSpec; readonly reason: RegExp }
  /** How many machines are created side by side. Default 3. */
  readonly parallel?: number
  /** Whether `create` does real work that an abort can interrupt. Default true. */
  readonly createTakesTime?: boolean
  /** What it has on this host now (processes, folders, ledger entries): must be the same before and after. */
  readonly leftovers?: () => Promise<readonly string[]> | readonly string[]
  /** What reached a machine as its config; where the platform delivers configs. */
  readonly delivered?: (machine: PlatformMachine) => Promise<string>
  /** The console says the same at every boot, so that a second one cannot be seen there. Default false. */
  readonly isConsoleStatic?: boolean
  /** Ways in which a platform refuses for now, provoked. */
  readonly troubles?: readonly Trouble[]
  /** The steps of a creation, to be interrupted at each. */
  readonly steps?: CreationSteps
  /** Creates and destroys a machine first, so that what a session makes once is there before. Default false. */
  readonly warmUp?: boolean
  /** For each wait. Default 60 s. */
  readonly timeoutMs?: number
}

/** Declares the suite. Call it at the top level of a `*.test.ts` or `*.machine.test.ts` file. */
export function platformContract(name: string, subject: ContractSubject): void {
  const {
    platform,
    capabilities = platform.capabilities,
    isConsoleStatic = false,
    troubles = [],
    createTakesTime = true,
    parallel = 3,
    timeoutMs = 60_000,
  } = subject
  const can = (capability: Capability): boolean => capabilities.includes(capability)
  const leftovers = async (): Promise<readonly string[]> =>
    [...((await subject.leftovers?.()) ?? [])].toSorted()
  const never = new AbortController().signal
  const within = async <T>(phase: string, promise: Promise<T>): Promise<T> =>
    await withDeadline({ phase, timeoutMs }, async () => await promise)

  describe(`platform contract: ${name}`, () => {
    let session: PlatformSession
    let folder = ''
    let before: readonly string[] = []

    beforeAll(async () => {
      session = await subject.open()
      if (subject.warmUp !== true) return
      const warm = mkdtempSync(join(tmpdir(), 'contract-'))
      await using machine = await session.create(subject.spec('m0'), { folder: warm, signal: never })
      void machine
    }, timeoutMs)
    afterAll(async () => {
      await session[Symbol.asyncDispose]()
    }, timeoutMs)
    beforeEach(async () => {
      folder = mkdtempSync(join(tmpdir(), 'contract-'))
      before = await leftovers()
    })
    afterEach(async () => {
      expect(await leftovers()).toEqual(before)
      rmSync(folder, { recursive: true })
    })

    const create = async (
      machineName: string,
      from = session,
      signal: AbortSignal = never,
    ): Promise<PlatformMachine> =>
      await within(
        'create',
        from.create(subject.spec(machineName), { folder: folderFor(folder, machineName), signal }),
      )

    const booted = async (machine: PlatformMachine): Promise<void> => {
      if (can('console')) await within('the console text', untilLine(machine.console, subject.consoleText))
      else await within('the address', machine.ssh(never))
    }
    test('a session knows its budget, its slowness and its facts', () => {
      expect(session.budget.memoryMiB).toBeGreaterThan(0)
      expect(session.budget.cpus).toBeGreaterThan(0)
      expect(session.slowness).toBeGreaterThanOrEqual(1)
      expect(JSON.parse(JSON.stringify(session.facts))).toEqual(session.facts)
    })

    test('hardware that nobody has is refused by its name', () => {
      const spec = subject.spec('m0')
      const reasons = session.refuses({ ...spec, bootOrder: ['primary-disk', 'nowhere'], numaNodes: 9 })
      expect(reasons).toContainEqual(expect.stringMatching(/^needs the boot order primary-disk, nowhere; /))
      expect(reasons).toContainEqual(expect.stringMatching(/^needs 9 NUMA nodes/))
      const disk = session.refuses({ ...spec, primaryDisk: { bus: 'nvme', paths: 5 } })
      expect(disk).toEqual([expect.stringMatching(/^needs .*5 paths/)])
    })

    test('a session can do what is declared, and has what that takes', () => {
      expect([...session.capabilities].toSorted()).toEqual([...capabilities].toSorted())
      expect(platform.capabilities).toEqual(expect.arrayContaining([...capabilities]))
      expect({
        fork: session.forks !== undefined,
        save: session.saves !== undefined,
        'private-network': session.privateNetworks !== undefined,
        lease: session.adopt !== undefined && platform.leases !== undefined,
      }).toEqual({
        fork: can('fork'),
        save: can('save'),
        'private-network': can('private-network'),
        lease: can('lease'),
      })
    })

    test(
      'an address: a host and a port, the same while it runs; asking can be aborted',
      async () => {
        await using machine = await create('m0')
        const first = await within('the address', machine.ssh(never))
        expect(first.host).toMatch(/^[\w.:-]+$/)
        expect(first.port).toBeLessThan(65_536)
        expect(await machine.ssh(never)).toEqual(first)
        const reason = new Error('enough')
        await expect(machine.ssh(AbortSignal.abort(reason))).rejects.toBe(reason)
      },
      timeoutMs,
    )

    test(
      `${parallel} machines side by side: own ids, own SSH endpoints, own consoles`,
      async () => {
        const names = Array.from({ length: parallel }, (_, index) => `m${index}`)
        await using all = new AsyncDisposableStack()
        const machines = await Promise.all(names.map(async (each) => all.use(await create(each))))
        expect(machines.map((machine) => machine.name)).toEqual(names)
        expect(new Set(machines.map(({ id }) => id)).size).toBe(parallel)
        const endpoints = await Promise.all(machines.map(async (machine) => await machine.ssh(never)))
        expect(new Set(endpoints.map(({ host, port }) => `${host}:${port}`)).size).toBe(parallel)
        for (const { port } of endpoints) expect(port).toBeGreaterThan(0)
        await Promise.all(machines.map(async (machine) => await booted(machine)))
      },
      timeoutMs,
    )

    test.runIf(can('console'))(
      'the console: live, for those who come late, as a tail, and in console.txt',
      async () => {
        {
          await using machine = await create('m0')
          await within('the console text', untilLine(machine.console, subject.consoleText))
          const late: string[] = []
          machine.console.subscribe((line) => late.push(line))()
          expect(late.join('\n')).toContain(subject.consoleText)
          expect(machine.console.tail(100).join('\n')).toContain(subject.consoleText)
          expect(machine.console.tail(1).length).toBe(1)
          expect(machine.console.bytes).toBeGreaterThanOrEqual(subject.consoleText.length)
        }
        expect(readFileSync(join(folder, 'm0', 'console.txt'), 'utf8')).toContain(subject.consoleText)
      },
      timeoutMs,
    )

    test(
      'destroying twice, and at the same time, is one end',
      async () => {
        const machine = await create('m0')
        await Promise.all([machine[Symbol.asyncDispose](), machine[Symbol.asyncDispose]()])
        await machine[Symbol.asyncDispose]()
        expect(await within('the exit', machine.exited)).toMatchObject({ expected: true })
      },
      timeoutMs,
    )

    test(
      'destroying a machine that is still booting',
      async () => {
        const machine = await create('m0')
        await within('the end', dispose(machine))
        expect((await within('the exit', machine.exited)).expected).toBe(true)
        expect(await leftovers()).toEqual(before)
      },
      timeoutMs,
    )

    test(
      'an abort before create is its reason, and leaves nothing',
      async () => {
        const reason = new Error('enough')
        await expect(create('m0', session, AbortSignal.abort(reason))).rejects.toBe(reason)
        expect(await leftovers()).toEqual(before)
      },
      timeoutMs,
    )

    // A create that is over at once cannot be interrupted.
    test.each(createTakesTime ? [0, 5, 20, 50, 100, 200] : [])(
      'an abort %i ms into create is its reason, and leaves nothing',
      async (delayMs) => {
        const controller = new AbortController()
        const reason = new Error('enough')
        const creating = create('m0', session, controller.signal)
        const timer = setTimeout(() => controller.abort(reason), delayMs)
        const result = await creating.catch((error: unknown) => error)
        clearTimeout(timer)
        // A fast platform may have won.
        if (isMachine(result)) await result[Symbol.asyncDispose]()
        else expect(result).toBe(reason)
        expect(await leftovers()).toEqual(before)
      },
      timeoutMs,
    )

    test(
      'an impossible machine is refused with its reason, by refuses and by create',
      async () => {
        const { spec, reason } = subject.impossible
        expect(session.refuses(subject.spec('m0'))).toEqual([])
        expect(session.refuses(spec)).toEqual([expect.stringMatching(reason)])
        const creating = session.create(spec, { folder: folderFor(folder, spec.name), signal: never })
        await expect(creating).rejects.toThrow(reason)
      },
      timeoutMs,
    )

    test(
      'closing a session destroys its machines, and it creates none afterwards',
      async () => {
        const own = await within('open', subject.open())
        const machine = await create('m0', own)
        await within('the close', dispose(own))
        expect((await within('the exit', machine.exited)).expected).toBe(true)
        expect(await leftovers()).toEqual(before)
        await expect(create('m1', own)).rejects.toThrow()
        await own[Symbol.asyncDispose]()
      },
      timeoutMs,
    )

    test.runIf(can('hot-plug'))(
      'disks and cards are plugged in until the ports are used up; what is not there is named',
      async () => {
        await using machine = await create('m0')
        await booted(machine)
        const hardware = machine.hardware ?? expect.unreachable('it has no hardware')
        await within('a disk', hardware.addDisk({ serial: 'one', sizeMiB: 8 }, never))
        await within('a card', hardware.addNic('two', never))
        for (const add of [
          async () => await hardware.addDisk({ serial: 'one', sizeMiB: 8 }, never),
          async () => await hardware.addNic('two', never),
          async () => await hardware.addNic('primary', never),
        ])
          await expect(add()).rejects.toMatchObject({ name: 'UsageError' })
        await expect(hardware.pullDisk('none', never)).rejects.toThrow(/no disk "none" was plugged into m0/)
        await expect(hardware.pullNic('one', never)).rejects.toThrow(/no card "one" was plugged into m0/)
        await expect(hardware.setLink('none', 'down', never)).rejects.toMatchObject({ name: 'UsageError' })
        await expect(hardware.setDiskFaults('none', 'all', never)).rejects.toThrow(
          /no disk "none" was plugged into m0/,
        )
        for (const faults of ['reads', 'writes', 'all', 'none', 'all'] as const)
          await within('faults', hardware.setDiskFaults('one', faults, never))
        for (const serial of ['one', 'none'])
          await expect(hardware.setDiskPath(serial, 0, 'down', never)).rejects.toThrow(
            `no disk "${serial}" of m0 has a path 0`,
          )
        for (const nic of ['primary', 'two']) {
          await within('the link', hardware.setLink(nic, 'down', never))
          await within('the link', hardware.setLink(nic, 'up', never))
        }
        await within('a disk', hardware.addDisk({ serial: 'three', sizeMiB: 8 }, never))
        await within('a disk', hardware.addDisk({ serial: 'four', sizeMiB: 8 }, never))
        await expect(hardware.addDisk({ serial: 'five', sizeMiB: 8 }, never)).rejects.toThrow('no free port')
        // All of it is there after a power cut.
        await within('the cut', machine.power('cut', never))
        await within('power on', machine.power('on', never))
        await expect(hardware.addDisk({ serial: 'three', sizeMiB: 8 }, never)).rejects.toThrow(
          'has a disk "three" already',
        )
        expect(await stillRuns(machine)).toBe(true)
      },
      timeoutMs,
    )

    const tools = {
      session: () => session,
      open: async () => await within('open', subject.open()),
      spec: subject.spec,
      create,
      folderFor: (machineName: string) => folderFor(folder, machineName),
      leftovers,
      timeoutMs,
    }
    powerContract(tools, { can, booted, isConsoleStatic })
    if (can('user-data') && subject.delivered !== undefined) deliveryContract(tools, subject.delivered)
    if (can('lease')) leaseContract(tools, platform)
    if (troubles.length > 0) troubleContract(tools, troubles)
    if (subject.steps !== undefined) abortContract(tools, subject.steps)

    if (can('save')) {
      savesContract({
        session: () => session,
        open: async () => await within('open', subject.open()),
        create,
        folderFor: (machineName) => folderFor(folder, machineName),
        untilRunning: async (machine) =>
          await within('the console text', untilLine(machine.console, subject.consoleText)),
        timeoutMs,
      })
    }

    if (can('private-network')) {
      networkContract({
        session: () => session,
        spec: subject.spec,
        folderFor: (machineName) => folderFor(folder, machineName),
        create: async (machineName, { network, privateIndex }) =>
          await within(
            'create',
            session.create(
              { ...subject.spec(machineName), privateIndex },
              { folder: folderFor(folder, machineName), signal: never, network },
            ),
          ),
        timeoutMs,
      })
    }
  })
}

function folderFor(folder: string, name: string): string {
  const path = join(folder, name)
  if (!existsSync(path)) mkdirSync(path)
  return path
}

function isMachine(value: unknown): value is PlatformMachine {
  return typeof value === 'object' && value !== null && Symbol.asyncDispose in value
}

async function dispose(thing: AsyncDisposable): Promise<void> {
  await thing[Symbol.asyncDispose]()
}
