// How far a run is: a small fold over the items of its events.

import { noVerdicts } from '../../harness/verdict.ts'
import type { LiveItem, RunProgress } from './data.ts'

export interface Progress {
  add(item: LiveItem): void
  /** At this moment; undefined before anything has begun. */
  now(): Omit<RunProgress, 'href' | 'state'> | undefined
  /** Whether every run that has begun has ended. */
  isOver(): boolean
  /** The runs in it: one a target. */
  runs(): readonly string[]
}

/** Starts with nothing. */
export function startProgress(): Progress {
  const runs = new Map<string, { name: string; image: string; ended: string | undefined }>()
  const verdicts = { ...noVerdicts }
  const running = new Map<string, string>()
  let startedAt: string | undefined
  let planned = 0
  return {
    add(item) {
      switch (item.k) {
        case 'run':
          startedAt ??= item.at
          runs.set(item.run, { name: item.name ?? '', image: '', ended: undefined })
          return
        case 'plan': {
          const { name, image } = item
          runs.set(item.run, { name, image, ended: undefined })
          planned += item.planned + item.skipped
          return
        }
        case 'end': {
          const known = runs.get(item.run)
          // Why it ended is said first.
          runs.set(item.run, { name: '', image: '', ...known, ended: known?.ended ?? item.text })
          return
        }
        case 'attempt':
          running.set(`${item.run}\n${item.test}\n${item.n}`, item.test)
          return
        case 'outcome':
          running.delete(`${item.run}\n${item.test}\n${item.n}`)
          return
        case 'verdict':
          verdicts[item.verdict] += 1
          return
        case 'notice':
        case 'doing':
          return
        default:
          item satisfies never
      }
    },
    now() {
      if (startedAt === undefined) return undefined
      const all = [...runs.values()]
      const images = new Set(all.map(({ image }) => image).filter((image) => image !== ''))
      return {
        targets: all.map(({ name }) => name).filter((name) => name !== ''),
        images: [...images],
        startedAt,
        planned,
        verdicts: { ...verdicts },
        running: [...new Set(running.values())].slice(0, 8),
        moreRunning: Math.max(0, new Set(running.values()).size - 8),
        ends: [...new Set(all.flatMap(({ ended }) => ended ?? []))],
      }
    },
    isOver: () => runs.size > 0 && [...runs.values()].every(({ ended }) => ended !== undefined),
    runs: () => [...runs.keys()],
  }
}
