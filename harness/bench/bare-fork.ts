// The floor of a fork: the same QEMU command and the same template, by hand: the state is loaded, the machine goes on, and
// the ssh program asks until a command succeeds. Nothing is renewed, checked or recorded.

import { copyFile, chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildReferenceImage } from '../../qemu/image/index.ts'
import { launchMachine, loadState, PRIMARY_DISK_SERIAL } from '../../qemu/index.ts'
import { measureHost } from '../../platforms/qemu/host.ts'
import { toMachineConfig } from '../../platforms/qemu/machine-config.ts'
import { loadSshKey } from '../ssh/index.ts'
import { plainSpec } from './bare-boot.ts'
import { untilSshAnswers } from './ssh-program.ts'

const TIMEOUT_MS = 120_000

/** Milliseconds from before the overlay is copied to the first successful command. */
export async function bareForkMs(template: string): Promise<number> {
  const signal = AbortSignal.timeout(TIMEOUT_MS)
  const { image } = await buildReferenceImage()
  const host = await measureHost('x86_64', image.direct?.kernel, signal)
  const keyPath = loadSshKey().path ?? ''
  const folder = await mkdtemp(join(tmpdir(), 'signalbox-bare-'))
  try {
    const ignitionPath = join(folder, 'config.ign')
    await writeFile(ignitionPath, '{}')
    const startedAt = performance.now()
    const disk = join(folder, 'disk.qcow2')
    await copyFile(join(template, 'm0.primary.qcow2.overlay'), disk)
    await chmod(disk, 0o600)
    const prepared = {
      uuid: crypto.randomUUID(),
      disks: [{ path: disk, format: 'qcow2', serial: PRIMARY_DISK_SERIAL }],
      ignitionPath,
      firmwareFiles: undefined,
    } as const
    const config = toMachineConfig(plainSpec, image, host, prepared, {
      firstBoot: true,
      fromState: true,
      memory: { path: join(template, 'm0.ram'), mapping: 'copy' },
      sshPort: 0,
      tpmSocket: undefined,
    })
    await using machine = await launchMachine(config, {
      signal,
      attach: (streams) => {
        for (const stream of [streams.console, streams.journal, streams.agent, streams.calls]) stream.resume()
      },
    })
    await loadState(machine.qmp, join(template, 'm0.state'), { memory: 'memory-file', signal })
    await machine.qmp.execute('cont', {}, { signal })
    await untilSshAnswers({ keyPath, port: machine.sshPort ?? 0, pauseMs: 10, signal })
    return performance.now() - startedAt
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
