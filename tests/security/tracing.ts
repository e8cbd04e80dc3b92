// Programs that look into the kernel: Inspektor Gadget over eBPF, and falco with a module of its own.

import { describe, expect, test, type Machine } from '../../harness/index.ts'

const sudo = { sudo: true } as const
const GADGET = 'v0.50.0'

/** The events that the gadget lets through its filter, on the host, while the commands run one after the other. */
async function trace(
  machine: Machine,
  name: string,
  filter: string,
  commands: readonly string[],
): Promise<readonly unknown[]> {
  const gadget = `${name}:${GADGET}`
  // This fetches it, too.
  await machine.run(['ig', 'run', gadget, '--help'], { ...sudo, timeoutMs: 300_000 * machine.slowness })
  const unit = `sbx-${name.replace('_', '-')}`
  const [output, errors] = [`/var/tmp/${unit}.json`, `/var/tmp/${unit}.log`]
  const properties = [
    `--unit=${unit}`,
    // Told to end, it may end with a failure.
    '--collect',
    '--setenv=HOME=/root',
    `--property=StandardOutput=file:${output}`,
    `--property=StandardError=file:${errors}`,
  ]
  const options = ['--host', '--filter', filter, '--output=json', '--verbose']
  const start = ['systemd-run', ...properties, 'ig', 'run', gadget, ...options]
  await machine.run(start, sudo)
  await expect(machine).toHaveFile(errors, { containing: 'running...', timeoutMs: 60_000 })
  for (const command of commands) await machine.run(command, { timeoutMs: 30_000 * machine.slowness })
  await machine.run(['systemctl', 'stop', unit], sudo)
  const text = await machine.readFile(output)
  return text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line): unknown => JSON.parse(line))
}

describe(
  'security.tracing',
  { distros: ['flatcar'], surroundings: ['internet'], tags: ['internet'], timeoutMs: 900_000 },
  () => {
    test(
      'gadgets',
      {
        description:
          'Inspektor Gadget sees on the host the program that starts and the name that is looked up; what its filter leaves out it does not.',
        aliases: ['bpf.ig'],
        versions: '>=4081.0.0',
        architectures: ['x86_64', 'arm64'],
      },
      async ({ machine }) => {
        const architecture = (await machine.run(['uname', '-m'])) === 'x86_64' ? 'x86-64' : 'arm64'
        const image = `https://extensions.flatcar.org/extensions/ig-${GADGET}-${architecture}.raw`
        const fetch = ['curl', '--silent', '--show-error', '--fail', '--location', '--create-dirs']
        await machine.run([...fetch, '--output', '/etc/extensions/ig.raw', image], {
          ...sudo,
          timeoutMs: 300_000,
        })
        await machine.run(['systemctl', 'restart', 'systemd-sysext.service'], sudo)
        const seen = await trace(machine, 'trace_exec', 'proc.comm=docker,args~ps', [
          'docker info',
          'docker ps',
          'docker images',
        ])
        // Arguments are set apart by a space that does not break.
        const started = (what: string): unknown =>
          expect.objectContaining({ args: `/usr/bin/docker\u00A0${what}` })
        expect(seen).toContainEqual(started('ps'))
        for (const other of ['info', 'images']) expect(seen).not.toContainEqual(started(other))
        const others = ['kinvolk.io', 'stable.release.flatcar-linux.net']
        const asked = await trace(machine, 'trace_dns', 'name=flatcar.org.', [
          'dig flatcar.org',
          ...others.map((name) => `dig ${name}`),
        ])
        const question = (name: string): unknown => expect.objectContaining({ name: `${name}.` })
        expect(asked).toContainEqual(question('flatcar.org'))
        for (const other of others) expect(asked).not.toContainEqual(question(other))
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
        await expect(machine).toRun(['lsmod'], { stdout: /^falco /m })
        await expect(machine).toRun(['dmesg'], { ...sudo, stdout: /\bfalco\b/ })
      },
    )
  },
)
