// A process of its own that outlives a killed harness and ends what it left: groups are told to it as `+<id>` and taken
// back as `-<id>`, a line each; the end of its input, which the kernel sees to, ends all that are left.

import { createInterface } from 'node:readline'
import { endGroup } from './group.ts'

const groups = new Set<number>()
// A terminal's Ctrl-C and a polite end are the harness's business.
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => undefined)
for await (const line of createInterface({ input: process.stdin })) {
  const group = Number(line.slice(1))
  // Never 1 or 0: they would mean everybody.
  if (!Number.isInteger(group) || group < 2) continue
  if (line.startsWith('+')) groups.add(group)
  else groups.delete(group)
}
await Promise.all([...groups].map(async (group) => await endGroup(group)))
