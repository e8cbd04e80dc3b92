// From the driver's reason for an end, and what we had in mind, to the harness's: expected or not, and whose doing.

import type { MachineExit } from '../../harness/machine.ts'
import { oneLine } from '../../harness/hostile-text.ts'
import type { MachineEnd } from '../../qemu/index.ts'

/** Why we ended the process ourselves, if we did. */
export type Intent =
  | { readonly kind: 'none' }
  | { readonly kind: 'power-off'; readonly reason: string }
  | { readonly kind: 'panic' }
  | { readonly kind: 'host-fault'; readonly reason: string }

/** Pure. */
export function toMachineExit(end: MachineEnd, intent: Intent): MachineExit {
  switch (intent.kind) {
    case 'power-off':
      // Somebody else was faster: that is not the end we asked for.
      if (end.kind === 'killed' || end.kind === 'crashed') return unasked(end)
      return { expected: true, reason: intent.reason, blame: 'platform' }
    case 'panic':
      return { expected: false, reason: 'kernel panic', blame: 'image' }
    case 'host-fault':
      return { expected: false, reason: intent.reason, blame: 'platform' }
    case 'none':
      return unasked(end)
    default:
      return intent satisfies never
  }
}

function unasked(end: MachineEnd): MachineExit {
  switch (end.kind) {
    case 'guest-poweroff':
      return { expected: false, reason: 'the guest powered off', blame: 'image' }
    case 'guest-reboot':
      return {
        expected: false,
        reason: 'the guest rebooted and could not be started again',
        blame: 'platform',
      }
    case 'requested':
      return { expected: false, reason: 'QEMU was told to quit by someone else', blame: 'platform' }
    case 'killed':
      return { expected: false, reason: `QEMU was killed by ${end.signal}`, blame: 'platform' }
    case 'crashed':
      return { expected: false, reason: oneLine(`QEMU crashed: ${end.detail}`, 600), blame: 'platform' }
    default:
      return end satisfies never
  }
}
