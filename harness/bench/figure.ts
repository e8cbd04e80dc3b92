// A measured figure and how it is shown. The names are fixed: later versions are compared by them.

/** What is asked of a figure. */
export type Asked = { readonly atMost: number } | { readonly atLeast: number }

/** One row of the table; `value` is the median of `n` measurements. */
export interface Figure {
  readonly name: string
  readonly value: number
  readonly unit: string
  readonly better: 'lower' | 'higher'
  readonly n: number
  readonly min: number
  readonly max: number
  readonly asked?: Asked
  /** Whether the value is what is asked; absent when nothing is. */
  readonly met?: boolean
}

/** A benchmark: what it is called, and how to take one sample. */
export interface Benchmark {
  readonly name: string
  readonly unit: string
  readonly better: 'lower' | 'higher'
  /** Samples to take. */
  readonly n: number
  readonly help: string
  readonly asked?: Asked
  /** Done once before the samples, outside of what is measured. */
  readonly prepare?: () => Promise<void>
  sample(report: (line: string) => void): Promise<number>
}

/** Takes the samples of a benchmark. */
export async function measure(benchmark: Benchmark, report: (line: string) => void): Promise<Figure> {
  const { name, unit, better, n, asked } = benchmark
  await benchmark.prepare?.()
  const samples: number[] = []
  for (let round = 1; round <= n; round += 1) {
    const value = await benchmark.sample(report)
    report(`${name} ${round}/${n}: ${shown(value)} ${unit}`)
    samples.push(value)
  }
  const sorted = samples.toSorted((a, b) => a - b)
  const value = median(sorted)
  return {
    name,
    unit,
    better,
    n,
    value,
    min: sorted[0] ?? 0,
    max: sorted.at(-1) ?? 0,
    ...(asked === undefined ? {} : { asked, met: isMet(value, asked) }),
  }
}

/** Of sorted numbers; 0 of none. */
export function median(sorted: readonly number[]): number {
  const middle = sorted.length / 2
  const upper = sorted[Math.floor(middle)] ?? 0
  return Number.isInteger(middle) ? ((sorted[middle - 1] ?? upper) + upper) / 2 : upper
}

function isMet(value: number, asked: Asked): boolean {
  return 'atMost' in asked ? value <= asked.atMost : value >= asked.atLeast
}

/** `<= 2.5`, `>= 20`; empty when nothing is asked. */
export function askedText(asked: Asked | undefined): string {
  if (asked === undefined) return ''
  return 'atMost' in asked ? `<= ${asked.atMost}` : `>= ${asked.atLeast}`
}

/** A table for people. */
export function tableOf(figures: readonly Figure[]): string {
  const rows = figures.map(({ name, value, unit, n, min, max, asked, met }) => [
    name,
    shown(value),
    unit,
    `${n}`,
    shown(min),
    shown(max),
    askedText(asked),
    met === undefined ? '' : met ? 'yes' : 'no',
  ])
  const all = [['name', 'median', 'unit', 'n', 'min', 'max', 'asked', 'met'], ...rows]
  const widths = all[0]?.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0))) ?? []
  return all
    .map((row) =>
      row
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function shown(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(2)
}
