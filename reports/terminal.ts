// What the output can show, decided once from the stream and the environment: a live region, colours, Unicode, its width.

import pc from 'picocolors'

export type Environment = Readonly<Record<string, string | undefined>>

/** The part of `process.stdout` that a reporter needs; a test gives its own. */
export interface ReportStream {
  write(text: string): unknown
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
  readonly rows?: number | undefined
  on?(event: 'resize' | 'error', listener: () => void): unknown
  off?(event: 'resize' | 'error', listener: () => void): unknown
}

export interface Terminal {
  /** A region below the scrolled lines may be redrawn. */
  readonly live: boolean
  readonly colors: boolean
  readonly unicode: boolean
}

/**
 * Live only on a terminal that is not dumb, outside CI and without NO_COLOR. Colours only on a terminal; NO_COLOR
 * switches them off, FORCE_COLOR on or off. Unicode when the locale is UTF-8 (LC_ALL, LC_CTYPE, LANG in this order).
 */
export function terminalOf(stream: ReportStream, env: Environment): Terminal {
  const screen = stream.isTTY === true && env['TERM'] !== 'dumb'
  const noColor = isSet(env['NO_COLOR'])
  const ci = isSet(env['CI']) && env['CI'] !== 'false' && env['CI'] !== '0'
  const force = env['FORCE_COLOR']
  const forced = force === undefined ? undefined : force !== '0' && force !== 'false'
  const locale = [env['LC_ALL'], env['LC_CTYPE'], env['LANG']].find(isSet) ?? ''
  return {
    live: screen && !ci && !noColor,
    colors: !noColor && (forced ?? screen),
    unicode: /utf-?8/i.test(locale),
  }
}

/** The size now; a terminal that does not know its own (0, as in `script`) counts as 80 x 24. */
export function sizeOf(stream: ReportStream): { readonly columns: number; readonly rows: number } {
  const { columns = 0, rows = 0 } = stream
  return { columns: columns > 0 ? columns : 80, rows: rows > 0 ? rows : 24 }
}

function isSet(value: string | undefined): value is string {
  return value !== undefined && value !== ''
}

export type Colors = ReturnType<typeof pc.createColors>

export interface Symbols {
  readonly passed: string
  readonly flaky: string
  readonly warned: string
  readonly failed: string
  readonly infra: string
  readonly skipped: string
  readonly missing: string
  readonly retry: string
  readonly notice: string
  readonly dot: string
  readonly bar: string
  readonly done: string
  readonly todo: string
  readonly spinner: readonly string[]
}

const unicodeSymbols: Symbols = {
  passed: '✓',
  flaky: '≈',
  warned: '△',
  failed: '✗',
  infra: '!',
  skipped: '-',
  missing: '?',
  retry: '↻',
  notice: '•',
  dot: '·',
  bar: '│',
  done: '━',
  todo: '─',
  spinner: ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'],
}

const asciiSymbols: Symbols = {
  passed: '+',
  flaky: '~',
  warned: 'w',
  failed: 'x',
  infra: '!',
  skipped: '-',
  missing: '?',
  retry: '@',
  notice: '*',
  dot: '|',
  bar: '|',
  done: '#',
  todo: '-',
  spinner: ['-', '\\', '|', '/'],
}

/** How to write for one output. */
export interface Look {
  readonly colors: Colors
  readonly symbols: Symbols
  /** The last step before writing: outside UTF-8 a byte of a multi-byte character could be an 8-bit control. */
  readonly encode: (text: string) => string
  /** Characters a verdict line may take, or `Infinity`. */
  readonly width: number
}

export function lookOf(terminal: Pick<Terminal, 'colors' | 'unicode'>, width = Infinity): Look {
  return {
    colors: pc.createColors(terminal.colors),
    symbols: terminal.unicode ? unicodeSymbols : asciiSymbols,
    encode: terminal.unicode ? (text) => text : toAscii,
    width,
  }
}

/** Text for a terminal that is not UTF-8: the few signs of our own spelt out, all else `?`. */
export function toAscii(text: string): string {
  return text
    .replaceAll('…', '...')
    .replaceAll('⏎', '\\n')
    .replaceAll(/[–—]/g, '-')
    .replaceAll(/[\u0080-\u{10FFFF}]/gu, '?')
}
