// The ssh program's command line for a machine of ours: what is printed for people, and run for them. Machines come and
// go on the same ports, so that their host keys are not remembered.

import type { SshEndpoint } from '../machine.ts'

/** The program and its arguments; `keyPath` is the private key's file. */
export function sshLine(keyPath: string, user: string, { host, port }: SshEndpoint): readonly string[] {
  const options = [
    'StrictHostKeyChecking=no',
    'UserKnownHostsFile=/dev/null',
    'LogLevel=ERROR',
    'IdentitiesOnly=yes',
  ]
  return [
    'ssh',
    '-i',
    keyPath,
    ...options.flatMap((option) => ['-o', option]),
    '-p',
    String(port),
    `${user}@${host}`,
  ]
}
