// The host's own apt sources, read so that backports come from the same mirror with the same keys. Formats: sources.list(5),
// both the one-line and the deb822 style.

/** Fields of a deb822 stanza by lower-case name; a value may have several lines (an embedded key). */
export type SourceFields = ReadonlyMap<string, string>

/** One archive of the host, as `apt-get indextargets` and the file that configures it tell. */
export interface AptSource {
  readonly uri: string
  readonly release: string
  /** Options to be carried over: `signed-by`, `trusted`, `architectures`, ... */
  readonly options: SourceFields
}

const PLACE = new Set(['types', 'uris', 'suites', 'components', 'enabled', 'description', 'x-repolib-name'])

const ONE_LINE_NAMES: Readonly<Record<string, string>> = {
  arch: 'architectures',
  lang: 'languages',
  target: 'targets',
}

/** The options of the entry for `uri` and `release` in a `.sources` or `.list` file's text; empty when there is none. */
export function sourceOptions(text: string, isDeb822: boolean, uri: string, release: string): SourceFields {
  const entries = isDeb822 ? parseDeb822(text) : parseOneLine(text)
  const wanted = uri.replace(/\/$/, '')
  const found = entries.find(
    (fields) =>
      words(fields.get('uris')).some((candidate) => candidate.replace(/\/$/, '') === wanted) &&
      words(fields.get('suites')).includes(release),
  )
  return new Map([...(found ?? [])].filter(([name]) => !PLACE.has(name)))
}

/** The deb822 text of a source for `release`-backports on the same archive as `source`. */
export function backportsSource(source: AptSource): string {
  const lines = [
    '# Added by Signalbox for a newer QEMU; safe to delete together with the packages that came from it.',
    'Types: deb',
    `URIs: ${source.uri}`,
    `Suites: ${source.release}-backports`,
    'Components: main',
    ...[...source.options].map(([name, value]) => `${titleCase(name)}: ${value}`),
  ]
  return `${lines.join('\n')}\n`
}

function parseDeb822(text: string): readonly SourceFields[] {
  return text.split(/\n[ \t]*\n/).map((stanza) => {
    const fields = new Map<string, string>()
    let current: string | undefined
    for (const line of stanza.split('\n')) {
      if (line.startsWith('#')) continue
      const [, name, value = ''] = /^([A-Za-z][\w-]*):[ \t]*(.*)$/.exec(line) ?? []
      if (name !== undefined) {
        current = name.toLowerCase()
        fields.set(current, value.trimEnd())
      } else if (current !== undefined && /^[ \t]+\S/.test(line)) {
        fields.set(current, `${fields.get(current) ?? ''}\n${line}`)
      }
    }
    return fields
  })
}

function parseOneLine(text: string): readonly SourceFields[] {
  return text.split('\n').flatMap((line) => {
    const [, options = '', uri, suite] = /^deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)/.exec(line.trim()) ?? []
    if (uri === undefined || suite === undefined) return []
    const pairs = words(options).map((option): [string, string] => {
      const [name = '', ...value] = option.split('=')
      return [ONE_LINE_NAMES[name] ?? name, value.join('=').replaceAll(',', ' ')]
    })
    return [new Map([...pairs, ['uris', uri], ['suites', suite]])]
  })
}

function words(text: string | undefined): readonly string[] {
  return (text ?? '').split(/\s+/).filter((word) => word !== '')
}

function titleCase(name: string): string {
  return name.replaceAll(/(^|-)([a-z])/g, (_, dash: string, letter: string) => dash + letter.toUpperCase())
}
