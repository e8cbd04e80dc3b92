// What a fake machine prints when the harness asks why SSH does not answer: the output of the real commands, as a Debian machine
// gave it (see LOOK_COMMAND in harness/control).

import type { SshTrouble } from './behaviour.ts'

const MARK = '--signalbox--\n'

/** The parts in order, each ended as the real command ends them. */
export function lookFromInside(trouble: SshTrouble, failedUnits: readonly string[]): string {
  const failed = trouble === 'sshd-failed' ? [...failedUnits, 'ssh.service'] : failedUnits
  return [
    `${unit('sshd.service', 'not-found', 'inactive', 'dead')}\n${sshService(trouble)}\n${unit('sshd.socket', 'not-found', 'inactive', 'dead')}`,
    `lo               UNKNOWN        127.0.0.1/8 ::1/128 \n${trouble === 'network-down' ? 'enp0s2           DOWN           \n' : 'enp0s2           UP             10.0.2.15/24 \n'}`,
    failed.map((name) => `${name} loaded failed failed ${name}\n`).join(''),
    '',
    trouble === 'network-down' ? '' : 'default via 10.0.2.2 dev enp0s2 proto dhcp\n',
    trouble === 'sshd-failed'
      ? '[   12.500000] fake sshd[77]: /etc/ssh/sshd_config line 1: Bad configuration option: Nonsense\n'
      : '',
  ].join(MARK)
}

function sshService(trouble: SshTrouble): string {
  switch (trouble) {
    case 'ok':
    case 'network-down':
      return unit('ssh.service', 'loaded', 'active', 'running')
    case 'sshd-masked':
      return unit('ssh.service', 'masked', 'inactive', 'dead')
    case 'sshd-failed':
      return unit('ssh.service', 'loaded', 'failed', 'failed', 'exit-code')
    default:
      return trouble satisfies never
  }
}

function unit(id: string, load: string, active: string, sub: string, result = 'success'): string {
  return `Result=${result}\nId=${id}\nLoadState=${load}\nActiveState=${active}\nSubState=${sub}\n`
}
