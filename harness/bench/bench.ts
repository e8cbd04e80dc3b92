// `npm run bench -- [--only NAME...] [--json FILE]`: prints the table of figures, and writes them for programs. A figure
// that is not what is asked is no error: the table says it.

import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { didYouMean } from '../nearest.ts'
import { benchmarks } from './benchmarks.ts'
import { askedText, measure, tableOf, type Figure } from './figure.ts'

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: {
      only: { type: 'string', multiple: true },
      json: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
    allowPositionals: true,
  })
  const known = benchmarks.map(({ name }) => name)
  if (values.help === true) {
    process.stdout.write('npm run bench -- [--only NAME...] [--json FILE]\n\n')
    for (const { name, help, asked, unit } of benchmarks) {
      const wish = asked === undefined ? '' : `; asked: ${askedText(asked)} ${unit}`
      process.stdout.write(`  ${name.padEnd(25)}${help}${wish}\n`)
    }
    return 0
  }
  const wanted = [...(values.only ?? []), ...positionals]
  const unknown = wanted.find((name) => !known.includes(name))
  if (unknown !== undefined) {
    process.stderr.write(`error: no benchmark is named "${unknown}"\nhint: ${didYouMean(unknown, known)}\n`)
    return 2
  }
  const figures: Figure[] = []
  for (const benchmark of benchmarks) {
    if (wanted.length > 0 && !wanted.includes(benchmark.name)) continue
    figures.push(await measure(benchmark, (line) => process.stderr.write(`${line}\n`)))
    if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(figures, undefined, 2)}\n`)
  }
  process.stdout.write(`${tableOf(figures)}\n`)
  return 0
}

process.exitCode = await main()
