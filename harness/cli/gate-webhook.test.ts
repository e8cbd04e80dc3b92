// `gate promote --webhook` through the real command line, to a real receiver.

import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { createCliWorld } from './cli.test.fixture.ts'

it(
  'tells a webhook of a signed promotion, once it answers, and never in a dry run',
  { timeout: 240_000 },
  async () => {
    using world = createCliWorld()
    const signalbox = async (args: readonly string[]) => await world.signalbox(args, {}, world.folder)
    const corpus = join(import.meta.dirname, 'corpus', 'gate.test.corpus.ts')
    await signalbox(['run', 'boot.usr', ...world.target, '--tests', corpus, '-o', 'runs'])
    await signalbox(['gate', 'keygen', 'ci'])
    writeFileSync(
      join(world.folder, 'beta.yaml'),
      'version: 1\nchannel: beta\nrules: [{ name: all, require: first-attempt }]\n',
    )
    writeFileSync(join(world.folder, 'secret'), 'a secret of both sides\n')
    const decided = await signalbox(
      'gate decide --channel beta --image 0.0.0 --runs runs --policy beta.yaml --key ci.pem'.split(' '),
    )
    const folder = /^Evidence: (\S+)$/m.exec(decided.stdout)?.[1] ?? ''
    const received: { readonly headers: IncomingHttpHeaders; readonly body: string }[] = []
    const server = createServer((request, response) => {
      let body = ''
      request.on('data', (chunk: Buffer) => (body += chunk.toString()))
      request.on('end', () => {
        received.push({ headers: request.headers, body })
        response.statusCode = received.length === 1 ? 503 : 204
        response.end()
      })
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    try {
      const { port } = server.address() as AddressInfo
      const url = `http://127.0.0.1:${port}/promotions`
      const promote = [
        'gate',
        'promote',
        folder,
        '--key',
        'ci.pub',
        '--webhook',
        url,
        '--secret-file',
        'secret',
      ]
      const dry = await signalbox([...promote, '--dry-run'])
      expect(dry.stdout).toMatch(/would call: POST http[^]*"type":"signalbox\.promotion"/)
      expect(received).toEqual([])
      const { stdout, stderr, exitCode } = await signalbox(promote)
      expect(stderr).toMatch(/it answered 503; called again/)
      expect(stdout).toMatch(/promoted 0\.0\.0 to beta/)
      expect(exitCode).toBe(0)
      expect(received).toHaveLength(2)
      const { headers, body } = received[1] ?? expect.unreachable()
      const signed = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`
      const mac = createHmac('sha256', 'a secret of both sides').update(signed).digest('base64')
      expect(headers['webhook-signature']).toBe(`v1,${mac}`)
      expect(JSON.parse(body)).toMatchObject({
        type: 'signalbox.promotion',
        id: headers['idempotency-key'],
        channel: 'beta',
        vsa: { payloadType: 'application/vnd.in-toto+json' },
      })
      expect(stdout + stderr).not.toContain('a secret')
    } finally {
      server.close()
    }
  },
)
