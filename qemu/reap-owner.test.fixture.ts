// The process that gets killed in reap.machine.test.ts: owns one machine, says so, and waits. `untied` starts QEMU
// without the tie that lets it die with its owner, as if the kernel had not been there to do it; `detached` hands the
// machine over, as `spawn --detach` does.

import { spawn } from 'node:child_process'
import { machineArguments } from './arguments.ts'
import { createMachineFolders } from './machine-folders.ts'
import { startSoftwareTpm } from './swtpm.ts'
import { launchTest, testConfig } from './test-machine.test.fixture.ts'

const folders = await createMachineFolders()
const { runtime, storage, uuid } = folders
if (process.argv[2] === 'tied') {
  const tpm = await startSoftwareTpm(folders)
  const { machine } = await launchTest('halt', { uuid, tpmSocket: tpm.socket })
  process.stdout.write(`${JSON.stringify({ pid: machine.pid, runtime, storage })}\n`)
} else if (process.argv[2] === 'detached') {
  const tpm = await startSoftwareTpm(folders, { outlives: true })
  const { machine } = await launchTest('halt', { uuid, tpmSocket: tpm.socket }, { detach: true })
  folders.handOver(machine.pid)
  tpm.handOver()
  process.stdout.write(`${JSON.stringify({ pid: machine.pid, runtime, storage })}\n`)
} else {
  const qmp = { kind: 'listen', path: `${runtime}/q` } as const
  const channels = {
    qmp,
    console: { kind: 'listen', path: `${runtime}/c` },
    journal: { kind: 'listen', path: `${runtime}/j` },
    agent: { kind: 'listen', path: `${runtime}/a` },
    calls: { kind: 'listen', path: `${runtime}/s` },
  } as const
  const config = { ...testConfig(''), uuid, disks: [], channels }
  const child = spawn(config.binary, machineArguments(config), { detached: true, stdio: 'ignore' })
  process.stdout.write(`${JSON.stringify({ pid: child.pid, runtime, storage })}\n`)
}
setInterval(() => undefined, 1000)
