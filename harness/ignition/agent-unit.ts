// The unit that runs the harness's agent in the guest: a shell that reads commands from a character device (a virtio-serial
// port) and answers on it. It works without a network, without sshd and from early in the boot on.

import type { IgnitionFragment } from './fragment.ts'
import { quoteExecWord } from './journal-unit.ts'

export const AGENT_UNIT = 'signalbox-agent.service'

// A request is `<id> <code> #<id>`; the answer is `<id> <status> <what the code left in $o, quoted for a shell>`. The code runs
// in the shell itself, so that it can define functions for later. The rest of a line of which a shell before this one has read
// the beginning is passed over. Other processes write to the port too (harness/control): what does not fit into bash's buffer
// is handed to dd, to be written as one piece. `$$` is systemd's escape.
const LOOP = [
  'until test -c "$$0"; do sleep 1; done',
  'exec 3<>"$$0"',
  'echo >&3; echo up >&3',
  'while IFS=" " read -r i c <&3; do [[ $$c == *" #$$i" ]] || continue; o=; eval "$$c"; a="$$i $$? $${o@Q}"',
  'if test $${#a} -lt 240; then echo "$$a" >&3; else echo "$$a" | dd bs=32k iflag=fullblock 2>/dev/null >&3; fi; done',
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
    // What it starts for the harness is to find signals as a login shell has them, and gets control groups of its own.
    'IgnoreSIGPIPE=no',
    'Delegate=pids',
    '',
    '[Install]',
    'WantedBy=sysinit.target',
    '',
  ]
  return { units: [{ name: AGENT_UNIT, enabled: true, contents: contents.join('\n') }] }
}
