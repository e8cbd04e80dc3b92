// How tests, a process that is killed and benches open AWS alike, and the machine that they ask for.

import type { MachineSpec, OpenOptions } from '../../harness/machine.ts'
import { SOME_AMI } from './moto.test.fixture.ts'

/** A machine of the smallest type. */
export const smallSpec = (name: string): MachineSpec => ({
  name,
  architecture: 'x86_64',
  memoryMiB: 512,
  cpus: 1,
  tpm: false,
  disks: [],
})

/** Flatcar by its AMI, with a login whose private key nobody has; `settings` add to what all have. */
export function awsOptions({
  settings,
  ...rest
}: Omit<Partial<OpenOptions>, 'settings'> & {
  readonly settings?: Readonly<Record<string, string>>
}): OpenOptions {
  return {
    image: {
      identity: {
        digest: 'sha256:',
        distro: 'flatcar',
        version: '1.0.0',
        channel: 'stable',
        architecture: 'x86_64',
      },
      firmwares: ['uefi'],
    },
    emit: () => undefined,
    signal: new AbortController().signal,
    login: {
      user: 'core',
      key: {
        privateKey: '',
        publicKey: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl x',
      },
    },
    ...rest,
    settings: new Map(
      Object.entries({
        ami: SOME_AMI,
        'allow-from': '203.0.113.7/32',
        'console-wait-seconds': '0',
        'console-seconds': '3600',
        'requests-per-second': '1000',
        ...settings,
      }),
    ),
  }
}
