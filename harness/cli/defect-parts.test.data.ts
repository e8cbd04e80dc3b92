// Pieces of Ignition that break something, and what a defect is.

export interface Defect {
  readonly name: string
  /** Which subject's tests it proves. */
  readonly subject: string
  readonly ignition: Fragment
  /** Tests that fail, and what their failure says. */
  readonly detectedBy: Readonly<Record<string, RegExp>>
}

export interface Fragment {
  readonly passwd?: object
  readonly storage?: { readonly files?: readonly object[]; readonly links?: readonly object[] }
  readonly systemd?: { readonly units: readonly object[] }
}

export const source = (text: string): { readonly source: string } => ({
  source: `data:;base64,${Buffer.from(text).toString('base64')}`,
})

/** A file of root's. */
export const file = (path: string, text: string, mode = 0o644): Fragment => ({
  storage: { files: [{ path, mode, overwrite: true, contents: source(text) }] },
})

/** A command at each boot, before users may log in. */
export const atBoot = (name: string, command: string): Fragment => ({
  systemd: {
    units: [
      {
        name: `${name}.service`,
        enabled: true,
        contents: `[Unit]\nBefore=systemd-user-sessions.service ssh.service\n[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sh -c '${command}'\n[Install]\nWantedBy=multi-user.target\n`,
      },
    ],
  },
})

export const masked = (name: string): Fragment => ({ systemd: { units: [{ name, mask: true }] } })

/** What several pieces do together. */
export const together = (...pieces: readonly Fragment[]): Fragment => ({
  storage: {
    files: pieces.flatMap(({ storage }) => storage?.files ?? []),
    links: pieces.flatMap(({ storage }) => storage?.links ?? []),
  },
  systemd: { units: pieces.flatMap(({ systemd }) => systemd?.units ?? []) },
})

/** All of them in one config, spec 3.0. */
export function asIgnition(defects: readonly Defect[]): string {
  const all = defects.map(({ ignition }) => ignition)
  return JSON.stringify({
    ignition: { version: '3.0.0' },
    storage: {
      files: all.flatMap(({ storage }) => storage?.files ?? []),
      links: all.flatMap(({ storage }) => storage?.links ?? []),
    },
    systemd: { units: all.flatMap(({ systemd }) => systemd?.units ?? []) },
  })
}
