// Where this host gets its Debian packages from, read off its own apt configuration, so that no mirror is ever written
// down here. Understands one-line `sources.list` entries and deb822 `.sources` stanzas.

import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { InfraError } from '../../harness/errors.ts'

/** One enabled binary source: a URI with one suite. */
export interface AptSource {
  readonly uri: string
  readonly suite: string
  readonly components: readonly string[]
  readonly signedBy?: string
}

/** The entries of a one-line-style `sources.list`. */
export function parseSourcesList(text: string): readonly AptSource[] {
  return text.split('\n').flatMap((line) => {
    const match = /^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s*(.*)$/.exec(line.replace(/#.*$/, ''))
    if (match === null) return []
    const [, options = '', uri = '', suite = '', rest = ''] = match
    const signedBy = /(?:^|\s)signed-by=(\S+)/i.exec(options)?.[1]
    return [{ uri, suite, components: words(rest), ...(signedBy === undefined ? {} : { signedBy }) }]
  })
}

/** The entries of a deb822-style `.sources` file. */
export function parseDeb822(text: string): readonly AptSource[] {
  return text.split(/\n[ \t]*\n/).flatMap((stanza) => {
    const fields = parseStanza(stanza)
    if (/^(no|false|0|off|disable)$/i.test(fields.get('enabled') ?? '')) return []
    if (!words(fields.get('types') ?? '').includes('deb')) return []
    const signedBy = fields.get('signed-by')
    const keyFile = signedBy !== undefined && signedBy.startsWith('/') ? signedBy : undefined
    const components = words(fields.get('components') ?? '')
    return words(fields.get('uris') ?? '').flatMap((uri) =>
      words(fields.get('suites') ?? '').map((suite) => ({
        uri,
        suite,
        components,
        ...(keyFile === undefined ? {} : { signedBy: keyFile }),
      })),
    )
  })
}

/** What `debootstrap`-like tools take: a line for the suite, and one for its security updates where the host has them. */
export function sourcesForSuite(
  sources: readonly AptSource[],
  hostCodename: string,
  suite: string,
  keyring: string,
): readonly string[] {
  const line = (uri: string, name: string): string => `deb [signed-by=${keyring}] ${uri} ${name} main`
  const isDebian = (source: AptSource): boolean => source.components.includes('main')
  const main = sources.find((source) => isDebian(source) && source.suite === hostCodename)
  if (main === undefined) {
    const seen = [...new Set(sources.map((source) => `${source.uri} ${source.suite}`))]
    throw new InfraError(
      `the host's apt configuration has no Debian source for its own release "${hostCodename}"`,
      {
        code: 'no-debian-mirror',
        hint: `the reference image is built from the Debian mirror this host uses; found: ${seen.join(', ') || 'no source at all'}`,
      },
    )
  }
  const security = sources.find((source) => isDebian(source) && source.suite === `${hostCodename}-security`)
  return [line(main.uri, suite), ...(security === undefined ? [] : [line(security.uri, `${suite}-security`)])]
}

/** Reads every apt source of this host. */
export async function readHostSources(folder = '/etc/apt'): Promise<readonly AptSource[]> {
  const parts = join(folder, 'sources.list.d')
  const names = await readdir(parts).catch(() => [])
  const read = async (path: string): Promise<string> => await readFile(path, 'utf8').catch(() => '')
  const texts = names.toSorted().map(async (name) => {
    if (name.endsWith('.sources')) return parseDeb822(await read(join(parts, name)))
    if (name.endsWith('.list')) return parseSourcesList(await read(join(parts, name)))
    return []
  })
  return [parseSourcesList(await read(join(folder, 'sources.list'))), ...(await Promise.all(texts))].flat()
}

function parseStanza(stanza: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>()
  let current: string | undefined
  for (const line of stanza.split('\n')) {
    if (line.startsWith('#')) continue
    const match = /^([A-Za-z-]+):\s*(.*)$/.exec(line)
    if (match !== null) {
      current = (match[1] ?? '').toLowerCase()
      fields.set(current, match[2] ?? '')
    } else if (current !== undefined && /^\s/.test(line)) {
      fields.set(current, `${fields.get(current) ?? ''}\n${line.trim()}`.trim())
    }
  }
  return fields
}

const words = (text: string): readonly string[] => text.split(/\s+/).filter((word) => word !== '')
