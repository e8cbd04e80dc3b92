// What a config lays claim to on a machine, taken out of its parsed form: the ground on which conflicts are judged.
// Anything not understood makes the config unfit to share a machine.

import { isObject, type IgnitionConfig, type JsonObject } from './source.ts'

/** One thing of the machine that a config sets. Two configs may both set it only when `value` is the same. */
export interface Claim {
  readonly kind: 'path' | 'unit' | 'user' | 'user id' | 'group' | 'group id' | 'device' | 'setting'
  readonly name: string
  /** Canonical JSON of what is set. */
  readonly value: string
  /** For paths: whether another config may put something below it. */
  readonly closed?: boolean
}

export interface Claims {
  readonly claims: readonly Claim[]
  /** Why the config cannot share a machine with any other, if so. */
  readonly exclusive: readonly string[]
}

type Sink = { readonly claims: Claim[]; readonly exclusive: string[] }

/** Everything that a config claims, the configs inside its data URLs included. */
export function claimsOf(config: IgnitionConfig): Claims {
  const sink: Sink = { claims: [], exclusive: [] }
  if (config.version.startsWith('3.')) root(config.value, sink)
  else sink.exclusive.push(`spec ${config.version} is not merged with others`)
  return sink
}

function root(config: JsonObject, sink: Sink): void {
  known(config, 'the top level', ['ignition', 'passwd', 'storage', 'systemd', 'kernelArguments'], sink)
  ignition(section(config, 'ignition'), sink)
  passwd(section(config, 'passwd'), sink)
  storage(section(config, 'storage'), sink)
  const systemd = section(config, 'systemd')
  known(systemd, 'systemd', ['units'], sink)
  named(systemd, 'units', 'name', 'unit', sink)
  if (!isEmpty(config['kernelArguments'])) sink.exclusive.push('kernelArguments change the boot')
}

function ignition(ignitionSection: JsonObject, sink: Sink): void {
  known(ignitionSection, 'ignition', ['version', 'config', 'timeouts', 'security', 'proxy'], sink)
  if (!isEmpty(ignitionSection['proxy'])) {
    sink.exclusive.push('ignition.proxy holds for every download of the machine')
  }
  for (const name of ['timeouts', 'security']) {
    const value = ignitionSection[name]
    if (!isEmpty(value)) {
      sink.claims.push({ kind: 'setting', name: `ignition.${name}`, value: canonical(value) })
    }
  }
  const config = section(ignitionSection, 'config')
  known(config, 'ignition.config', ['merge', 'replace'], sink)
  if (!isEmpty(config['replace'])) sink.exclusive.push('ignition.config.replace')
  for (const entry of list(config, 'merge')) merged(entry, sink)
}

function merged(entry: JsonObject, sink: Sink): void {
  const { source } = entry
  if (source === undefined || source === null) return
  const match = typeof source === 'string' ? /^data:[^,]*?(;base64)?,(.*)$/s.exec(source) : null
  try {
    if (match === null || !isEmpty(entry['compression'])) throw new Error('not readable here')
    const body = match[2] ?? ''
    const text = match[1] === undefined ? decodeURIComponent(body) : Buffer.from(body, 'base64').toString()
    const value: unknown = JSON.parse(text)
    if (!isObject(value)) throw new Error('not a config')
    root(value, sink)
  } catch {
    sink.exclusive.push('ignition.config.merge of something that is only known at boot')
  }
}

function passwd(passwdSection: JsonObject, sink: Sink): void {
  known(passwdSection, 'passwd', ['users', 'groups'], sink)
  named(passwdSection, 'users', 'name', 'user', sink)
  named(passwdSection, 'groups', 'name', 'group', sink)
  for (const [name, key, kind] of [
    ['users', 'uid', 'user id'],
    ['groups', 'gid', 'group id'],
  ] as const) {
    for (const entry of list(passwdSection, name)) {
      const id = entry[key]
      if (typeof id === 'number') {
        sink.claims.push({ kind, name: String(id), value: canonical(entry['name']) })
      }
    }
  }
}

function storage(storageSection: JsonObject, sink: Sink): void {
  known(
    storageSection,
    'storage',
    ['files', 'directories', 'links', 'disks', 'filesystems', 'raid', 'luks'],
    sink,
  )
  for (const kind of ['files', 'directories', 'links'] as const) {
    for (const entry of list(storageSection, kind)) {
      path(entry['path'], `${kind} ${canonical(entry)}`, kind !== 'directories', sink)
    }
  }
  for (const kind of ['raid', 'luks']) {
    if (!isEmpty(storageSection[kind])) sink.exclusive.push(`storage.${kind} changes the machine's disks`)
  }
  for (const kind of ['disks', 'filesystems']) {
    for (const entry of list(storageSection, kind)) {
      const value = `${kind} ${canonical(entry)}`
      sink.claims.push({ kind: 'device', name: String(entry['device']), value })
      // Where a filesystem is mounted, nobody else's files may land.
      if (kind === 'filesystems') path(entry['path'], value, true, sink)
    }
  }
}

function path(value: unknown, content: string, closed: boolean, sink: Sink): void {
  if (typeof value !== 'string' || value === '') return
  const name = `/${value.split('/').filter(Boolean).join('/')}`
  sink.claims.push({ kind: 'path', name, value: content, closed })
}

function named(parent: JsonObject, key: string, by: string, kind: Claim['kind'], sink: Sink): void {
  for (const entry of list(parent, key)) {
    sink.claims.push({ kind, name: String(entry[by]), value: canonical(entry) })
  }
}

function known(value: JsonObject, where: string, keys: readonly string[], sink: Sink): void {
  for (const key of Object.keys(value)) {
    if (!keys.includes(key)) sink.exclusive.push(`"${key}" in ${where} is not known here`)
  }
}

function section(parent: JsonObject, key: string): JsonObject {
  const value = parent[key]
  return isObject(value) ? value : {}
}

function list(parent: JsonObject, key: string): readonly JsonObject[] {
  const value = parent[key]
  return Array.isArray(value) ? value.filter(isObject) : []
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null) return true
  if (Array.isArray(value)) return value.every(isEmpty)
  return isObject(value) && Object.values(value).every(isEmpty)
}

/** JSON with sorted keys and without nulls, so that equal things are equal texts. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    isObject(part)
      ? Object.fromEntries(
          Object.entries(part)
            .filter(([, inner]) => inner !== null)
            .toSorted(([a], [b]) => (a < b ? -1 : 1)),
        )
      : part,
  )
}
