import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import ssh2 from 'ssh2'
import { expect, test } from 'vitest'
import { connectSsh } from './connection.ts'
import { exec } from './exec.ts'
import { generateKeyText } from './openssh-key.ts'

// The test's sshd runs as its user, and as root sshd delivers no signals; so the peer here is one that only listens.
test(
  'a command that runs and is given up gets the signal, though its input has ended',
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
        session.on('exec', (acceptExec) => acceptExec().write('it runs\n'))
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
      const over = new AbortController()
      const given = exec(connection, 'sleep 300', {
        signal: over.signal,
        onStdout: () => over.abort(new Error('given up')),
      })
      await expect(given).rejects.toThrow('given up')
      await expect.poll(() => signals, { timeout: 10_000 }).toEqual(['KILL'])
    }
    server.close()
  },
)
