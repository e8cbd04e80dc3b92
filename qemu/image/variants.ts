// Versions of the reference image that are broken on purpose: what each has in its /usr (or its pristine /etc) beyond the
// recipe. An update to one of them must end with the old version running again.

export interface TreeFile {
  /** Below the tree's root. */
  readonly path: string
  readonly text: string
  readonly executable?: boolean
}

export interface UsrVariant {
  readonly files: readonly TreeFile[]
  /** `[unit, target]`: wired by a link in `/usr/lib/systemd/system/<target>`. */
  readonly wired: readonly (readonly [string, string])[]
}

const unit = (name: string, lines: readonly string[]): TreeFile => ({
  path: `usr/lib/systemd/system/${name}`,
  text: `${lines.join('\n')}\n`,
})

export const usrVariants = {
  /** The boot hangs before multi-user.target: nothing fails, nothing gets further. */
  'never-complete': {
    files: [
      unit('hang.service', [
        '[Unit]',
        'Description=Wait for something that never comes',
        'Before=multi-user.target boot-complete.target',
        '[Service]',
        'Type=oneshot',
        'TimeoutStartSec=infinity',
        'ExecStart=/bin/sleep infinity',
      ]),
    ],
    wired: [['hang.service', 'multi-user.target.wants']],
  },
  /** Everything starts but one service, which the version's health check looks at. */
  unhealthy: {
    files: [
      unit('broken.service', [
        '[Unit]',
        'Description=Fail',
        'Before=reference-health.service',
        '[Service]',
        'Type=oneshot',
        'RemainAfterExit=yes',
        'ExecStart=/bin/false',
      ]),
      {
        path: 'etc/reference/health.d/50-broken',
        text: '#!/bin/sh\nexec systemctl --quiet is-active broken.service\n',
        executable: true,
      },
    ],
    wired: [['broken.service', 'multi-user.target.wants']],
  },
} as const satisfies Readonly<Record<string, UsrVariant>>

export type UsrVariantName = keyof typeof usrVariants
