import { expect, it } from 'vitest'
import { formatJournalEntry, parseJournalLine } from './journal-line.ts'
import { createLog } from './machine-log.ts'
import { judgeSystem, parseOsRelease } from './ready.ts'
import { distroProfiles } from '../profiles/index.ts'
import { watchLogs } from './watch.ts'

it('finds a line that is there and one that is still to come', async () => {
  const { log, push } = createLog('the console of m0', 1)
  push('first')
  expect(await log.waitFor(/fir/)).toBe('first')
  const later = log.waitFor('second')
  push('the second one')
  expect(await later).toBe('the second one')
})

it('gives up with what it waited for and the last line', async () => {
  const { log, push } = createLog('the console of m0', 1)
  push('stuck here')
  await expect(log.waitFor(/never/, { timeoutMs: 1 })).rejects.toThrow(
    /for \/never\/ on the console of m0; last seen: stuck here/,
  )
})

it('keeps no terminal escapes and no endless history', () => {
  const { log, push } = createLog('the console of m0', 1)
  push('\u001B[31mred\u001B[0m')
  for (let line = 0; line < 60_000; line += 1) push(`${line}`)
  expect(log.lines().length).toBeLessThanOrEqual(25_000)
  expect(log.lines().at(-1)).toBe('59999')
})

it.each([
  ['{"MESSAGE":"Started","SYSLOG_IDENTIFIER":"systemd","_PID":"1","PRIORITY":"6"}', 'systemd[1]: Started'],
  ['{"MESSAGE":[104,105,255],"_COMM":"app"}', 'app: hi\uFFFD'],
  ['{"MESSAGE":"x","UNIT":"a.service"}', 'unknown: x'],
])('reads %s', (line, text) => {
  const entry = parseJournalLine(line)
  expect(entry === undefined ? undefined : formatJournalEntry(entry)).toBe(text)
})

it.each(['', 'noise', '{"MESSAGE":', '{"other":1}', '[1]'])('takes %j for no journal entry', (line) => {
  expect(parseJournalLine(line)).toBeUndefined()
})

it('reads os-release as os-release(5) says', () => {
  const text = `# comment\nID=reference\nNAME="Signalbox \\"Reference\\" OS"\nEMPTY=\nVERSION='1.0'\nnot a line\n`
  expect([...parseOsRelease(text)]).toEqual([
    ['ID', 'reference'],
    ['NAME', 'Signalbox "Reference" OS'],
    ['EMPTY', ''],
    ['VERSION', '1.0'],
  ])
})

it.each([
  ['starting', 'reference', /systemd says "starting"/],
  ['running', 'debian', /os-release has ID=debian/],
])('does not take %s of %s for ready', (state, id, message) => {
  const look = { state, osRelease: new Map([['ID', id]]), failedUnits: [], bootId: 'b' }
  expect(() => judgeSystem(look, distroProfiles.reference, 'm0', new Set())).toThrow(message)
  expect(() =>
    judgeSystem(look, distroProfiles.reference, 'm0', new Set(['system-state', 'os-release'])),
  ).not.toThrow()
})

it('collects trouble of both logs and tells who asks of fatal lines, late ones too', () => {
  const console = createLog('console', 1)
  const journal = createLog('journal', 1)
  using watch = watchLogs(console, journal, 'reference')
  console.push('[    1.5] Kernel panic - not syncing: Attempted to kill init!')
  journal.push('app[12]: panic: runtime error: index out of range')
  const fatal: string[] = []
  watch.onFatal((hit) => fatal.push(hit.code))
  expect(watch.hits.map(({ source, code }) => `${source} ${code}`)).toContain('console kernel-panic')
  expect(watch.hits.some(({ source }) => source === 'journal')).toBe(true)
  expect(fatal).toEqual(['kernel-panic'])
})

it('counts a flood of the same trouble only so often', () => {
  const console = createLog('console', 1)
  using watch = watchLogs(console, createLog('journal', 1), 'reference')
  for (let round = 0; round < 10_000; round += 1) console.push('[    1.5] Kernel panic - not syncing: again')
  expect(watch.hits.length).toBeLessThanOrEqual(60)
})
