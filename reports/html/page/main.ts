// The page: reads the index, shows what the address says, follows it.

import { aboutView } from './about-view.ts'
import { attemptView } from './attempt-view.ts'
import { brand, skipLink } from './frame.ts'
import { causesView } from './causes-view.ts'
import { compareView } from './compare-view.ts'
import { fill, h } from './dom.ts'
import { metricsView } from './metrics-view.ts'
import { parseRoute, routeText, type Route } from './route.ts'
import { openStore, type Store } from './store.ts'
import { testsView } from './tests-view.ts'
import { signOf, verdictsByWeight } from './words.ts'

start()

function start(): void {
  performance.mark('begin')
  const store = openStore()
  performance.mark('read')
  const { index } = store
  const main = h('main', { id: 'main', tabindex: -1 })
  const tabs = h('nav', { class: 'views', aria: { label: 'Views' } })
  document.body.append(
    skipLink(main),
    h(
      'header',
      { class: 'top' },
      brand(index.home ?? '#/'),
      h('p', { class: 'about-run' }, index.title),
      totals(store),
      tabs,
    ),
    main,
  )
  const follow = (route: Route, how: 'replace' | 'push'): void => {
    if (how === 'push') location.hash = routeText(route)
    else {
      history.replaceState(null, '', routeText(route))
      show()
    }
  }
  const tests = testsView(store, main, follow)
  /** Where the list was, and its address, for the way back. */
  let listTop = 0
  let listHash = '#/'
  let last: Route['view'] | undefined
  const show = (): void => {
    const route = parseRoute(location.hash)
    if (last === 'tests') listTop = main.scrollTop
    if (route.view === 'tests') {
      listHash = location.hash === '' ? '#/' : location.hash
      if (last !== 'tests') fill(main, tests.element)
      tests.update(route)
      main.scrollTop = last === 'tests' ? Math.min(main.scrollTop, listTop) : listTop
    } else {
      fill(main, viewOf(route, store, listHash))
      main.scrollTop = 0
      // Who reads by ear hears where they are now.
      if (last !== undefined) main.querySelector<HTMLElement>('h1')?.focus()
    }
    last = route.view
    fill(tabs, ...homeLink(index.home), ...tabLinks(route, listHash))
    document.title = `${titleOf(route)} · ${index.title} · Signalbox`
  }
  addEventListener('hashchange', show)
  show()
  performance.mark('ready')
}

function viewOf(route: Exclude<Route, { view: 'tests' }>, store: Store, listHash: string): HTMLElement {
  switch (route.view) {
    case 'causes':
      return causesView(store.index)
    case 'metrics':
      return metricsView(store.index)
    case 'about':
      return aboutView(store.index)
    case 'attempt':
    case 'compare': {
      const found = store.find(route.at)
      const back = h('nav', { class: 'back', aria: { label: 'Back' } }, h('a', { href: listHash }, '← Tests'))
      if (found === undefined)
        return h(
          'article',
          {},
          back,
          h('h1', { tabindex: -1 }, 'No such attempt'),
          h(
            'p',
            {},
            `This report has no attempt ${route.at.n} of ${route.at.test} in the run ${route.at.run}.`,
          ),
        )
      const view =
        route.view === 'attempt'
          ? attemptView(store, found)
          : compareView(store, found, route.other === undefined ? undefined : store.find(route.other))
      view.prepend(back)
      return view
    }
    default:
      return route satisfies never
  }
}

function titleOf(route: Route): string {
  if (route.view === 'attempt' || route.view === 'compare') return route.at.test
  return route.view === 'tests' ? 'Tests' : route.view
}

function homeLink(home: string | undefined): readonly HTMLElement[] {
  return home === undefined ? [] : [h('a', { href: home }, '← Dashboard')]
}

function tabLinks(route: Route, listHash: string): readonly HTMLElement[] {
  const links = [
    ['Tests', listHash, route.view === 'tests' || route.view === 'attempt' || route.view === 'compare'],
    ['Causes', '#/causes', route.view === 'causes'],
    ['Metrics', '#/metrics', route.view === 'metrics'],
    ['About', '#/about', route.view === 'about'],
  ] as const
  return links.map(([name, href, isHere]) => h('a', { href, aria: isHere ? { current: 'page' } : {} }, name))
}

function totals({ index }: Store): HTMLElement {
  const { verdicts } = index
  const shown = verdictsByWeight.filter((verdict) => verdicts[verdict] > 0)
  const all = Math.max(
    1,
    shown.reduce((sum, verdict) => sum + verdicts[verdict], 0),
  )
  const words = shown.map((verdict) => `${verdicts[verdict].toLocaleString('en')} ${verdict}`).join(', ')
  return h(
    'div',
    { class: 'totals', role: 'img', aria: { label: words === '' ? 'no verdicts' : words }, title: words },
    ...shown.map((verdict) =>
      h(
        'span',
        {
          class: `part ${verdict}`,
          style: { 'flex-grow': String(Math.max(verdicts[verdict] / all, 0.012)) },
        },
        verdicts[verdict] / all > 0.08 && `${signOf(verdict)} ${verdicts[verdict].toLocaleString('en')}`,
      ),
    ),
  )
}
