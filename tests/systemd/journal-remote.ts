// The journal of one machine, read by another over HTTP and kept there.

import { describe, expect, test } from '../../harness/index.ts'

const sudo = { sudo: true } as const

describe(
  'systemd',
  { features: ['journal-remote'], machines: 2, privateNetwork: true, tags: ['system'] },
  () => {
    test(
      'journal-remote',
      {
        description:
          'What one machine logs, systemd-journal-remote of the other pulls and keeps under its name.',
        aliases: ['systemd.journal.remote'],
        // journald writes the machine id that it began with: in a fork that is the template's.
        firstBoot: true,
      },
      async ({ cluster }) => {
        const [source, sink] = cluster.machines
        if (source === undefined || sink === undefined) throw new Error('two machines were asked for')
        await source.run(['systemctl', 'start', 'systemd-journal-gatewayd.socket'], sudo)
        await expect(source).toListenOn(19_531)
        const at = source.privateAddress?.ipv4 ?? ''
        const id = (await source.readFile('/etc/machine-id')).trim()
        const kept = '/var/log/journal/remote'
        await sink.run(['mkdir', '-p', kept], sudo)
        const pull = [`--url=http://${at}:19531`, `--output=${kept}/`, '--split-mode=host']
        await sink.run(
          ['systemd-run', '--unit=sbx-pull', '/usr/lib/systemd/systemd-journal-remote', ...pull],
          sudo,
        )
        await source.run(['logger', '--tag', 'sbx-said', 'over the network'])
        const read = ['journalctl', `--directory=${kept}`, '--quiet', '--identifier=sbx-said']
        await expect(sink).toRun([...read, '--output=cat'], {
          ...sudo,
          stdout: 'over the network',
          timeoutMs: 20_000,
        })
        const entry = JSON.parse(await sink.run([...read, '--output=json', '--lines=1'], sudo)) as Readonly<
          Record<string, unknown>
        >
        expect(entry['_MACHINE_ID']).toBe(id)
        expect(await sink.run(['ls', kept], sudo)).toMatch(/^remote-\S+\.journal$/m)
      },
    )
  },
)
