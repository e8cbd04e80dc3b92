// A container of WebAssembly: the same podman, but what crun runs in it is a module, and no program of Linux.

import { expect, test } from '../../harness/index.ts'
import { helloModule } from './wasm-module.ts'

const sudo = { sudo: true } as const

test(
  'podman.wasm',
  {
    description:
      'crun runs a WebAssembly module with WasmEdge: it prints, and its exit status is the container’s.',
    distros: ['reference'],
    features: ['podman', 'wasm'],
    tags: ['containers'],
  },
  async ({ machine }) => {
    const podman = async (...args: readonly string[]): Promise<string> =>
      await machine.run(['podman', ...args], sudo)
    expect(await podman('info', '--format={{.Host.OCIRuntime.Version}}')).toContain('+WASM:wasmedge')
    for (const [name, exitCode] of [
      ['hello', 0],
      ['fails', 7],
    ] as const) {
      await machine.run(['mkdir', `/srv/${name}`], sudo)
      await machine.writeFile(
        `/srv/${name}/${name}.wasm`,
        helloModule(`${name} from WebAssembly\n`, exitCode),
        { mode: 0o755 },
      )
      await machine.run(
        `tar -C /srv/${name} -c ${name}.wasm | podman import --quiet --change 'ENTRYPOINT ["/${name}.wasm"]' - localhost/${name}`,
        sudo,
      )
      const run = [
        'podman',
        'run',
        '--rm',
        '--network=none',
        '--annotation=run.oci.handler=wasm',
        `localhost/${name}`,
      ]
      const { stdout, exitCode: seen } = await machine.exec(run, sudo)
      expect({ stdout, exitCode: seen }).toEqual({ stdout: `${name} from WebAssembly`, exitCode })
      // Without the handler the kernel is asked to run it, which it cannot.
      const plain = await machine.exec(
        run.filter((word) => !word.startsWith('--annotation')),
        sudo,
      )
      expect(`${plain.exitCode} ${plain.stdout}${plain.stderr}`).toMatch(/^1 .*exec format error/i)
    }
  },
)
