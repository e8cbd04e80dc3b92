// Where the reader is, in the fragment of the address: each view can be linked to, gone back to, and reloaded.

export type Route =
  | { readonly view: 'tests'; readonly query: string; readonly order: Order }
  | { readonly view: 'causes' }
  | { readonly view: 'metrics' }
  | { readonly view: 'about' }
  | { readonly view: 'attempt'; readonly at: AttemptAddress }
  | { readonly view: 'compare'; readonly at: AttemptAddress; readonly other: AttemptAddress | undefined }

export type Order = 'worst' | 'name' | 'slowest'

/** By name and not by number: the address means the same in a report that was made again. */
export interface AttemptAddress {
  readonly run: string
  readonly test: string
  readonly n: number
}

/** Reads a fragment; what it does not know is the list of tests. */
export function parseRoute(fragment: string): Route {
  const [path = '', search = ''] = splitOnce(fragment.replace(/^#/, ''), '?')
  const params = new URLSearchParams(search)
  switch (path) {
    case '/causes':
      return { view: 'causes' }
    case '/metrics':
      return { view: 'metrics' }
    case '/about':
      return { view: 'about' }
    case '/attempt':
      return { view: 'attempt', at: addressOf(params, '') }
    case '/compare': {
      const other = params.has('with-test') ? addressOf(params, 'with-') : undefined
      return { view: 'compare', at: addressOf(params, ''), other }
    }
    default: {
      const order = params.get('order')
      return {
        view: 'tests',
        query: params.get('q') ?? '',
        order: order === 'name' || order === 'slowest' ? order : 'worst',
      }
    }
  }
}

/** The fragment of a place. */
export function routeText(route: Route): string {
  switch (route.view) {
    case 'tests': {
      const params = new URLSearchParams()
      if (route.query !== '') params.set('q', route.query)
      if (route.order !== 'worst') params.set('order', route.order)
      const search = params.toString()
      return search === '' ? '#/' : `#?${search}`
    }
    case 'causes':
    case 'metrics':
    case 'about':
      return `#/${route.view}`
    case 'attempt':
      return `#/attempt?${addressText(route.at, '')}`
    case 'compare': {
      const other = route.other === undefined ? '' : `&${addressText(route.other, 'with-')}`
      return `#/compare?${addressText(route.at, '')}${other}`
    }
    default:
      return route satisfies never
  }
}

function addressOf(params: URLSearchParams, prefix: string): AttemptAddress {
  return {
    run: params.get(`${prefix}run`) ?? '',
    test: params.get(`${prefix}test`) ?? '',
    n: Number(params.get(`${prefix}n`) ?? 1),
  }
}

function addressText({ run, test, n }: AttemptAddress, prefix: string): string {
  return new URLSearchParams([
    [`${prefix}run`, run],
    [`${prefix}test`, test],
    [`${prefix}n`, String(n)],
  ]).toString()
}

function splitOnce(text: string, mark: string): readonly string[] {
  const at = text.indexOf(mark)
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)]
}
