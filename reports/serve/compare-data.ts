// Two images side by side: what became red or green, what is missing, what takes longer or measures otherwise.

import {
  compareImages,
  type ComparedCell,
  type CellVerdict,
  type History,
  type ImageFigure,
  imageFigures,
  pastImages,
} from '../history/index.ts'
import { shownLine } from '../html/shown-text.ts'
import type { CompareGroup, ComparePage, FigureRow, VerdictLink } from './data.ts'
import { attemptHref, testHref } from './hrefs.ts'

const IMAGES = 200
const CELLS = 300
const FIGURES = 100

/** A figure that is by less than this factor another one has not changed... */
const FACTOR = 1.25
/** ...and neither has a time by less than this. */
const LEAST_MS = 100

/** The page; with two images that the history knows, their comparison. */
export async function comparePage(
  history: History,
  { before, after }: { readonly before: string; readonly after: string },
): Promise<ComparePage> {
  const images = await pastImages(history, IMAGES)
  const result = before === '' || after === '' ? undefined : await compareImages(history, before, after)
  const common = {
    page: 'compare' as const,
    title: result === undefined ? 'Compare images' : `${shownLine(before, 80)} and ${shownLine(after, 80)}`,
    images: images.map(({ digest, distro, version, channel, architecture, runs, atMs }) => ({
      value: digest,
      name: shownLine(
        `${distro} ${version} (${channel}, ${architecture}), ${digest.slice(0, 19)}, ${runs === 1 ? '1 run' : `${runs} runs`}, last ${new Date(atMs).toISOString().slice(0, 10)}`,
        200,
      ),
    })),
    before: shownLine(before, 100),
    after: shownLine(after, 100),
  }
  if (result === undefined) return common
  const figures = changedFigures(await imageFigures(history, before), await imageFigures(history, after))
  return {
    ...common,
    result: {
      groups: [
        groupOf('Newly red', 'failed', result.newlyRed),
        groupOf('Red, and not judged before', 'failed', result.redAndNew),
        groupOf('Red in both', 'flaky', result.stillRed),
        groupOf('Newly green', 'passed', result.mended),
        groupOf('Missing: judged before, not any more', 'missing', result.unjudged),
      ],
      figures: figures.slice(0, FIGURES),
      moreFigures: Math.max(0, figures.length - FIGURES),
    },
  }
}

function groupOf(title: string, tone: CompareGroup['tone'], cells: readonly ComparedCell[]): CompareGroup {
  return {
    title,
    tone,
    more: Math.max(0, cells.length - CELLS),
    cells: cells.slice(0, CELLS).map(({ test, target, before, after }) => ({
      test: shownLine(test, 300),
      href: testHref(test, { target }),
      target: shownLine(target, 200),
      ...(before === undefined ? {} : { before: linkOf(test, before) }),
      ...(after === undefined ? {} : { after: linkOf(test, after) }),
      ...(after?.fingerprint === undefined ? {} : { fingerprint: shownLine(after.fingerprint, 60) }),
    })),
  }
}

function linkOf(test: string, { run, verdict }: CellVerdict): VerdictLink {
  // Where there is no such attempt, the report shows the last one.
  return { verdict, href: attemptHref({ run, test, n: Number.MAX_SAFE_INTEGER }) }
}

/** Those that differ clearly, the most first. */
function changedFigures(before: readonly ImageFigure[], after: readonly ImageFigure[]): readonly FigureRow[] {
  const keyOf = ({ test, target, name, unit }: ImageFigure): string =>
    JSON.stringify([test, target, name, unit])
  const earlier = new Map(before.map((figure) => [keyOf(figure), figure]))
  return after
    .flatMap((figure): readonly FigureRow[] => {
      const was = earlier.get(keyOf(figure))
      if (was === undefined || was.mean <= 0 || figure.mean <= 0) return []
      const ratio = figure.mean / was.mean
      const isSmall = figure.unit === 'ms' && Math.abs(figure.mean - was.mean) < LEAST_MS
      if (isSmall || (ratio < FACTOR && ratio > 1 / FACTOR)) return []
      return [
        {
          test: shownLine(figure.test, 300),
          href: testHref(figure.test, { target: figure.target }),
          target: shownLine(figure.target, 200),
          name: shownLine(figure.name, 100),
          unit: shownLine(figure.unit, 20),
          before: was.mean,
          after: figure.mean,
          ratio,
        },
      ]
    })
    .toSorted(
      (a, b) => Math.abs(Math.log(b.ratio)) - Math.abs(Math.log(a.ratio)) || (a.test < b.test ? -1 : 1),
    )
}
