#!/usr/bin/env node
// The executable. It must parse on old Node versions, to tell their users what is needed.

// By name it would not even link where the function is not there.
import * as modules from 'node:module'

const major = Number(process.versions.node.split('.')[0])
if (major < 24) {
  process.stderr.write(`signalbox needs Node 24 or newer; this is ${process.version}\n`)
  process.exit(2)
}
modules.enableCompileCache()
const { main } = await import('./main.ts')
await main(process.argv.slice(2))
// A test body that ran out of time may still be waiting for something; it must not keep the process.
for (const stream of [process.stdout, process.stderr]) {
  await new Promise<void>((resolve) => {
    stream.write('', () => resolve())
  })
}
process.exit()
