// Clients that download a file again and again and throw it away: `downloads.ts URL COUNT`. Prints a line when all of them get
// bytes, and MiB a second over all when its standard input ends.

import { once } from 'node:events'
import { connect } from 'node:net'

const [url = '', count = '1'] = process.argv.slice(2)
const { hostname, port, pathname } = new URL(url)
const request = `GET ${pathname} HTTP/1.1\r\nHost: ${hostname}\r\nConnection: close\r\n\r\n`
let bytes = 0
let startedAt = 0
let waiting = Number(count)

async function download(onFirst: () => void): Promise<void> {
  const socket = connect(Number(port), hostname)
  socket.once('data', onFirst)
  socket.on('data', (chunk: Buffer) => (bytes += chunk.length))
  socket.write(request)
  await once(socket, 'close')
}

async function client(): Promise<never> {
  let isFirst = true
  const onFirst = (): void => {
    if (!isFirst) return
    isFirst = false
    waiting -= 1
    if (waiting > 0) return
    startedAt = performance.now()
    bytes = 0
    process.stdout.write('downloading\n')
  }
  for (;;) await download(onFirst)
}

process.stdin.once('end', () => {
  const perSecond = bytes / 1024 / 1024 / ((performance.now() - startedAt) / 1000)
  process.stdout.write(`${perSecond}\n`, () => process.exit(0))
})
process.stdin.resume()
await Promise.all(Array.from({ length: waiting }, async () => await client()))
