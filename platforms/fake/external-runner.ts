// The runner of external tests on a fake machine: it takes the same bundle and speaks the same stream as the real one (bash
// scripts, see harness/external/guest-scripts.ts). A test is run as commands of the fake shell, one a line.

import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { extract } from 'tar-stream'
import type { FakeGuest, ShellIo } from './fake-shell.ts'

const PROGRAM_FOLDER = '/usr/local/bin'

/** Whether the script is the one that sets the runner up, or that follows it. */
export function runnerScript(script: string): 'set-up' | 'follow' | undefined {
  if (script.includes('--unit=kola-runext.service')) return 'set-up'
  return script.includes('exec cat /run/signalbox-external/s') ? 'follow' : undefined
}

/** Keeps the programs of a bundle. */
export async function setUpRunner({ files }: FakeGuest, io: ShellIo): Promise<number> {
  const bundle = extract()
  Readable.from([Buffer.from(await io.stdin())]).pipe(bundle)
  for await (const entry of bundle) {
    const content = await text(entry)
    files.set(entry.header.name.replace(/^signalbox-programs/, PROGRAM_FOLDER), content)
  }
  io.out(`${PROGRAM_FOLDER}\n`)
  return 0
}

/** Serves requests until the connection ends. */
export async function followRunner(
  guest: FakeGuest,
  io: ShellIo,
  run: (line: string) => Promise<number>,
): Promise<number> {
  let rest = ''
  let running = Promise.resolve()
  const serve = async (request: string): Promise<void> => {
    const [, nonce = '', program = ''] = /^run (\S+) \$'([^']*)'/.exec(request) ?? []
    // Cut off and never rounded up, as /proc/uptime is: what a test logs at once comes after its beginning.
    const uptime = (): string => (Math.floor(guest.clockUs() / 1e4) / 100).toFixed(2)
    const say = (words: string): void => io.out(`\n${nonce} ${words} ${uptime()}\n`)
    say('begins')
    const status = await runProgram(guest.files.get(program) ?? 'exit 127', run)
    say(`ended ${status}`)
  }
  io.onInput((chunk) => {
    const lines = (rest + chunk.toString('utf8')).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) running = running.then(async () => await serve(line))
  })
  await io.closed
  return 0
}

async function runProgram(program: string, run: (line: string) => Promise<number>): Promise<number> {
  for (const line of program.split('\n')) {
    const [, status] = /^exit (\d+)$/.exec(line) ?? []
    if (status !== undefined) return Number(status)
    if (line !== '' && !line.startsWith('#')) await run(line)
  }
  return 0
}
