// The contract of user data: configs of any size up to the limit reach the machine as they are; a bigger one is refused before
// anything is made.

import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import type { PlatformMachine } from '../../harness/machine.ts'
import { never, type ContractTools } from './contract-tools.test.suite.ts'

/** Below, at and above what EC2 takes itself (16 KiB), and bigger than a pipe's buffer. */
const SIZES = [200, 16 * 1024, 16 * 1024 + 1, 70_000]

export function deliveryContract(
  { session, spec, folderFor, timeoutMs }: ContractTools,
  delivered: (machine: PlatformMachine) => Promise<string>,
): void {
  test.each(SIZES)(
    'a config of %i bytes reaches the machine whole',
    async (bytes) => {
      const ignition = configOf(bytes)
      const wanted = { ...spec('m0'), ignition, hasOwnConfig: true }
      expect(session().refuses(wanted)).toEqual([])
      await using machine = await session().create(wanted, { folder: folderFor('m0'), signal: never })
      expect(await delivered(machine)).toBe(ignition)
    },
    timeoutMs,
  )

  test(
    'a config over the limit is refused, by refuses and by create',
    async () => {
      const { userDataLimit } = session()
      if (userDataLimit === undefined) return
      expect(session().refuses({ ...spec('m0'), ignition: configOf(userDataLimit) })).toEqual([])
      const tooBig = { ...spec('m0'), ignition: configOf(userDataLimit + 1) }
      const reason = new RegExp(`${userDataLimit + 1} bytes.*${userDataLimit}`)
      expect(session().refuses(tooBig)).toEqual([expect.stringMatching(reason)])
      await expect(session().create(tooBig, { folder: folderFor('m0'), signal: never })).rejects.toThrow(
        reason,
      )
    },
    timeoutMs,
  )
}

/** A config of exactly so many bytes, with quotes, newlines and what a shell would read. */
function configOf(bytes: number): string {
  const empty = JSON.stringify({
    ignition: { version: '3.3.0' },
    storage: { files: [{ path: '/etc/contract', contents: { source: `data:,${randomUUID()}$(id)%0A'x'` } }] },
  })
  return empty + ' '.repeat(Math.max(0, bytes - Buffer.byteLength(empty)))
}
