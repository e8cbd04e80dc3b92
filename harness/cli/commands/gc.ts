// `signalbox gc`: removes what killed runs left behind.

import { reapDeadMachines, reapDetachedMachines } from '../../../qemu/index.ts'

/** The action of `gc`. */
export async function gc(flags: Readonly<Record<string, unknown>>): Promise<number> {
  const removed = [
    ...(await reapDeadMachines()),
    ...(flags['all'] === true ? await reapDetachedMachines() : []),
  ]
  if (flags['json'] === true) {
    process.stdout.write(`${JSON.stringify(removed, undefined, 2)}\n`)
    return 0
  }
  if (removed.length === 0) process.stdout.write('nothing was left behind\n')
  for (const { kind, id, killed, folders } of removed) {
    const processes = killed.length === 0 ? '' : `, ended process ${killed.join(', ')}`
    process.stdout.write(`removed ${kind} ${id}${processes}${folders.map((path) => `, ${path}`).join('')}\n`)
  }
  return 0
}
