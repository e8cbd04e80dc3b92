// Creates one machine of the QEMU platform: booted from the image, booted to become a template, or forked from one.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { CreateOptions, MachineSpec, OpenOptions } from '../../harness/machine.ts'
import type { DiskImage, Image, MachineOrigin } from '../../harness/model.ts'
import {
  inspectBase,
  cpuModelFor,
  createMachineFolders,
  LineBuffer,
  openConsoleFeed,
  type BaseDiskFacts,
  type ConsoleFeed,
  type MemoryFile,
} from '../../qemu/index.ts'
import { plugIntoSwitch } from '../switched-network.ts'
import { openAgentLine } from './agent-line.ts'
import type { Host } from './host.ts'
import { startLife, type SavedState } from './life.ts'
import { hasFirstBootArguments, toMachineConfig } from './machine-config.ts'
import { QemuMachine, type Beginning } from './machine.ts'
import { firmwareOf, requireDisk } from './refuse.ts'
import { prepareStorage, type StorageSource } from './storage.ts'

/** What all machines of a session have in common. */
export interface MachineContext {
  readonly image: DiskImage
  readonly base: BaseDiskFacts
  readonly host: Host
  readonly slowness: number
  readonly emit: OpenOptions['emit']
}

/**
 * How a machine comes to be. `folder` is the template's, or the one of the template it will become; `prefix` tells the
 * files of one machine there from those of another.
 */
export type MachineSource =
  | { readonly kind: 'boot' }
  | {
      readonly kind: 'draft'
      readonly folder: string
      readonly prefix: string
      /** It is to be saved in its initrd. */
      readonly stopsInInitrd?: boolean
    }
  /** A machine that was saved in the initrd of its first boot. */
  | { readonly kind: 'initrd'; readonly folder: string; readonly prefix: string; readonly id: string }
  /** `plugsCard`: the template is on no private network, and the machine is to be on one. */
  | {
      readonly kind: 'template'
      readonly folder: string
      readonly prefix: string
      readonly id: string
      readonly plugsCard: boolean
    }
  /** From files that stay as they are; `firstBoot`: it was in its image's first boot; `pluggedCard`: as above. */
  | {
      readonly kind: 'saved'
      readonly folder: string
      readonly firstBoot: boolean
      readonly pluggedCard: boolean
    }

/** The file of a saved machine's memory and devices. */
export const SAVED_STATE = 'state'

/** Names of a template's files besides its disks. */
export const TEMPLATE_FILES = {
  memory: 'ram',
  state: 'state',
  console: 'console.txt',
  journal: 'journal.jsonl',
} as const

/** The path of one of a machine's files in its template. */
export function templateFile(
  { folder, prefix }: { readonly folder: string; readonly prefix: string },
  name: keyof typeof TEMPLATE_FILES,
): string {
  return join(folder, `${prefix}${TEMPLATE_FILES[name]}`)
}

/** Creates and starts a machine. What fails or is aborted leaves nothing behind. */
export async function createMachine(
  session: MachineContext,
  spec: MachineSpec,
  wish: CreateOptions,
  source: MachineSource,
): Promise<QemuMachine> {
  const context = spec.image === undefined ? session : await withImage(session, spec.image, wish.signal)
  const { image, host, slowness, emit } = context
  const { signal, detach = false, keepable = false, network, paused = false } = wish
  const consolePath = join(wish.folder, 'console.txt')
  const detachedConsole = detach ? consolePath : undefined
  await using undo = new AsyncDisposableStack()
  const folders = undo.use(await createMachineFolders())
  const prepared = await prepareStorage(spec, image, storageSource(context, source), folders, signal)
  const console = undo.use(await openConsoleFeed(detach ? undefined : { path: consolePath }))
  const journal = new LineBuffer()
  if (source.kind === 'template' || source.kind === 'initrd') await readHistory(source, console, journal)
  const [agent, calls] = [openAgentLine(), openAgentLine()]
  const firmware = firmwareOf(spec, image)
  const isPlugged =
    (source.kind === 'template' && source.plugsCard) || (source.kind === 'saved' && source.pluggedCard)
  const belongings = undo.move()
  belongings.defer(() => noticeConsole(console, spec.name, emit))
  return await QemuMachine.start(
    {
      id: `qemu-${folders.uuid}`,
      name: spec.name,
      spec,
      origin: originOf(source),
      firstBoot: source.kind !== 'saved' || source.firstBoot,
      facts: {
        memoryMiB: spec.memoryMiB,
        cpus: spec.cpus,
        accelerator: host.accelerator.accelerator,
        cpuModel: cpuModelFor(spec.architecture, host.accelerator.accelerator),
        firmware,
        qemu: host.emulator.version,
        ...(source.kind === 'template' || source.kind === 'initrd' ? { template: source.id } : {}),
      },
      console,
      journal,
      agent,
      calls,
      releaseMs: 15_000 * Math.min(slowness, 4),
      attached: prepared.disks,
      hasPluggedCard: isPlugged,
      links: network === undefined ? ['primary'] : ['primary', 'private'],
      shutdownMs: 30_000 * Math.min(slowness, 4),
      firstBootIsSpecial: hasFirstBootArguments(firmware, image, {
        firstBoot: true,
        sshPort: 0,
        tpmSocket: undefined,
        detachedConsole,
      }),
      consolePath,
      keepable,
      storage: source.kind === 'draft' ? undefined : folders.storage,
      disks: prepared.disks.map(({ path }) => path),
      firmwareVariables: prepared.firmwareFiles?.variablesPath,
      belongings,
      startLife: async ({ firstBoot, begin, sshPort, signal: lifeSignal }) => {
        const from = beginning(begin, source)
        return await startLife({
          folders,
          console,
          journal,
          agent,
          calls,
          tpm: spec.tpm,
          outlives: detach ? 'always' : keepable ? 'when-kept' : 'never',
          onPanic: spec.onPanic ?? 'stop',
          sshPort,
          signal: lifeSignal,
          state:
            from.state === undefined
              ? undefined
              : { ...from.state, paused: paused && begin.kind === 'first' },
          connect: network && ((stream) => plugIntoSwitch(network, stream, spec.privateIndex ?? 0)),
          config: (tpmSocket, port) =>
            toMachineConfig(spec, image, host, prepared, {
              firstBoot,
              sshPort: port,
              tpmSocket,
              detachedConsole,
              fromState: from.state !== undefined,
              stopsInInitrd:
                begin.kind === 'first' && source.kind === 'draft' && source.stopsInInitrd === true,
              memory: from.memory,
              privateCard: isPlugged ? pluggedCard(begin, source) : 'slot',
            }),
        })
      },
    },
    signal,
  )
}

function originOf({ kind }: MachineSource): MachineOrigin {
  switch (kind) {
    case 'boot':
    case 'draft':
      return 'cold'
    case 'initrd':
      return 'initrd'
    case 'template':
    case 'saved':
      return 'fork'
    default:
      return kind satisfies never
  }
}

async function withImage(
  context: MachineContext,
  image: Image,
  signal: AbortSignal,
): Promise<MachineContext> {
  const own = requireDisk(image)
  return { ...context, image: own, base: await inspectBase(own.disk, signal) }
}

// Only the template's own state is without it.
function pluggedCard(begin: Beginning, source: MachineSource): 'port' | 'unplugged' {
  return begin.kind === 'first' && source.kind === 'template' ? 'unplugged' : 'port'
}

function storageSource({ base }: MachineContext, source: MachineSource): StorageSource {
  switch (source.kind) {
    case 'boot':
      return { kind: 'image', base }
    case 'draft':
      return { kind: 'draft', base, folder: source.folder, prefix: source.prefix }
    case 'initrd':
    case 'template':
      return { kind: source.kind, folder: source.folder, prefix: source.prefix }
    case 'saved':
      return { kind: 'saved', folder: source.folder }
    default:
      return source satisfies never
  }
}

interface LifeSource {
  readonly memory?: MemoryFile
  readonly state?: SavedState
}

function beginning(begin: Beginning, source: MachineSource): LifeSource {
  switch (begin.kind) {
    case 'boot':
      return {}
    case 'state':
      return { state: begin.state }
    case 'first':
      return firstLife(source)
    default:
      return begin satisfies never
  }
}

function firstLife(source: MachineSource): LifeSource {
  switch (source.kind) {
    case 'boot':
      return {}
    case 'draft':
      return { memory: { path: templateFile(source, 'memory'), mapping: 'write' } }
    case 'initrd':
    case 'template':
      return {
        memory: { path: templateFile(source, 'memory'), mapping: 'copy' },
        state: { path: templateFile(source, 'state'), memory: 'memory-file' },
      }
    case 'saved':
      return { state: { path: join(source.folder, SAVED_STATE), memory: 'state-file' } }
    default:
      return source satisfies never
  }
}

// A clone's console and journal begin with what its template said, since the clone has lived through it.
async function readHistory(
  source: Extract<MachineSource, { kind: 'template' | 'initrd' }>,
  console: ConsoleFeed,
  journal: LineBuffer,
): Promise<void> {
  const [consoleText, journalText] = await Promise.all(
    (['console', 'journal'] as const).map(async (name) => await readFile(templateFile(source, name), 'utf8')),
  )
  console.prepend(consoleText ?? '')
  const how = source.kind === 'template' ? 'forked' : 'began'
  console.note(`[signalbox: ${how} here from template ${source.id}]`)
  journal.push(Buffer.from(journalText ?? ''))
}

function noticeConsole(feed: ConsoleFeed, name: string, emit: OpenOptions['emit']): void {
  if (feed.fileFailure === undefined) return
  const message = `the console of ${name} could not be written whole: ${feed.fileFailure.message}`
  emit({ type: 'run.notice', level: 'warning', code: 'console-incomplete', message })
}
