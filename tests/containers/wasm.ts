// A container of WebAssembly: the same podman, but what crun runs in it is a module, and no program of Linux.

import { expect, test, type CommandOutcome, type Machine } from '../../harness/index.ts'
import { helloModule } from './wasm-module.ts'

const sudo = { sudo: true } as const

/** Runs a module that prints, in a container; without the handler the kernel is asked to run it. */
async function runModule(
  machine: Machine,
  name: string,
  ending: number | 'trap',
): Promise<Record<'handled' | 'plain', CommandOutcome>> {
  await machine.run(['mkdir', `/srv/${name}`], sudo)
  await machine.writeFile(`/srv/${name}/${name}.wasm`, helloModule(`${name} from WebAssembly\n`, ending), {
    mode: 0o755,
  })
  await machine.run(
    `tar -C /srv/${name} -c ${name}.wasm | podman import --quiet --change 'ENTRYPOINT ["/${name}.wasm"]' - localhost/${name}`,
    sudo,
  )
  const run = async (...options: readonly string[]): Promise<CommandOutcome> =>
    await machine.exec(['podman', 'run', '--rm', '--network=none', ...options, `localhost/${name}`], sudo)
  return { handled: await run('--annotation=run.oci.handler=wasm'), plain: await run() }
}

test(
  'podman.wasm',
  {
    description:
      'crun runs a WebAssembly module with WasmEdge: it prints, and a module that traps is a container that failed.',
    distros: ['reference'],
    features: ['podman', 'wasm'],
    tags: ['containers'],
  },
  async ({ machine }) => {
    expect(await machine.run(['podman', 'info', '--format={{.Host.OCIRuntime.Version}}'], sudo)).toContain(
      '+WASM:wasmedge',
    )
    const hello = await runModule(machine, 'hello', 0)
    expect(hello.handled).toMatchObject({ stdout: 'hello from WebAssembly', exitCode: 0 })
    // Without the handler the kernel is asked to run it, which it cannot.
    expect(hello.plain).toMatchObject({ stdout: '', exitCode: 1 })
    expect(hello.plain.stderr).toMatch(/exec format error/i)
    const traps = await runModule(machine, 'traps', 'trap')
    // WasmEdge logs to the standard output.
    expect(traps.handled.exitCode).toBe(1)
    expect(traps.handled.stdout).toMatch(/^traps from WebAssembly\n.* execution failed: unreachable/)
  },
)

// The handler of crun 1.21 with WasmEdge, Debian’s and upstream’s alike, ends with 0 whenever the module ends by
// itself: it never asks for the status (WasmEdge_ModuleInstanceWASIGetExitCode).
test(
  'podman.wasm.exit-status',
  {
    description:
      'The exit status of a WebAssembly module is its container’s (crun’s handler for WasmEdge gives 0).',
    distros: ['reference'],
    features: ['podman', 'wasm', 'wasm-exit-status'],
    tags: ['containers'],
  },
  async ({ machine }) => {
    const { handled } = await runModule(machine, 'fails', 7)
    expect(handled).toMatchObject({ stdout: 'fails from WebAssembly', exitCode: 7 })
  },
)
