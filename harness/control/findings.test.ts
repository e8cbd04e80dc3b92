// What a machine printed, cut and hostile output included, and the cause that is named for it.

import { describe, expect, test } from 'vitest'
import { describeFindings, likelyCause, LOOK_COMMAND, readFindings, type Findings } from './findings.ts'

const MARK = '--signalbox--\n'
const unit = (id: string, load: string, active: string, sub: string, result = 'success'): string =>
  `Result=${result}\nId=${id}\nLoadState=${load}\nActiveState=${active}\nSubState=${sub}\n`
const GONE = unit('sshd.service', 'not-found', 'inactive', 'dead')
const RUNNING = unit('ssh.service', 'loaded', 'active', 'running')
const UP =
  'lo               UNKNOWN        127.0.0.1/8 ::1/128 \nens3             UP             10.0.2.15/24 fe80::1/64 \n'

interface Parts {
  readonly units?: string
  readonly links?: string
  readonly failed?: string
  readonly jobs?: string
  readonly routes?: string
  readonly journal?: string
}

/** The command's output for a machine that is well but for what is given. */
function found({
  units = RUNNING,
  links = UP,
  failed = '',
  jobs = '',
  routes = '',
  journal = '',
}: Parts): Findings {
  return readFindings([`${GONE}\n${units}`, links, failed, jobs, routes, journal].join(MARK))
}

test('the command has as many parts as are read', () => {
  expect(LOOK_COMMAND.split('; echo --signalbox--; ')).toHaveLength(6)
})

test('all of it is read', () => {
  const findings = found({
    units: unit('ssh.service', 'loaded', 'failed', 'failed', 'exit-code'),
    failed: 'ssh.service loaded failed failed OpenBSD Secure Shell server\n',
    jobs: '  7 slow.service start running\n 12 late.target start waiting\n',
    routes: 'default via 10.0.2.2 dev ens3 proto dhcp\n::1 dev lo proto kernel\nfe80::/64 dev ens3\n',
    journal: '[    9.000000] m0 sshd[61]: Bad configuration option\n',
  })
  expect(describeFindings(findings)).toEqual([
    'ssh.service: failed (failed), exit-code',
    'failed units: ssh.service',
    'job: slow.service start running',
    'job: late.target start waiting',
    'address: ens3 UP 10.0.2.15/24 fe80::1/64',
    'route: default via 10.0.2.2 dev ens3 proto dhcp',
    'sshd: [    9.000000] m0 sshd[61]: Bad configuration option',
  ])
})

describe('the likely cause', () => {
  test.each<[string, Parts, string | undefined]>([
    [
      'sshd failed, with its last words',
      {
        units: unit('ssh.service', 'loaded', 'failed', 'failed', 'exit-code'),
        journal: '[    9.0] m0 sshd[61]: Bad option\n[    9.1] m0 systemd[1]: ssh.service: Failed\n',
        links: 'ens3 DOWN\n',
      },
      'ssh.service is failed (exit-code): sshd[61]: Bad option',
    ],
    [
      'sshd failed, before its sessions ended',
      {
        units: unit('ssh.service', 'loaded', 'failed', 'failed', 'exit-code'),
        journal: '[    9.0] m0 sshd[61]: Bad option\n[    9.1] m0 sshd-session[42]: error: mm_reap\n',
      },
      'ssh.service is failed (exit-code): sshd[61]: Bad option',
    ],
    [
      'sshd failed over its config: what is bad in it, not how much is',
      {
        units: unit('ssh.service', 'loaded', 'failed', 'failed', 'exit-code'),
        journal:
          '[    9.0] m0 sshd[61]: /x: line 1: Bad configuration option: Nonsense\n[    9.1] m0 sshd[61]: /x: terminating, 1 bad configuration options\n',
      },
      'ssh.service is failed (exit-code): sshd[61]: /x: line 1: Bad configuration option: Nonsense',
    ],
    ['sshd masked', { units: unit('ssh.service', 'masked', 'inactive', 'dead') }, 'ssh.service is masked'],
    [
      'sshd stopped',
      { units: unit('ssh.service', 'loaded', 'inactive', 'dead') },
      'ssh.service is inactive: nothing has started it, or it was stopped',
    ],
    [
      'sshd starting',
      { units: unit('ssh.service', 'loaded', 'activating', 'start-pre') },
      'ssh.service is still activating (start-pre)',
    ],
    [
      'a boot that waits',
      {
        units: unit('ssh.service', 'loaded', 'inactive', 'dead'),
        jobs: '1 ssh.service start waiting\n2 slow.service start running\n',
      },
      'the boot is not over: slow.service start running',
    ],
    ['a socket that listens', { units: unit('sshd.socket', 'loaded', 'active', 'listening') }, undefined],
    [
      'a card that is down',
      { links: 'lo UNKNOWN 127.0.0.1/8\nens3 DOWN\n' },
      'the network is down: ens3 DOWN',
    ],
    [
      'a card that is down although it has an address',
      { links: 'ens3 DOWN 10.0.2.15/24\n' },
      'the network is down: ens3 DOWN 10.0.2.15/24',
    ],
    ['a bridge without a carrier', { links: `${UP}docker0 DOWN 172.17.0.1/16\n` }, undefined],
    [
      'no address',
      { links: 'lo UNKNOWN 127.0.0.1/8\nens3 UP fe80::1/64\n' },
      'no network card has an address: ens3 UP fe80::1/64',
    ],
    ['no card', { links: 'lo UNKNOWN 127.0.0.1/8\n' }, 'there is no network card'],
    ['another unit', { failed: 'x.service loaded failed failed X\n' }, 'failed units: x.service'],
    ['nothing to be seen', {}, undefined],
  ])('%s', (_, parts, cause) => {
    expect(likelyCause(found(parts))).toBe(cause)
  })
})

test('output that was cut off anywhere, or is no such output at all, is read as far as it goes', () => {
  const whole = [`${GONE}\n${RUNNING}`, UP, '', '1 a.service start running\n', '', ''].join(MARK)
  for (let length = 0; length <= whole.length; length += 1) likelyCause(readFindings(whole.slice(0, length)))
  expect(likelyCause(readFindings('bash: systemctl: not found'))).toBeUndefined()
  const hostile = found({
    units: unit('ssh.service', 'loaded', 'failed', '\u001B[2Jfailed', '\u001B[31mx\u0007'),
    links: 'ens3 \u202EUP\n'.repeat(10_000),
    journal: `sshd: ${'x'.repeat(100_000)}\n`,
  })
  const text = [likelyCause(hostile), ...describeFindings(hostile)].join('\n')
  // oxlint-disable-next-line no-control-regex
  expect(text).not.toMatch(/[\u0000-\u0009\u000B-\u001F\u202E]/)
  expect(text.length).toBeLessThan(30_000)
})
