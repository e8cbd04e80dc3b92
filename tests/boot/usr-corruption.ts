// A machine whose /usr was tampered with must stop at the first bad block, not run on. It is destroyed here for real.

import { describe, expect, test } from '../../harness/index.ts'

describe('boot', { firstBoot: true }, () => {
  test(
    'usr-corruption',
    {
      description: 'Overwriting the running /usr makes the kernel panic on the next read.',
      aliases: ['cl.verity'],
      distros: ['reference'],
      machines: 0,
      expectedMessages: ['kernel-panic', 'verity-corruption', 'block-io-error'],
      timeoutMs: 180_000,
    },
    async ({ cluster }) => {
      // Not waited for by the harness: a machine that is waited for may not go away.
      const machine = await cluster.boot({ waitFor: 'nothing' })
      await expect(machine).toHaveActiveUnit('multi-user.target', { timeoutMs: 60_000 })
      const status = await machine.run(['/usr/sbin/veritysetup', 'status', 'usr'], { sudo: true })
      const device = /^\s*data device:\s*(\/dev\/\S+)$/m.exec(status)?.[1]
      if (device === undefined) throw new Error(`no data device in: ${status}`)
      const script = [
        'set -e',
        `dd if=/dev/zero of=${device} bs=1M count=100 conv=notrunc oflag=direct`,
        'echo 3 >/proc/sys/vm/drop_caches',
        // Built-ins only: no program can be relied on from here.
        'for file in /usr/bin/*; do read -r line <"$file"; done',
      ]
      // Its answer may or may not get out before the panic.
      machine.exec(['sh', '-c', script.join('\n')], { sudo: true }).catch(() => undefined)
      await machine.console.waitFor(/device-mapper: verity: .*block \d+ is corrupted/)
      await machine.console.waitFor(/Kernel panic - not syncing: dm-verity device corrupted/)
    },
  )
})
