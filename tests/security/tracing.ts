// Programs that look into the kernel: Inspektor Gadget over eBPF, and falco with a module of its own.

import { describe, expect, test } from '../../harness/index.ts'

const sudo = { sudo: true } as const

describe(
  'security.tracing',
  { distros: ['flatcar'], surroundings: ['internet'], tags: ['security', 'internet'], timeoutMs: 900_000 },
  () => {
    test(
      'gadgets',
      {
        description: 'Inspektor Gadget sees the programs of one container start, and the names they look up.',
        aliases: ['bpf.ig'],
        versions: '>=4081.0.0',
        firstBoot: true,
        architectures: ['x86_64'],
        ignition: {
          ignition: { version: '3.3.0' },
          storage: {
            files: [
              {
                path: '/etc/extensions/inspektor_gadget.raw',
                contents: {
                  source: 'https://extensions.flatcar.org/extensions/inspektor_gadget-v0.50.0-x86-64.raw',
                },
              },
            ],
          },
        },
      },
      async ({ machine }) => {
        const container = ['docker', 'run', '--rm', '--name', 'sbx', 'ghcr.io/flatcar/busybox']
        await machine.run(['docker', 'pull', 'ghcr.io/flatcar/busybox'], { ...sudo, timeoutMs: 300_000 })
        for (const [gadget, command, seen] of [
          ['trace_exec', ['sh', '-c', 'while :; do date; sleep 1; done'], 'date'],
          ['trace_dns', ['sh', '-c', 'while :; do nslookup flatcar.org; sleep 1; done'], 'flatcar.org'],
        ] as const) {
          await machine.run(
            ['systemd-run', `--unit=sbx-${gadget}`.replace('_', '-'), ...container, ...command],
            sudo,
          )
          const trace = [
            'ig',
            'run',
            `${gadget}:v0.50.0`,
            '--containername=sbx',
            '--output=json',
            '--timeout=20',
          ]
          const text = await machine.run(trace, { ...sudo, timeoutMs: 300_000 })
          const events = text.split('\n').filter((line) => line.startsWith('{'))
          expect(events.some((line) => line.includes(seen))).toBe(true)
          await machine.run(['docker', 'kill', 'sbx'], sudo)
        }
      },
    )

    test(
      'falco',
      {
        description: "Falco's module is built for the running kernel, and loaded.",
        aliases: ['cl.misc.falco'],
        architectures: ['x86_64'],
        firmwares: ['direct', 'bios', 'uefi'],
        versions: '<4330.0.0',
      },
      async ({ machine }) => {
        const mounts = ['/dev:/host/dev', '/proc:/host/proc:ro', '/boot:/host/boot:ro', '/etc:/host/etc:ro']
        const run = ['docker', 'run', '--rm', '--privileged', '--volume=/root/.falco:/root/.falco']
        const volumes = [...mounts, '/lib/modules:/host/lib/modules:ro', '/usr:/host/usr:ro']
        const loader = [
          ...volumes.map((each) => `--volume=${each}`),
          'falcosecurity/falco-driver-loader:0.38.2',
        ]
        await machine.run([...run, ...loader, 'kmod'], { ...sudo, timeoutMs: 800_000 })
        await expect(machine).toRun('lsmod | grep -c ^falco', { stdout: /^1$/ })
      },
    )
  },
)
