import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import ssh2 from 'ssh2'
import { expect, test } from 'vitest'
import { connectSsh } from './connection.ts'
import { exec } from './exec.ts'
import { generateKeyText } from './openssh-key.ts'

// The test's sshd runs as its user, and as root sshd delivers no signals; so the peer here is one that only listens.
test(
  'a command that ran out of time gets the signal, though its input has ended',
  { timeout: 30_000 },
  async () => {
    const signals: string[] = []
    // Its API hides signals once a command runs; what it logs of the wire does not.
    const debug = (line: string): void => {
      const name = /Inbound: CHANNEL_REQUEST .*signal: (\w+)/.exec(line)?.[1]
      if (name !== undefined) signals.push(name)
    }
    const server = new ssh2.Server({ hostKeys: [generateKeyText('host').privateKey], debug }, (client) => {
      client.on('error', () => undefined)
      client.on('authentication', (context) => context.accept())
      client.on('session', (acceptSession) => {
        const session = acceptSession()
        session.on('exec', (acceptExec) => acceptExec())
      })
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    {
      await using connection = await connectSsh({
        endpoint: { host: '127.0.0.1', port },
        user: 'core',
        privateKey: generateKeyText('x').privateKey,
        signal: AbortSignal.timeout(20_000),
      })
      await expect(exec(connection, 'sleep 300', { timeoutMs: 200 })).rejects.toThrow('waited 0.2 s')
      await expect.poll(() => signals, { timeout: 10_000 }).toEqual(['KILL'])
    }
    server.close()
  },
)
