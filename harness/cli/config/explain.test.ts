import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { configOption, runOptions, targetOptions } from '../option-table.ts'
import { explain, explainedText } from './explain.ts'
import { openSettings } from './settings.ts'

const folder = mkdtempSync(join(tmpdir(), 'signalbox-explain-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const path = join(folder, 'signalbox.config.json')
const secret = 'hunter2'

writeFileSync(
  path,
  JSON.stringify({
    retries: 2,
    auditFork: '20%',
    output: 'results',
    firmware: 'uefi',
    targets: {
      one: { firmware: 'bios', retries: 3, excludeTags: ['slow'], slowness: 8 },
      two: {},
      three: {},
    },
    services: {
      web: { command: ['node', 'web.mjs', secret], env: { TOKEN: secret }, ready: { port: 8080 } },
    },
    reporters: [
      'list',
      { format: 'junit', file: 'out.xml' },
      { module: './own.ts', options: { token: secret } },
    ],
  }),
)

it('says what each option comes to, and from where; never a secret', async () => {
  const given = new Map([
    ['config', { value: path, source: 'cli' as const }],
    ['jobs', { value: 4, source: 'env' as const }],
    ['retries', { value: 1, source: 'cli' as const }],
    ['target', { value: ['!three'], source: 'cli' as const }],
  ])
  const rows = [...targetOptions, ...runOptions, configOption]
  const explained = explain(await openSettings(rows, given), folder)
  const file = 'signalbox.config.json'
  expect(explained.config).toBe(path)
  expect(explained.options).toEqual(
    expect.arrayContaining([
      { name: 'retries', value: 1, from: '--retries' },
      { name: 'jobs', value: 4, from: 'SIGNALBOX_JOBS' },
      { name: 'auditFork', value: '20%', from: `${file}: auditFork` },
      { name: 'firmware', value: 'uefi', from: `${file}: firmware` },
      { name: 'infraRetries', value: 1, from: 'default' },
      { name: 'image', value: null, from: 'default' },
    ]),
  )
  // The flag replaces what the target says, so only the firmware is its own.
  expect(explained.targets).toEqual([
    {
      name: 'one',
      options: [{ name: 'firmware', value: 'bios', from: `${file}: targets.one.firmware` }],
      excludeTags: ['slow'],
      slowness: 8,
    },
    { name: 'two', options: [], excludeTags: [] },
  ])
  expect(explained.otherTargets).toEqual(['three'])
  expect(explained.services).toEqual([{ name: 'web', program: 'node', ready: 'port 8080' }])
  expect(explained.reporters).toEqual(['list', `junit: ${join(folder, 'out.xml')}`, join(folder, 'own.ts')])
  const text = explainedText(explained, (part) => part)
  expect(text).toMatch(/^retries +1 {2}\(--retries\)$/m)
  expect(text).toMatch(
    /^target one\n {2}firmware +bios {2}\(signalbox\.config\.json: targets\.one\.firmware\)$/m,
  )
  expect(text).toMatch(/^image +- {2}\(default\)$/m)
  expect(`${text}${JSON.stringify(explained)}`).not.toContain(secret)
})
