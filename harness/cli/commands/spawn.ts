// `signalbox spawn`: machines for a person. A shell in the first one, or detached with the line that reaches each.

import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { acquireMachine } from '../../attempt/acquire.ts'
import type { RunEnvironment } from '../../attempt/environment.ts'
import type { IgnitionConfig } from '../../ignition/index.ts'
import { UsageError } from '../../errors.ts'
import type { SshEndpoint } from '../../machine.ts'
import type { LiveMachine } from '../../machines/live-machine.ts'
import { onOurTerminal } from '../../debugging/enter.ts'
import { sshLine } from '../../ssh/command-line.ts'
import { loadSshKey, type SshKey } from '../../ssh/index.ts'
import type { Settings } from '../config/settings.ts'
import { listenForInterrupts } from '../interrupt.ts'
import { chooseTarget, machineEnvironment, printNotices } from '../machine-environment.ts'
import { readConfigFile } from '../read-config-file.ts'
import type { TargetFlags } from '../option-table.ts'
import { settingsOf } from '../platform-settings.ts'
import { showProgress } from '../progress.ts'

interface SpawnFlags extends TargetFlags {
  readonly count: number
  readonly ignition?: string
  readonly detach: boolean
  readonly memory: number
  readonly cpus: number
  readonly json: boolean
}

interface Spawned {
  readonly name: string
  readonly id: string
  readonly ssh: readonly string[]
}

/** The action of `spawn`. */
export async function spawn(
  _flags: Readonly<Record<string, unknown>>,
  _positional: readonly unknown[],
  settings: Settings,
): Promise<number> {
  const flags = settings.targets()[0].flags as unknown as SpawnFlags
  using interrupts = listenForInterrupts()
  const { signal } = interrupts
  const chosen = await chooseTarget(flags, signal)
  const { platform, image, profile } = chosen
  const configs =
    flags.ignition === undefined ? [] : [await readConfigFile(flags.ignition, { profile, image })]
  const folder = await mkdtemp(join(tmpdir(), 'signalbox-spawn-'))
  await using stack = new AsyncDisposableStack()
  stack.defer(async () => {
    if (!flags.detach) await rm(folder, { recursive: true, force: true })
  })
  const key = await keyOnDisk(loadSshKey(), folder)
  const session = stack.use(
    await platform.open({
      image,
      emit: printNotices,
      signal,
      settings: settingsOf(flags),
      run: basename(folder),
      login: { user: profile.defaultUser, key },
    }),
  )
  if (flags.detach && platform.capabilities.includes('lease')) {
    throw new UsageError(`the platform ${platform.name} ends its machines with the command that made them`, {
      code: 'no-keep',
      hint: 'leave --detach out, and the shell open',
    })
  }
  const env = machineEnvironment(chosen, session, {
    sshKey: key,
    emit: printNotices,
    runFolder: folder,
    signal,
  })
  const machines = await bootAll(env, flags, configs, stack)
  const spawned = machines.map(({ live, endpoint }): Spawned => ({
    name: live.machine.name,
    id: live.machine.id,
    ssh: sshLine(live.shellTarget.sshKey.path ?? key.path, live.shellTarget.user, endpoint),
  }))
  if (flags.json) process.stdout.write(`${JSON.stringify(spawned, undefined, 2)}\n`)
  else for (const { name, ssh } of spawned) process.stdout.write(`${name}: ${ssh.join(' ')}\n`)
  if (flags.detach) {
    process.stderr.write(`logs: ${folder}\nend them with: signalbox gc --all\n`)
    stack.move()
    // Connections to machines that stay would keep this process alive.
    process.exit(0)
  }
  const [first] = spawned
  if (first === undefined || flags.json) return 0
  // The ssh program knows terminals better than we do; the shell's exit status is ours.
  return await onOurTerminal(first.ssh, signal)
}

async function bootAll(
  env: RunEnvironment,
  flags: SpawnFlags,
  configs: readonly IgnitionConfig[],
  stack: AsyncDisposableStack,
): Promise<readonly { readonly live: LiveMachine; readonly endpoint: SshEndpoint }[]> {
  using progress = showProgress('spawn')
  progress.update(`booting ${flags.count === 1 ? 'a machine' : `${flags.count} machines`}`)
  return await Promise.all(
    Array.from({ length: flags.count }, async (_, index) => {
      const live = await acquireMachine(
        env,
        {
          name: `m${index}`,
          needs: { memoryMiB: flags.memory, cpus: flags.cpus },
          configs,
          attempts: [],
          folder: env.runFolder,
          detach: flags.detach,
        },
        env.signal,
      )
      stack.use(live)
      await live.becomeReady(env.signal)
      return { live, endpoint: await live.endpoint(env.signal) }
    }),
  )
}

async function keyOnDisk(key: SshKey, folder: string): Promise<SshKey & { readonly path: string }> {
  if (key.path !== undefined) return { ...key, path: key.path }
  await mkdir(folder, { recursive: true })
  const path = join(folder, 'id_ed25519')
  await writeFile(path, key.privateKey, { mode: 0o600 })
  return { ...key, path }
}
