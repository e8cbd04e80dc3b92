// `signalbox doctor`: what this host can do, and the command that mends each gap.

import { colors } from '../colors.ts'
import { inspectHost, type HostRow } from '../../../qemu/index.ts'
import { showProgress } from '../progress.ts'

/** The action of `doctor`; exits with 3 when something needed is missing. */
export async function doctor(flags: Readonly<Record<string, unknown>>): Promise<number> {
  const rows = await (async () => {
    using progress = showProgress('doctor')
    progress.update('looking at QEMU, the accelerator and the disks')
    return await inspectHost()
  })()
  if (flags['json'] === true) process.stdout.write(`${JSON.stringify(rows, undefined, 2)}\n`)
  else print(rows)
  return rows.some(({ status }) => status === 'missing') ? 3 : 0
}

const marks: Readonly<Record<HostRow['status'], string>> = {
  ok: colors.green('ok     '),
  warning: colors.yellow('warning'),
  missing: colors.red('missing'),
}

function print(rows: readonly HostRow[]): void {
  const width = Math.max(...rows.map(({ what }) => what.length)) + 2
  for (const { what, status, detail, remedy } of rows) {
    process.stdout.write(`${marks[status]}  ${what.padEnd(width)}${detail}\n`)
    if (remedy !== undefined)
      process.stdout.write(`${' '.repeat(9 + width)}${colors.cyan(`mend it: ${remedy.join(' ')}`)}\n`)
  }
}
