// The update server as a run has it, in a process of its own: `server.ts PAYLOAD FOLDER`. Prints where it is, and ends when it
// is told to.

import { requestEvent } from '../../attempt/update-events.ts'
import { openEventLog } from '../../event-log.ts'
import { startUpdateServer } from '../../update-server/update-server.ts'

const [payload = '', folder = ''] = process.argv.slice(2)
const complain = (message: string): void => {
  process.stderr.write(`${message}\n`)
  process.exitCode = 1
}
const { emit } = openEventLog({
  run: 'bench',
  folder,
  readers: [],
  onWriteError: complain,
  onReaderError: complain,
})
const attempt = { test: 'bench', n: 1 }
const server = await startUpdateServer({
  hostAddress: '127.0.0.1',
  onRequest: (request) => emit(requestEvent(attempt, request)),
})
await server.offerRelease({ version: '9999.0.0', packages: [{ name: 'payload.gz', content: payload }] })
const where = { omaha: server.urls.omaha, download: `${server.urls.base}packages/1/payload.gz` }
process.stdout.write(`${JSON.stringify(where)}\n`)
