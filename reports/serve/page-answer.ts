// A page of the dashboard as an answer: the same kind of document as the report, with data of its own.

import { dataBlock, documentText, type PageCode, readCode } from '../html/page-text.ts'
import { shownLine } from '../html/shown-text.ts'
import type { Answer } from './answer.ts'
import type { DashboardPage } from './data.ts'
import { dashboardCss } from './style.ts'

let code: Promise<PageCode> | undefined

/** The page; it may ask this server for streams, and nobody for anything else. */
export async function pageAnswer(page: DashboardPage, status: number): Promise<Answer> {
  code ??= readCode('dashboard/main', { css: dashboardCss, policy: ["connect-src 'self'"] })
  const read = await code
  const text = documentText({
    title: page.title,
    code: read,
    noscript: 'The dashboard needs JavaScript; it is all in this page.',
    data: dataBlock('page', page),
  })
  return { kind: 'page', status, text, policy: read.policy }
}

/** What is wrong, as a page. */
export async function problem(
  status: number,
  title: string,
  message: string,
  hint?: string,
): Promise<Answer> {
  return await pageAnswer(
    {
      page: 'problem',
      title,
      message: shownLine(message),
      ...(hint === undefined ? {} : { hint: shownLine(hint) }),
    },
    status,
  )
}
