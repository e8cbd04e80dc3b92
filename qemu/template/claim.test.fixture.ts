// A process of its own that claims a template, says what it got, and does what it is told: `publish`, `give-up`. Killed, it
// leaves what a killed builder leaves.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { claimTemplate } from './store.ts'

const [folder = '', key = ''] = process.argv.slice(2)
const say = (what: Readonly<Record<string, unknown>>): void => {
  process.stdout.write(`${JSON.stringify(what)}\n`)
}
const claim = await claimTemplate({
  key,
  bytes: 1024 * 1024,
  places: [{ kind: 'disk', folder, limitBytes: 64 * 1024 * 1024 }],
  onWait: () => say({ kind: 'waits' }),
})
switch (claim.kind) {
  case 'draft': {
    const { draft } = claim
    writeFileSync(join(draft.folder, 'memory'), `by ${process.pid}`)
    say({ kind: 'draft', folder: draft.folder })
    for await (const line of createInterface({ input: process.stdin })) {
      if (line === 'publish') await draft.publish({ by: process.pid }, {})
      await draft[Symbol.asyncDispose]()
      say({ kind: 'done' })
    }
    break
  }
  case 'template':
    say({ kind: 'template', facts: claim.template.record.facts })
    break
  case 'none':
    say(claim)
    break
  default:
    claim satisfies never
}
