// The file reports on a real disk: whole or not at all, and never in the way of the run.

import { access, chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { guardReporter } from './guard.ts'
import type { Notice } from './run-summary.ts'
import { hostileRun, mixedRun } from './sample-events.test.data.ts'
import { reportFormats } from './show.ts'
import { summarize } from './summarize.ts'
import { markdownText } from './markdown.ts'
import { writeJobSummary, writeReports } from './write.ts'

const summary = summarize(mixedRun())
const input = { summary, events: mixedRun(), folder: undefined }

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signalbox-write-'))
})
afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

describe('writeReports', () => {
  test('writes every report, and nothing else', async () => {
    const written = await writeReports(folder, input)
    expect(written.notices).toEqual([])
    const all = ['junit.xml', 'report.html', 'results.tap', 'run.json', 'summary.md']
    expect((await readdir(folder)).toSorted()).toEqual(all)
    expect(written.files.toSorted()).toEqual(all.map((file) => join(folder, file)))
    expect(await readFile(join(folder, 'run.json'), 'utf8')).toBe(reportFormats.json(summary))
  })

  test('replaces old reports', async () => {
    await writeReports(folder, { ...input, summary: summarize(hostileRun()) })
    await writeReports(folder, input)
    expect(await readFile(join(folder, 'results.tap'), 'utf8')).toBe(reportFormats.tap(summary))
  })

  test('a full disk is told by file, the old file stays, the others are written', async () => {
    try {
      await access('/dev/full')
    } catch {
      return
    }
    await writeFile(join(folder, 'junit.xml'), 'old')
    await symlink('/dev/full', join(folder, 'junit.xml.partial'))
    const { notices, files } = await writeReports(folder, input)
    expect(notices).toEqual([
      {
        level: 'warning',
        code: 'report-not-written',
        message: `report ${join(folder, 'junit.xml')} was not written: no space left on the disk; free some, then run \`signalbox report show\``,
      },
    ])
    expect(files).toHaveLength(4)
    expect(await readFile(join(folder, 'junit.xml'), 'utf8')).toBe('old')
    expect(await readdir(folder)).not.toContain('junit.xml.partial')
  })

  test('a reporter that throws is told, the others are written', async () => {
    const { notices, files } = await writeReports(folder, {
      ...input,
      formats: {
        ...reportFormats,
        tap: () => {
          throw new Error('no TAP today')
        },
      },
    })
    expect(notices.map((notice) => notice.message)).toEqual([
      `report ${join(folder, 'results.tap')} was not written: no TAP today`,
    ])
    expect(notices[0]?.code).toBe('report-failed')
    expect(files).toHaveLength(4)
  })

  test('a folder that is not there is five notices and no exception', async () => {
    const { notices, files } = await writeReports(join(folder, 'none'), input)
    expect(files).toEqual([])
    expect(notices).toHaveLength(5)
  })
})

describe('writeJobSummary', () => {
  test('appends where GitHub asks for it', async () => {
    const path = join(folder, 'step.md')
    await writeFile(path, 'before\n')
    expect(await writeJobSummary(markdownText(summary), { GITHUB_STEP_SUMMARY: path })).toEqual([])
    expect(await readFile(path, 'utf8')).toBe(`before\n${reportFormats.markdown(summary)}\n`)
  })

  test('does nothing elsewhere, and a failure is a notice', async () => {
    expect(await writeJobSummary(markdownText(summary), {})).toEqual([])
    await mkdir(join(folder, 'a-folder'))
    await chmod(folder, 0o700)
    const notices = await writeJobSummary(markdownText(summary), {
      GITHUB_STEP_SUMMARY: join(folder, 'a-folder'),
    })
    expect(notices.map((notice) => notice.code)).toEqual(['report-not-written'])
  })
})

test('a guarded reporter is switched off by its first exception', () => {
  const notices: Notice[] = []
  const seen: string[] = []
  const reporter = guardReporter(
    'odd',
    {
      onEvent: (event) => {
        seen.push(event.type)
        if (event.type === 'run.planned') throw new Error('boom')
      },
      end: () => seen.push('end'),
    },
    (notice) => notices.push(notice),
  )
  for (const event of mixedRun()) reporter.onEvent(event)
  reporter.end()
  expect(seen).toEqual(['run.started', 'run.notice', 'run.planned'])
  expect(notices.map((notice) => notice.message)).toEqual([
    'the odd reporter failed and is switched off: boom',
  ])
})
