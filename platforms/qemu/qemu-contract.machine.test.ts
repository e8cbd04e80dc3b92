// The platform contract over real QEMU machines that boot a sector instead of an operating system.

import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { cacheFolder, runtimeFolder } from '../../harness/folders.ts'
import { bootDisk } from '../../qemu/index.ts'
import { platformContract } from '../contract/platform-contract.test.suite.ts'
import { bootDiskImage, testSpec } from './boot-disk-image.test.fixture.ts'
import { qemuPlatform } from './index.ts'

const folder = await mkdtemp(join(tmpdir(), 'qemu-contract-'))
// Its own runtime and cache: what others run on this host must not look like our left-overs.
process.env['SIGNALBOX_RUNTIME'] = join(folder, 'run')
process.env['SIGNALBOX_CACHE'] = join(folder, 'cache')
process.env['SIGNALBOX_TEMPLATES'] = join(folder, 'templates')
const disk = join(folder, 'disk.raw')
await writeFile(disk, bootDisk('hello from a boot sector\r\n', 'halt'))
afterAll(async () => {
  await rm(folder, { recursive: true })
})

platformContract('qemu', {
  platform: qemuPlatform,
  open: async () =>
    await qemuPlatform.open({
      image: bootDiskImage(disk),
      emit: () => undefined,
      signal: new AbortController().signal,
    }),
  spec: testSpec,
  consoleText: 'hello from a boot sector',
  // What QEMU hands to its guest through fw_cfg is this file; a boot sector cannot say it.
  delivered: async () =>
    await Promise.resolve(
      namesIn(join(runtimeFolder(), 'm'))
        .map((name) => readFileSync(join(runtimeFolder(), 'm', name, 'config.ign'), 'utf8'))
        .join(''),
    ),
  impossible: { spec: { ...testSpec('m0'), memoryMiB: 64_000_000 }, reason: /62500 GiB of memory/ },
  leftovers: () => [...children(), ...namesIn(join(runtimeFolder(), 'm')), ...ledgerOfOurs(), ...storage()],
})

/** Our own machines' processes: children of this process. */
function children(): readonly string[] {
  return readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid))
    .filter((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
        const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
        return parent === String(process.pid) && state !== 'Z' && stat.includes('qemu')
      } catch {
        return false
      }
    })
}

function ledgerOfOurs(): readonly string[] {
  return namesIn(join(runtimeFolder(), 'ledger'))
}

function storage(): readonly string[] {
  return namesIn(join(cacheFolder(), 'machines'))
}

function namesIn(path: string): readonly string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}
