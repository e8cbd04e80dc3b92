// What an address of the dashboard means. Pure; what it does not know is undefined.

export type Wanted =
  | { readonly kind: 'board' }
  | { readonly kind: 'board-events' }
  | { readonly kind: 'tests'; readonly days: number }
  | {
      readonly kind: 'trend'
      readonly test: string
      readonly target: string | undefined
      readonly days: number
    }
  | { readonly kind: 'compare'; readonly before: string; readonly after: string }
  | { readonly kind: 'run'; readonly run: string }
  | { readonly kind: 'run-events'; readonly run: string }
  | { readonly kind: 'file'; readonly run: string; readonly path: string }
  /** The same with a slash at its end: relative addresses need it. */
  | { readonly kind: 'moved'; readonly location: string }

const DAYS = 90

/** Reads path and query of a request. */
export function wantedOf(target: string): Wanted | undefined {
  const url = URL.parse(target, 'http://here')
  if (url === null) return undefined
  const { pathname, searchParams } = url
  switch (pathname) {
    case '/':
      return { kind: 'board' }
    case '/events':
      return { kind: 'board-events' }
    case '/tests':
      return { kind: 'tests', days: daysOf(searchParams, 30) }
    case '/test': {
      const test = searchParams.get('name') ?? ''
      const chosen = searchParams.get('target')
      return test === ''
        ? undefined
        : { kind: 'trend', test, target: chosen ?? undefined, days: daysOf(searchParams, DAYS) }
    }
    case '/compare':
      return {
        kind: 'compare',
        before: searchParams.get('before') ?? '',
        after: searchParams.get('after') ?? '',
      }
    default:
      return ofRun(pathname)
  }
}

function ofRun(pathname: string): Wanted | undefined {
  const [, name, rest] = /^\/run\/([^/]+)(?:\/(.*))?$/.exec(pathname) ?? []
  const run = decoded(name)
  if (run === undefined) return undefined
  if (rest === undefined) return { kind: 'moved', location: `${pathname}/` }
  if (rest === '') return { kind: 'run', run }
  if (rest === 'events') return { kind: 'run-events', run }
  const path = decoded(rest)
  return path === undefined ? undefined : { kind: 'file', run, path }
}

function daysOf(params: URLSearchParams, usual: number): number {
  const days = Number(/^(\d{1,4})d$/.exec(params.get('since') ?? '')?.[1] ?? usual)
  return Math.max(1, days)
}

function decoded(text: string | undefined): string | undefined {
  if (text === undefined || text === '') return undefined
  try {
    const name = decodeURIComponent(text)
    return name.includes('\0') ? undefined : name
  } catch {
    return undefined
  }
}
