// The terminal list as a reader sees it: whole plain output, and the screen of a small terminal for the live one.

import { describe, expect, test } from 'vitest'

import type { EventBody, SignalboxEvent } from '../harness/events.ts'
import { isolatedRun, knownRun, repeatedRun } from './flaky-events.test.data.ts'
import { forkedRun } from './forked-events.test.data.ts'
import { createListReporter, HEARTBEAT_MS } from './list.ts'
import {
  ended,
  hostileRun,
  interruptedRun,
  judged,
  killedRun,
  machine,
  milestone,
  mixedRun,
  phase,
  planned,
  runFinished,
  runPlanned,
  runStarted,
  started,
  stream,
} from './sample-events.test.data.ts'
import type { Environment, ReportStream } from './terminal.ts'
import { textWidth } from './text-width.ts'

const utf8: Environment = { LANG: 'C.UTF-8', TERM: 'xterm-256color' }

interface Setup {
  readonly reporter: ReturnType<typeof createListReporter>
  readonly writes: string[]
  readonly clock: { now: number }
  readonly tick: () => void
  readonly stream: { columns: number }
}

function setUp(
  options: { readonly tty?: boolean; readonly env?: Environment; readonly columns?: number } = {},
): Setup {
  const { tty = false, env = utf8, columns = 80 } = options
  const writes: string[] = []
  const clock = { now: 0 }
  const ticks: (() => void)[] = []
  const output: ReportStream & { columns: number } = {
    isTTY: tty,
    columns,
    rows: 24,
    write: (text) => writes.push(text),
  }
  const reporter = createListReporter({
    stream: output,
    env,
    now: () => clock.now,
    every: (_, tick) => {
      ticks.push(tick)
      return () => ticks.splice(0)
    },
  })
  return { reporter, writes, clock, stream: output, tick: () => ticks.forEach((each) => each()) }
}

function play(setup: Setup, events: readonly SignalboxEvent[]): void {
  for (const event of events) {
    setup.clock.now = event.ms
    setup.reporter.onEvent(event)
  }
}

/** What a terminal shows after these writes: cursor up, erase below, carriage return, newline; no wrapping needed. */
function screen(writes: readonly string[]): readonly string[] {
  const lines: string[] = ['']
  let row = 0
  for (const [token] of writes.join('').matchAll(/\u001B\[\??[0-9;]*[A-Za-z]|\n|\r|[^\u001B\n\r]+/g)) {
    const up = /^\u001B\[(\d+)A$/.exec(token)
    if (up !== null) row = Math.max(0, row - Number(up[1]))
    else if (token === '\u001B[J') lines.splice(row, Infinity, '')
    else if (token === '\n') lines[++row] ??= ''
    else if (token !== '\r' && !token.startsWith('\u001B')) lines[row] = (lines[row] ?? '') + token
  }
  return lines.map((line) => line.trimEnd())
}

describe('plain', () => {
  test.each(
    Object.entries({
      mixed: mixedRun(),
      killed: killedRun(),
      interrupted: interruptedRun(),
      hostile: hostileRun(),
      forked: forkedRun(),
      repeated: repeatedRun(),
      isolated: isolatedRun(),
      known: knownRun(),
    }),
  )('%s', async (name, events) => {
    const setup = setUp()
    play(setup, events)
    setup.reporter.end()
    const text = setup.writes.join('')
    await expect(text).toMatchFileSnapshot(`golden/${name}.plain.txt`)
    expect(text).not.toMatch(/[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u202E]/)
  })

  test('no escape code in CI, under NO_COLOR or on a dumb terminal, even on a TTY', () => {
    for (const env of [
      { ...utf8, NO_COLOR: '1' },
      { ...utf8, TERM: 'dumb' },
    ]) {
      const setup = setUp({ tty: true, env })
      play(setup, mixedRun())
      setup.tick()
      setup.reporter.end()
      expect(setup.writes.join('')).not.toContain('\u001B')
    }
    const ci = setUp({ tty: true, env: { ...utf8, CI: 'true' } })
    play(ci, mixedRun())
    ci.reporter.end()
    expect(ci.writes.join('').replaceAll(/\u001B\[\d+m/g, '')).not.toContain('\u001B')
  })

  test('FORCE_COLOR colours what is not a terminal', () => {
    const setup = setUp({ env: { ...utf8, FORCE_COLOR: '1' } })
    play(setup, mixedRun())
    expect(setup.writes.join('')).toContain('\u001B[32m✓\u001B[39m')
  })

  test('outside UTF-8 nothing but ASCII is written', () => {
    for (const tty of [false, true]) {
      const setup = setUp({ tty, env: { LANG: 'C', TERM: 'xterm' } })
      play(setup, [...mixedRun(), ...hostileRun()])
      setup.tick()
      setup.reporter.end()
      expect(setup.writes.join('')).not.toMatch(/[^\u0000-\u007E]/)
    }
    const setup = setUp({ env: {} })
    play(setup, mixedRun())
    expect(setup.writes.join('')).toContain('  + boot.usr-read-only  (0.4 s)\n')
  })

  test('a silent log gets one line every 30 seconds, and none while lines come', () => {
    const setup = setUp()
    play(setup, [
      ...stream([
        [0, runStarted()],
        [0, runPlanned([planned('slow.boot')])],
        [1000, started('slow.boot')],
        [1000, phase('slow.boot', 'ready')],
        [1100, machine('m', [{ test: 'slow.boot', n: 1 }])],
        [2000, milestone('m', 'initrd', 900)],
      ]),
    ])
    setup.writes.length = 0
    for (setup.clock.now = 5000; setup.clock.now <= 95_000; setup.clock.now += 5000) setup.tick()
    expect(setup.writes).toEqual([
      '  … 30 s: slow.boot (ready: initrd, 29 s)\n',
      '  … 60 s: slow.boot (ready: initrd, 59 s)\n',
      '  … 90 s: slow.boot (ready: initrd, 89 s)\n',
    ])
    expect(HEARTBEAT_MS).toBe(30_000)
  })

  test.each([
    [28_500, ': template for 2 tests (ready: ssh, '],
    [31_200, ': fork.makes (ready: ssh, '],
    [50_000, ': fork.agrees (cold boot, to confirm) ('],
  ])('after %i ms the heartbeat names a template, the test that made it, an audit', (ms, expected) => {
    const setup = setUp()
    const events = forkedRun().filter((event) => event.ms <= ms)
    play(setup, events)
    const written = setup.writes.length
    setup.clock.now = ms + HEARTBEAT_MS
    setup.tick()
    expect(setup.writes.slice(written).join('')).toContain(expected)
  })

  test('end is idempotent and nothing comes after it', () => {
    const setup = setUp()
    play(setup, mixedRun())
    setup.reporter.end()
    const written = setup.writes.length
    setup.reporter.end()
    play(setup, mixedRun())
    setup.tick()
    expect(setup.writes).toHaveLength(written)
  })
})

describe('live', () => {
  const running = stream([
    [0, runStarted()],
    [
      0,
      runPlanned([
        planned('boot.usr'),
        planned('net.dhcp'),
        planned('a.one', { group: 'g' }),
        planned('a.two', { group: 'g' }),
      ]),
    ],
    [100, started('boot.usr')],
    [100, phase('boot.usr', 'body')],
    [
      100,
      {
        type: 'step.started',
        attempt: { test: 'boot.usr', n: 1 },
        step: '1',
        category: 'test.step',
        title: 'look at /usr',
      },
    ],
    [200, started('net.dhcp')],
    [3000, ended('net.dhcp', 'passed')],
    [3000, judged('net.dhcp', 'passed', 2800)],
    [3100, started('a.one', 1, 'g')],
    [3100, started('a.two', 1, 'g')],
    [3100, phase('a.one', 'acquire')],
    [3100, phase('a.two', 'acquire')],
    [
      3100,
      machine('m', [
        { test: 'a.one', n: 1 },
        { test: 'a.two', n: 1 },
      ]),
    ],
    [9000, milestone('m', 'initrd', 5900)],
  ])

  test('finished lines stand above a region of what runs', () => {
    const setup = setUp({ tty: true })
    play(setup, running)
    setup.clock.now = 14_000
    setup.tick()
    expect(screen(setup.writes)).toEqual([
      '  qemu-x86_64-direct · reference 1.2.3 (stable) · 4 tests, 2 jobs',
      '',
      '  ✓ net.dhcp  (2.8 s)',
      '',
      '  ⠋ boot.usr     body       14 s  look at /usr',
      '  ⠋ g (2 tests)  acquire    11 s  initrd',
      '',
      '  ━━━━━━──────────────────  1/4  2 running  14 s',
      '',
    ])
  })

  test('a shared boot is told once, and the end leaves only lines', () => {
    const setup = setUp({ tty: true })
    play(setup, [
      ...running,
      ...stream([
        [12_000, milestone('m', 'ssh', 8900)],
        [12_500, milestone('m', 'running', 9400)],
        [13_000, ended('a.one', 'passed')],
        [13_000, judged('a.one', 'passed', 200)],
        [13_000, ended('a.two', 'passed')],
        [13_000, judged('a.two', 'passed', 300)],
        [14_000, ended('boot.usr', 'passed')],
        [14_000, judged('boot.usr', 'passed', 13_900)],
        [14_000, runFinished({ passed: 4 }, 0)],
      ]),
    ])
    setup.tick()
    setup.reporter.end()
    expect(screen(setup.writes)).toEqual([
      '  qemu-x86_64-direct · reference 1.2.3 (stable) · 4 tests, 2 jobs',
      '',
      '  ✓ net.dhcp  (2.8 s)',
      '  • booted g in 8.9 s, shared by 2 tests',
      '  ✓ a.one  (0.2 s)',
      '  ✓ a.two  (0.3 s)',
      '  ✓ boot.usr  (14 s)',
      '',
      '  4 passed',
      '  4 tests planned, 4 finished, in 95 s',
      '',
    ])
  })

  test('the cursor is given back, and no exit listener stays', () => {
    const before = process.listenerCount('exit')
    const setup = setUp({ tty: true })
    play(setup, mixedRun())
    expect(setup.writes[0]).toBe('\u001B[?25l')
    setup.reporter.end()
    const text = setup.writes.join('')
    expect(text.lastIndexOf('\u001B[?25h')).toBeGreaterThan(text.lastIndexOf('\u001B[?25l'))
    expect(text.lastIndexOf('\u001B[?7h')).toBeGreaterThan(text.lastIndexOf('\u001B[?7l'))
    expect(process.listenerCount('exit')).toBe(before)
  })

  test.each([10, 20, 40, 80, 200])('no line of the region is wider than %i columns', (columns) => {
    const setup = setUp({ tty: true, columns })
    play(setup, [...running, ...hostileRun()])
    setup.clock.now = 1_000_000
    setup.tick()
    const region = (setup.writes.at(-1) ?? '').split('\u001B[?7l').at(-1) ?? ''
    for (const line of region.replaceAll(/\u001B\[\??[0-9;]*[A-Za-z]/g, '').split('\n'))
      expect(textWidth(line)).toBeLessThan(columns)
  })

  test('a terminal that became narrower is erased by the rows it has now', () => {
    const setup = setUp({ tty: true, columns: 80 })
    play(setup, running)
    const drawn = (setup.writes.at(-1) ?? '').split('\u001B[?7l').at(-1) ?? ''
    const widths = drawn.split('\n').slice(0, -1).map(textWidth)
    setup.stream.columns = 30
    setup.tick()
    const rows = widths.reduce((sum, width) => sum + Math.max(1, Math.ceil(width / 30)), 0)
    expect(rows).toBeGreaterThan(widths.length)
    expect(setup.writes.at(-1)).toContain(`\u001B[${rows}A\u001B[J`)
  })

  test('a terminal that does not know its width counts as 80 columns', () => {
    const setup = setUp({ tty: true, columns: 0 })
    play(setup, running)
    setup.tick()
    expect(screen(setup.writes).at(-2)).toBe('  ━━━━━━──────────────────  1/4  2 running  9.0 s')
  })

  test('many running tests do not fill the screen', () => {
    const names = Array.from({ length: 60 }, (_, at) => `test.number-${at}`)
    const setup = setUp({ tty: true })
    play(
      setup,
      stream([
        [0, runPlanned(names.map((name) => planned(name)))],
        ...names.map((name): readonly [number, EventBody] => [0, started(name)]),
      ]),
    )
    setup.tick()
    const shown = screen(setup.writes)
    expect(shown.length).toBeLessThan(28)
    expect(shown.at(-4)).toBe('    … and 41 more')
  })

  test('only colours and the few sequences of its own reach the terminal from a hostile guest', () => {
    const setup = setUp({ tty: true })
    play(setup, hostileRun())
    setup.tick()
    setup.reporter.end()
    const rest = setup.writes
      .join('')
      .replaceAll(/\u001B\[(?:\d+m|\d+A|J|\?7[hl]|\?25[hl])|\r(?=\u001B\[\d+A)/g, '')
    expect(rest).not.toMatch(/[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u202E]/)
  })
})

test('20,000 tests pass through quickly', { timeout: 600_000 }, () => {
  const names = Array.from({ length: 20_000 }, (_, at) => `test.number-${at}`)
  const setup = setUp({ tty: true })
  const before = process.cpuUsage()
  play(
    setup,
    stream([
      [0, runPlanned(names.map((name) => planned(name)))],
      ...names.flatMap((name, at): readonly (readonly [number, EventBody])[] => [
        [at, started(name)],
        [at, ended(name, 'passed')],
        [at, judged(name, 'passed')],
      ]),
    ]),
  )
  setup.reporter.end()
  // Of the processor, so that a busy host makes no difference.
  expect(process.cpuUsage(before).user / 1000).toBeLessThan(20_000)
})
