// A corpus for tests on real machines: what is done over the control line while SSH is out of reach, and failures that it explains.

import { expect, test } from '../../index.ts'

const CARD = 'card=$(ls /sys/class/net | grep -v lo)'

test('control.network-down', async ({ machine }) => {
  await machine.control.run(`${CARD}; ip link set dev "$card" down`)
  expect(await machine.control.run('ip -brief link | grep -v ^lo')).toContain('DOWN')
  expect((await machine.control.journal(200)).join('\n')).toMatch(/Startup finished|signalbox/)
  expect(await machine.control.readFile('/etc/os-release')).toContain('ID=reference')
  await machine.control.run(`${CARD}; ip link set dev "$card" up`)
  expect(await machine.run('echo back')).toBe('back')
})

test('control.sshd-masked', async ({ machine }) => {
  await machine.control.run(
    'systemctl mask --runtime --now ssh.service; pkill -x sshd; pkill sshd-session; true',
  )
  expect(await machine.control.run('id -u; systemctl is-enabled ssh.service || true')).toBe(
    '0\nmasked-runtime',
  )
  await machine.control.run('systemctl unmask --runtime ssh.service && systemctl start ssh.service')
  expect(await machine.run('echo back')).toBe('back')
})

test('control.hostile-commands', { timeoutMs: 120_000 }, async ({ machine }) => {
  const endless = expect(
    machine.control.exec('setsid sleep 4242 & while :; do echo y; done', { timeoutMs: 5_000 }),
  ).rejects.toThrow(/over the control line of m0; last seen: y$/)
  const flood = machine.control.exec('head -c 104857600 /dev/zero | tr "\\0" x; echo the end')
  const escapes = '\u001B[31m\u001B]0;title\u0007\u0000up\n\u001B[2J'
  expect(await machine.control.run('printf "\\033[31m\\033]0;title\\a\\0up\\n\\033[2J"')).toBe(escapes)
  const { truncated, stdoutBytes, stdout } = await flood
  expect([truncated, stdoutBytes, stdout.length]).toEqual([true, 104_857_608, 1_048_575])
  expect(stdout.endsWith('xthe end')).toBe(true)
  await endless
  // What had left its process group is gone as well.
  expect(await machine.control.run('pgrep -f "sleep 424[2]" || echo none')).toBe('none')
})

test('control.input', async ({ machine }) => {
  const input = Buffer.alloc(300_000, 'signalbox\n')
  expect(await machine.control.run('sha256sum | cut -d " " -f 1', { input })).toBe(
    await machine.run('yes signalbox | head -c 300000 | sha256sum | cut -d " " -f 1'),
  )
})

test('control.agent-killed', async ({ machine }) => {
  const running = expect(machine.control.exec('sleep 1000')).rejects.toThrow(
    'the agent in m0 was started anew',
  )
  await machine.control.run('true')
  await machine.run('systemctl kill --kill-whom=main --signal=KILL signalbox-agent.service', { sudo: true })
  await running
  expect(await machine.control.run('echo again; pgrep -x sleep || true')).toBe('again')
})

test('control.after-reboot', { timeoutMs: 300_000 }, async ({ machine }) => {
  const before = await machine.control.run('cat /proc/sys/kernel/random/boot_id')
  await machine.reboot()
  expect(await machine.control.run('cat /proc/sys/kernel/random/boot_id')).not.toBe(before)
})

test('control.speed', async ({ machine }) => {
  await machine.control.run('true')
  const times: number[] = []
  for (let n = 0; n < 10; n += 1) times.push((await machine.control.exec('true')).durationMs)
  process.stderr.write(`control exec: ${times.map((ms) => Math.round(ms)).join(' ')} ms\n`)
})

test('lost.sshd-broken', { timeoutMs: 5_000 }, async ({ machine }) => {
  await machine.control.run(
    'mkdir -p /run/ssh && echo Nonsense yes >/run/ssh/bad && mkdir -p /run/systemd/system/ssh.service.d && printf "[Service]\\nExecStartPre=\\nExecStart=\\nExecStart=/usr/sbin/sshd -D -f /run/ssh/bad\\nRestart=no\\n" >/run/systemd/system/ssh.service.d/99-bad.conf && systemctl daemon-reload; systemctl restart ssh.service; pkill sshd-session; true',
  )
  await machine.run('true')
})

test('lost.network-down', { timeoutMs: 3_000 }, async ({ machine }) => {
  await machine.control.run(`${CARD}; ip link set dev "$card" down`)
  await machine.run('true')
})
