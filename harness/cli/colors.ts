// The colours of what commands print themselves, decided as the reports decide theirs: only on a terminal, and as NO_COLOR and
// FORCE_COLOR say. (picocolors alone would also colour whatever runs where CI is set.)

import pc from 'picocolors'
import { terminalOf } from '../../reports/terminal.ts'

/** For standard output. */
export const colors = pc.createColors(terminalOf(process.stdout, process.env).colors)

/** For standard error. */
export const errorColors = pc.createColors(terminalOf(process.stderr, process.env).colors)
