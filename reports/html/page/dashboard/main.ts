// A page of the dashboard: reads what it is about, and shows it.

import type { DashboardPage } from '../../../serve/data.ts'
import { fill, h } from '../dom.ts'
import { brand, skipLink } from '../frame.ts'
import { boardView } from './board-view.ts'
import { compareImagesView } from './compare-images-view.ts'
import { liveView } from './live-view.ts'
import { problemView } from './problem-view.ts'
import { testListView } from './test-list-view.ts'
import { trendView } from './trend-view.ts'

show(JSON.parse(document.getElementById('page')?.textContent ?? '') as DashboardPage)

function show(page: DashboardPage): void {
  const main = h('main', { id: 'main', tabindex: -1 })
  document.body.append(
    skipLink(main),
    h(
      'header',
      { class: 'top' },
      brand('/'),
      h('p', { class: 'about-run' }, page.page === 'board' ? 'release gate and test history' : page.title),
      h('span', { class: 'grow' }),
      h(
        'nav',
        { class: 'views', aria: { label: 'Views' } },
        tab('Overview', '/', page.page === 'board'),
        tab('Tests', '/tests', page.page === 'tests' || page.page === 'trend'),
        tab('Compare', '/compare', page.page === 'compare'),
      ),
    ),
    main,
  )
  fill(main, viewOf(page))
}

function tab(name: string, href: string, isHere: boolean): HTMLElement {
  return h('a', { href, aria: isHere ? { current: 'page' } : {} }, name)
}

function viewOf(page: DashboardPage): HTMLElement {
  switch (page.page) {
    case 'board':
      return boardView(page)
    case 'tests':
      return testListView(page)
    case 'trend':
      return trendView(page)
    case 'compare':
      return compareImagesView(page)
    case 'live':
      return liveView(page)
    case 'problem':
      return problemView(page)
    default:
      return page satisfies never
  }
}
