import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { execCommand } from '../process.ts'
import { connectSsh, type SshConnection } from './connection.ts'
import { exec, run } from './exec.ts'
import { startTestSshd, type TestSshd } from './sshd.test.fixture.ts'

// Hosts that run emulated guests beside the tests are slow.
vi.setConfig({ testTimeout: 60_000 })

let sshd: TestSshd
let connection: SshConnection
beforeAll(async () => {
  sshd = await startTestSshd()
  connection = await connectSsh({
    endpoint: sshd.endpoint,
    user: sshd.user,
    privateKey: sshd.key.privateKey,
    signal: AbortSignal.timeout(20_000),
  })
})
afterAll(async () => {
  await connection[Symbol.asyncDispose]()
  await sshd[Symbol.asyncDispose]()
})

test('exec returns exit status and both streams; one final newline is left out', async () => {
  const outcome = await exec(connection, 'echo one; echo two; echo bad >&2; exit 3')
  expect(outcome).toMatchObject({
    command: 'echo one; echo two; echo bad >&2; exit 3',
    exitCode: 3,
    stdout: 'one\ntwo',
    stderr: 'bad',
    stdoutBytes: 8,
    stderrBytes: 4,
    truncated: false,
  })
  expect(outcome.durationMs).toBeGreaterThan(0)
})

test('run throws with command, exit status and the end of stderr', async () => {
  await expect(run(connection, 'echo no such thing >&2; exit 4')).rejects.toMatchObject({
    name: 'CommandError',
    code: 'command-failed',
    message: expect.stringMatching(
      /^exit status 4 from "echo no such thing >&2; exit 4" after .* s\n {2}no such thing$/,
    ),
    outcome: { exitCode: 4, stderr: 'no such thing' },
  })
})

test('a command that a signal ends says which', async () => {
  expect(await exec(connection, 'kill -TERM $$')).toMatchObject({ exitCode: null, signal: 'TERM' })
})

// A fast command's exit status may come in the same packet as the answer that it was started.
test('the exit status of fast commands is never missed', async () => {
  for (let n = 0; n < 60; n++) expect((await exec(connection, 'exit 7')).exitCode).toBe(7)
})

test('an argument array reaches the program as it is', async () => {
  const words = ['', ' ', "it's", '"$HOME"', '`id`', 'a\nb', '*', '\\', 'ü€😀', '-n', ';rm']
  const outcome = await run(connection, ['printf', '<%s>', ...words])
  expect(outcome.stdout).toBe(words.map((word) => `<${word}>`).join(''))
})

test('env and sudo, as string and as array', async () => {
  const env = { A: "x 'y' $Z", EMPTY: '' }
  const show = 'printf "%s|%s|%s" "$A" "${EMPTY-unset}" "${SIGNALBOX_SUDO-no}"'
  expect((await run(connection, show, { env })).stdout).toBe("x 'y' $Z||no")
  expect((await run(connection, show, { env, sudo: true })).stdout).toBe("x 'y' $Z||1")
  expect((await run(connection, ['sh', '-c', show], { env })).stdout).toBe("x 'y' $Z||no")
  expect((await run(connection, ['sh', '-c', show], { env, sudo: true })).stdout).toBe("x 'y' $Z||1")
})

test('stdin is sent and ended; without it the command reads end of file', async () => {
  const big = Buffer.alloc(5_000_000, 'abcdefghi\n')
  const counted = await run(connection, ['cksum'], { stdin: big })
  expect(counted.stdout).toBe((await execCommand('cksum', [], { input: big })).stdout)
  expect((await run(connection, ['cat'], { stdin: 'grüße' })).stdout).toBe('grüße')
  expect((await run(connection, ['cat'])).stdout).toBe('')
})

test('a flood of 200 MB costs no memory and keeps the end', { timeout: 60_000 }, async () => {
  let peak = 0
  const before = process.memoryUsage().rss
  const outcome = await run(connection, 'yes 0123456789abcde | head -c 200000000; echo; echo the end', {
    maxOutputBytes: 64 * 1024,
    onStdout: () => {
      peak = Math.max(peak, process.memoryUsage.rss())
    },
  })
  expect(outcome.stdoutBytes).toBe(200_000_009)
  expect(outcome.truncated).toBe(true)
  expect(outcome.stdout.length).toBe(64 * 1024 - 1)
  expect(outcome.stdout.endsWith('\nthe end')).toBe(true)
  expect((peak - before) / 1024 / 1024).toBeLessThan(80)
})

// ssh2 grants window for channels that it has closed; sshd counted it for the next command, whose end was then lost.
test('a command after one that was cut off in a flood gets all its output', async () => {
  for (let n = 0; n < 6; n++) {
    let seen = 0
    const flood = exec(connection, 'yes', {
      onStdout: (chunk) => {
        seen += chunk.length
        if (seen > 300_000 * (n + 1)) throw new Error('enough')
      },
    })
    await expect(flood).rejects.toThrow('enough')
    const next = await exec(connection, 'head -c 5000000 /dev/zero', {
      maxOutputBytes: 10,
      onStdout: async () => new Promise((resolve) => setTimeout(resolve, 1)),
    })
    expect(next.stdoutBytes).toBe(5_000_000)
  }
})

test('output streams as it comes, and a slow reader holds the guest back', async () => {
  const seen: string[] = []
  let busy = 0
  await run(connection, 'for i in 1 2 3; do echo $i; sleep 0.05; done', {
    onStdout: async (chunk) => {
      expect(++busy).toBe(1)
      await new Promise((resolve) => setImmediate(resolve))
      seen.push(chunk.toString())
      busy--
    },
  })
  expect(seen.join('')).toBe('1\n2\n3\n')
  expect(seen.length).toBeGreaterThan(1)
})

test('an exception of a reader ends the command with it', async () => {
  const failing = exec(connection, 'echo x; sleep 60', {
    onStdout: () => {
      throw new Error('reader broke')
    },
  })
  await expect(failing).rejects.toThrow('reader broke')
})

test('more commands at once than sshd has sessions wait for their turn', async () => {
  const outcomes = await Promise.all(Array.from({ length: 25 }, async (_, n) => run(connection, `echo ${n}`)))
  expect(outcomes.map((outcome) => outcome.stdout)).toEqual(Array.from({ length: 25 }, (_, n) => String(n)))
})

const command = (file: string): string =>
  `echo $$ > ${file}; echo first; echo "last words"; (sleep 300; true)`

describe('a command that does not end', () => {
  test('ends at its deadline with an error that names it and its last line', async () => {
    await expect(exec(connection, command('/dev/null'), { timeoutMs: 700 })).rejects.toThrow(
      /^waited 0\.7 s for the command "echo \$\$ .*"; last seen: last words$/,
    )
    expect((await run(connection, 'echo still fine')).stdout).toBe('still fine')
  })

  // Without sudo the kill is sshd's own work, which it does for every user but root; this test may run as root.
  test('under sudo is found and killed at its deadline', { timeout: 20_000 }, async () => {
    const file = join(sshd.folder, 'pid')
    await expect(exec(connection, command(file), { sudo: true, timeoutMs: 1500 })).rejects.toThrow(
      'waited 1.5 s',
    )
    const pid = readFileSync(file, 'utf8').trim()
    expect(pid).toMatch(/^\d+$/)
    await expect.poll(() => existsSync(`/proc/${pid}`), { timeout: 10_000 }).toBe(false)
  })

  test('ends at once with the reason of an abort', async () => {
    const controller = new AbortController()
    const running = exec(connection, 'sleep 300', { signal: controller.signal })
    controller.abort(new Error('stop it'))
    await expect(running).rejects.toThrow('stop it')
  })
})
