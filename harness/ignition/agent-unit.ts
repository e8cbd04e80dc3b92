// The unit that runs the harness's agent in the guest: a shell that reads commands from a character device (a virtio-serial
// port) and answers on it. It works without a network, without sshd and from early in the boot on.

import type { IgnitionFragment } from './fragment.ts'
import { quoteExecWord } from './journal-unit.ts'

export const AGENT_UNIT = 'signalbox-agent.service'

// A request is `<id> <code>`; the answer is `<id> <status> <what the code left in $o, quoted for a shell>`. The code runs in
// the shell itself, so that it can define functions for later. `$$`, `%%` and doubled backslashes are systemd's escapes.
const LOOP = [
  'until test -c "$$0"; do sleep 1; done',
  'exec 3<>"$$0"',
  'echo up >&3',
  'while IFS=" " read -r i c <&3; do o=; eval "$$c"; printf "%%s %%s %%s\\\\n" "$$i" "$$?" "$${o@Q}" >&3; done',
].join('; ')

/** The unit as a fragment; `device` is an absolute path in the guest. */
export function agentUnit(device: string): IgnitionFragment {
  const contents = [
    '[Unit]',
    'Description=Answer the test harness',
    'DefaultDependencies=no',
    'IgnoreOnIsolate=yes',
    'ConditionFileIsExecutable=/bin/bash',
    'StartLimitIntervalSec=0',
    '',
    '[Service]',
    `ExecStart=/bin/bash --norc --noprofile -c '${LOOP}' ${quoteExecWord(device)}`,
    'Restart=always',
    'RestartSec=1',
    'TimeoutStopSec=5',
    '',
    '[Install]',
    'WantedBy=sysinit.target',
    '',
  ]
  return { units: [{ name: AGENT_UNIT, enabled: true, contents: contents.join('\n') }] }
}
