// The floor: the same QEMU command as the harness's, started by hand, polled with the ssh program until the first command
// succeeds.

import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildReferenceImage } from '../../qemu/image/index.ts'
import { createOverlay, inspectBase, machineArguments, PRIMARY_DISK_SERIAL } from '../../qemu/index.ts'
import { measureHost } from '../../platforms/qemu/host.ts'
import { toMachineConfig } from '../../platforms/qemu/machine-config.ts'
import { wrapIgnition } from '../ignition/index.ts'
import type { MachineSpec } from '../machine.ts'
import type { Architecture } from '../model.ts'
import { distroProfiles } from '../profiles/index.ts'
import { loadSshKey } from '../ssh/index.ts'
import { untilSshAnswers } from './ssh-program.ts'

const TIMEOUT_MS = 600_000

/** Milliseconds from the start of QEMU to the first successful command. */
export async function bareBootMs(architecture: Architecture = 'x86_64'): Promise<number> {
  const { image } = await buildReferenceImage({ architecture })
  const signal = AbortSignal.timeout(TIMEOUT_MS)
  const folder = await mkdtemp(join(tmpdir(), 'signalbox-bare-'))
  const key = loadSshKey()
  try {
    const disk = join(folder, 'disk.qcow2')
    await createOverlay(disk, { ...image.disk, ...(await inspectBase(image.disk)) })
    const ignitionPath = join(folder, 'config.ign')
    const journalDevice = '/dev/virtio-ports/com.signalbox.journal'
    const options = { profile: distroProfiles.reference, publicKeys: [key.publicKey], journalDevice }
    await writeFile(ignitionPath, wrapIgnition([], options))
    const host = await measureHost(architecture, image.direct?.kernel, signal)
    const port = await freePort()
    const config = {
      ...toMachineConfig(
        { ...plainSpec, architecture },
        image,
        host,
        {
          uuid: crypto.randomUUID(),
          disks: [{ path: disk, format: 'qcow2', serial: PRIMARY_DISK_SERIAL }],
          ignitionPath,
          firmwareFiles: undefined,
        },
        { firstBoot: true, sshPort: port, tpmSocket: undefined },
      ),
      channels: {
        qmp: { kind: 'listen', path: join(folder, 'qmp') },
        console: { kind: 'listen', path: join(folder, 'console') },
        journal: { kind: 'listen', path: join(folder, 'journal') },
        agent: { kind: 'listen', path: join(folder, 'agent') },
        calls: { kind: 'listen', path: join(folder, 'calls') },
      },
    } as const
    const startedAt = performance.now()
    const qemu = spawn(config.binary, [...machineArguments(config)], { stdio: 'ignore' })
    try {
      const ended = new AbortController()
      qemu.once('exit', (code) => ended.abort(new Error(`QEMU ended with ${code}`)))
      const either = AbortSignal.any([signal, ended.signal])
      await untilSshAnswers({ keyPath: key.path ?? '', port, pauseMs: 100, signal: either })
      return performance.now() - startedAt
    } finally {
      qemu.kill('SIGKILL')
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** What a test gets that asks for nothing. */
export const plainSpec: MachineSpec = {
  name: 'bare',
  architecture: 'x86_64',
  memoryMiB: 1024,
  cpus: 2,
  firmware: 'direct',
  tpm: false,
  disks: [],
}

async function freePort(): Promise<number> {
  const server = createServer()
  const { promise, resolve } = Promise.withResolvers<number>()
  server.listen(0, '127.0.0.1', () => {
    const address = server.address()
    resolve(typeof address === 'object' && address !== null ? address.port : 0)
  })
  const port = await promise
  const closed = Promise.withResolvers<void>()
  server.close(() => closed.resolve())
  await closed.promise
  return port
}
