// A machine's serial console on a person's terminal, live: each line marked with the machine's name and made harmless. A
// flooding machine is shown in part; its console.txt has everything.

import { oneLine } from '../hostile-text.ts'
import type { PlatformMachine } from '../machine.ts'

const LINES_A_SECOND = 200
const LONGEST_LINE = 500

/** Shows what the machine prints; but not what a fork has from its template. */
export function showConsole(
  { name, console, origin }: Pick<PlatformMachine, 'name' | 'console' | 'origin'>,
  print: (lines: readonly string[]) => void,
  dim: (text: string) => string,
  now: () => number = () => performance.now(),
): void {
  const mark = dim(`${name} |`)
  let secondBegan = now()
  let shown = 0
  let omitted = 0
  let isHistory = origin !== 'cold'
  console.subscribe((line) => {
    if (isHistory) return
    if (now() - secondBegan >= 1000) {
      if (omitted > 0) print([`${mark} ${dim(`[${omitted} lines are only in its console.txt]`)}`])
      secondBegan = now()
      shown = 0
      omitted = 0
    }
    shown += 1
    if (shown > LINES_A_SECOND) omitted += 1
    else print([`${mark} ${oneLine(line, LONGEST_LINE)}`])
  })
  isHistory = false
}
