// Extensions for the tests: one file each, which tells that its extension is merged.

import { buildExtension, type ExtensionKind, type Machine } from '../../harness/index.ts'

const sudo = { sudo: true } as const

/** Where each kind is looked for, and where its one file appears. */
const places = {
  sysext: { folder: '/var/lib/extensions', base: '/usr/share' },
  confext: { folder: '/var/lib/confexts', base: '/etc' },
} as const

/** The fields of the machine's os-release that an extension has to agree with. */
export async function releaseOf(
  machine: Machine,
): Promise<{ readonly ID: string; readonly VERSION_ID: string }> {
  const text = await machine.run(`. /etc/os-release; printf '%s\n' "$ID" "$VERSION_ID"`)
  const [ID = '', VERSION_ID = ''] = text.split('\n')
  return { ID, VERSION_ID }
}

export interface NewExtension {
  readonly kind?: ExtensionKind
  readonly name: string
  readonly release: Readonly<Record<string, string>>
}

/** The path of the file that is there while the extension is merged. */
export function marker(name: string, kind: ExtensionKind = 'sysext'): string {
  return `${places[kind].base}/sbx-${name}/marker`
}

/** An extension that consists of its marker, as bytes. */
export async function buildMarked({ kind = 'sysext', name, release }: NewExtension): Promise<Uint8Array> {
  return await buildExtension({ kind, name, release, files: { [marker(name, kind).slice(1)]: `${name}\n` } })
}

/** Puts such an extension where it is looked for; it is merged later, or not. */
export async function install(machine: Machine, extension: NewExtension): Promise<void> {
  const { folder } = places[extension.kind ?? 'sysext']
  await machine.run(['mkdir', '-p', folder], sudo)
  await machine.writeFile(`${folder}/${extension.name}.raw`, await buildMarked(extension))
}

/** The names of what is merged into /usr or /etc, as systemd says. */
export async function merged(machine: Machine, kind: ExtensionKind = 'sysext'): Promise<readonly string[]> {
  const status = JSON.parse(
    await machine.run([`systemd-${kind}`, 'status', '--json=short'], sudo),
  ) as readonly { readonly hierarchy: string; readonly extensions: 'none' | readonly string[] }[]
  return status.flatMap(({ extensions }) => (extensions === 'none' ? [] : extensions))
}
