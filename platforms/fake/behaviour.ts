// How a fake machine behaves, read from its Ignition config: a file `/fake/behaviour.json` in any merged config. So a
// corpus of tests scripts its machines by the same way that real ones are configured.

export interface FakeBehaviour {
  /** `create-fails` and `lost` are the platform's fault; `panic`, `silent` and `emergency` are the image's. */
  readonly boot: 'ok' | 'create-fails' | 'lost' | 'panic' | 'silent' | 'emergency'
  /** Why SSH does not answer although the machine is up, its agent too; a running test does that with `fake lose-ssh`. */
  readonly ssh: SshTrouble
  /** The faults above happen only on the first so many machines of the platform; default: always. */
  readonly times?: number
  /** The faults above happen only on the machines of these names; default: on all. */
  readonly only?: readonly string[]
  readonly failedUnits: readonly string[]
  /** Printed on the console at boot, before SSH answers. */
  readonly console: readonly string[]
  /** What it has had of the host's CPU, and how long it waited for it; default: nobody knows. */
  readonly cpuTime?: { readonly ranMs: number; readonly waitedMs: number }
  readonly osReleaseId: string
  /** How late its journal comes over a side channel; default: it has no such channel. For machines that are not forked. */
  readonly journalLagMs?: number
  /** When it is to be saved: it has jobs that never end, it is somebody that its clones would be too, it says nothing. */
  readonly settle: 'ok' | 'never' | 'shares' | 'silent'
  readonly save: 'ok' | 'fails'
  /** `no-memory`: the first tries find no memory. `not-renewed`: a clone stays who its template is. */
  readonly fork: 'ok' | 'fails' | 'no-memory' | 'not-renewed'
  /** When it is saved beside the results: that fails, never ends, or leaves what no other session of the platform reads. */
  readonly saving: 'ok' | 'fails' | 'never' | 'unreadable'
  /** Where it may begin in its initrd, it does, and boots well there or never comes up. Default: it is booted. */
  readonly initrd?: 'ok' | 'silent'
  /** The template is damaged as soon as it is there; a running test does that with `fake damage-template`. */
  readonly template: 'ok' | 'damaged'
}

/** `sshd-failed` and `sshd-masked` are what systemd says of the server, `network-down` is its network card. */
export type SshTrouble = 'ok' | 'sshd-failed' | 'sshd-masked' | 'network-down'

export const defaultBehaviour: FakeBehaviour = {
  boot: 'ok',
  ssh: 'ok',
  failedUnits: [],
  console: [],
  osReleaseId: 'reference',
  settle: 'ok',
  save: 'ok',
  fork: 'ok',
  saving: 'ok',
  template: 'ok',
}

interface Config {
  readonly ignition?: { readonly config?: { readonly merge?: readonly { readonly source?: string }[] } }
  readonly storage?: {
    readonly files?: readonly { readonly path?: string; readonly contents?: { readonly source?: string } }[]
  }
}

/** The behaviour that a (wrapped) config asks for, and the files it would write. */
export function readBehaviour(ignition: string | undefined): {
  readonly behaviour: FakeBehaviour
  readonly files: ReadonlyMap<string, string>
} {
  const files = new Map<string, string>()
  if (ignition !== undefined) collectFiles(JSON.parse(ignition) as Config, files)
  const script = files.get('/fake/behaviour.json')
  const asked = script === undefined ? {} : (JSON.parse(script) as Partial<FakeBehaviour>)
  return { behaviour: { ...defaultBehaviour, ...asked }, files }
}

function collectFiles(config: Config, files: Map<string, string>): void {
  for (const { source } of config.ignition?.config?.merge ?? []) {
    if (source !== undefined) collectFiles(JSON.parse(decode(source)) as Config, files)
  }
  for (const { path, contents } of config.storage?.files ?? []) {
    if (path !== undefined) files.set(path, decode(contents?.source ?? 'data:,'))
  }
}

// RFC 2397.
function decode(source: string): string {
  const comma = source.indexOf(',')
  const data = source.slice(comma + 1)
  const isBase64 = source.slice(0, comma).endsWith(';base64')
  return isBase64 ? Buffer.from(data, 'base64').toString('utf8') : decodeURIComponent(data)
}
