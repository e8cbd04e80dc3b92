// `signalbox template list|prune`: the saved machines that others are forked from, and what stands in their way.

import { basename } from 'node:path'
import { colors } from '../colors.ts'
import { pruneTemplates, takeInventory, type TemplateInventory } from '../../../qemu/index.ts'
import { forgetColdOnly, listColdOnly } from '../../forks/cold-only.ts'
import { oneLine } from '../../hostile-text.ts'
import { showProgress } from '../progress.ts'
import { mebibytes, spanOf, templateColumns, templateLine, templateRow } from '../template-lines.ts'

type Flags = Readonly<Record<string, unknown>>

/** The action of `template list`. */
export async function templateList(flags: Flags): Promise<number> {
  const inventory = await takeInventory()
  const coldOnly = listColdOnly()
  if (flags['json'] === true) {
    const { templates, places, others, refusals } = inventory
    const rows = {
      templates: templates.map((entry) => templateRow(entry)),
      others,
      places: places.map(({ place, usedBytes, freeBytes }) => ({ ...place, usedBytes, freeBytes })),
      refusals,
      coldOnly,
    }
    process.stdout.write(`${JSON.stringify(rows, undefined, 2)}\n`)
    return 0
  }
  const lines = [
    ...tableLines(inventory),
    ...otherLines(inventory),
    ...inventory.places.map(
      ({ place, usedBytes, freeBytes }) =>
        `${mebibytes(usedBytes)} of ${mebibytes(place.limitBytes)} ${place.kind === 'memory' ? 'in memory' : 'on disk'}: ${place.folder}${freeBytes === undefined ? '' : colors.dim(`, ${mebibytes(freeBytes)} free`)}`,
    ),
    ...refusalLines(inventory),
    ...coldOnlyLines(coldOnly),
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
  return 0
}

/** The action of `template prune`. */
export async function templatePrune(flags: Flags): Promise<number> {
  const all = flags['all'] === true
  const removed = await (async () => {
    using progress = showProgress('templates')
    progress.update('reading every byte, to see which are damaged')
    return await pruneTemplates({ all })
  })()
  const forgotten = all ? forgetColdOnly() : []
  const left = (await takeInventory()).templates
  if (flags['json'] === true) {
    const kept = left.map((entry) => templateRow(entry))
    process.stdout.write(`${JSON.stringify({ removed, forgotten, kept }, undefined, 2)}\n`)
    return 0
  }
  const lines = [
    ...removed.map(({ folder, bytes, why }) => {
      const size = bytes === 0 ? '' : ` (${mebibytes(bytes)})`
      return `removed ${nameOf(folder)}${size}: ${why === 'all' ? '--all' : oneLine(why, 200)}`
    }),
    ...forgotten.map((test) => `${oneLine(test, 200)} may be forked again`),
    ...(all ? left.map(({ id }) => `kept ${id}: a machine uses it`) : []),
  ]
  process.stdout.write(lines.length === 0 ? 'nothing to remove\n' : `${lines.join('\n')}\n`)
  return 0
}

function tableLines({ templates }: TemplateInventory): readonly string[] {
  if (templates.length === 0)
    return ['there are no templates; a run makes them, and so does "signalbox template build"', '']
  const now = Date.now()
  const cells = templates.map((entry) => templateLine(entry, now))
  const width = (column: (typeof templateColumns)[number]): number =>
    Math.max(column.length, ...cells.map((row) => row[column].length))
  const head = templateColumns.map((column) => column.padEnd(width(column))).join('  ')
  return [
    colors.dim(head.trimEnd()),
    ...templates.flatMap(({ damage }, index) => {
      const row = cells[index]
      if (row === undefined) return []
      const line = templateColumns.map((column) => row[column].padEnd(width(column))).join('  ')
      const marked = damage === undefined ? [] : [colors.yellow(`    damaged: ${oneLine(damage, 200)}`)]
      return [line.trimEnd(), ...marked]
    }),
    '',
  ]
}

function otherLines({ others }: TemplateInventory): readonly string[] {
  if (others.length === 0) return []
  return [...others.map(({ folder, bytes, what }) => `${nameOf(folder)}  ${what}, ${mebibytes(bytes)}`), '']
}

function refusalLines({ refusals }: TemplateInventory): readonly string[] {
  if (refusals.length === 0) return []
  const rows = refusals.map(({ id, reason, facts, at }) => {
    const about = [facts['image'], facts['memoryMiB'] === undefined ? undefined : `${facts['memoryMiB']} MiB`]
    const shown = about.filter((part) => part !== undefined).join(', ')
    return `  ${id}  ${shown === '' ? '' : `${shown}: `}${oneLine(reason, 300)} ${colors.dim(`(${agoOf(at)})`)}`
  })
  return ['', 'booted, as no template can be made of them (until "signalbox template prune"):', ...rows]
}

function coldOnlyLines(marks: ReturnType<typeof listColdOnly>): readonly string[] {
  if (marks.length === 0) return []
  const rows = marks.map(
    ({ test, reason, at }) =>
      `  ${oneLine(test, 200)}  ${oneLine(reason, 300)} ${colors.dim(`(${agoOf(at)})`)}`,
  )
  return ['', 'booted, as a fork of them was once wrong (until "signalbox template prune --all"):', ...rows]
}

function agoOf(at: string): string {
  return `${spanOf(Date.now() - Date.parse(at))} ago`
}

// `<key>`, `<key>.<chance>.draft`, `<key>.refused`.
function nameOf(folder: string): string {
  const [key = '', ...rest] = basename(folder).split('.')
  return [key.slice(0, 12), ...rest.slice(-1)].join('.')
}
