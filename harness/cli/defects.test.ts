import { expect, it } from 'vitest'
import { matcher } from '../plan/select.ts'
import { asIgnition } from './defect-parts.test.data.ts'
import { defectRuns } from './defect-runs.test.data.ts'
import type { RegisteredTest } from '../registry.ts'
import { loadTestFiles } from './load-tests.ts'

const runsOnReference = ({ requirements: { distros, platforms } }: RegisteredTest): boolean =>
  distros?.includes('reference') !== false && platforms?.includes('qemu') !== false

it('every subject that the reference image has tests of has a defect that one of them sees', async () => {
  const { tests } = await loadTestFiles(undefined, [])
  const subjectOf = (name: string): string => name.split('.')[0] ?? name
  const subjects = new Set(tests.filter(runsOnReference).map(({ name }) => subjectOf(name)))
  const seen = defectRuns.flatMap(({ defects }) =>
    defects.flatMap(({ detectedBy }) => Object.keys(detectedBy).map(subjectOf)),
  )
  expect(subjects.size).toBeGreaterThan(15)
  expect([...subjects.difference(new Set(seen))]).toEqual([])
})

it('what a failure must say is not what any failure says', () => {
  for (const { name, detectedBy } of defectRuns.flatMap(({ defects }) => defects))
    for (const message of Object.values(detectedBy))
      for (const any of ['', 'timed out after 60 s', 'expected 1 to be 0', 'exit status 1 from "true"'])
        expect(message.test(any), `${name}: ${String(message)} fits "${any}"`).toBe(false)
})

it('every test that must see a defect is there, is run, and sees one only', async () => {
  const { tests } = await loadTestFiles(undefined, [])
  const names = new Set(tests.map(({ name }) => name))
  for (const { defects, tests: globs } of defectRuns) {
    const seen = defects.flatMap(({ detectedBy }) => Object.keys(detectedBy))
    expect(seen.filter((name) => !names.has(name))).toEqual([])
    expect(seen.filter((name) => !globs.some((glob) => matcher(glob)(name)))).toEqual([])
    expect(new Set(seen).size).toBe(seen.length)
    const { storage, systemd } = JSON.parse(asIgnition(defects)) as {
      readonly storage: Readonly<Record<'files' | 'links', readonly { readonly path: string }[]>>
      readonly systemd: { readonly units: readonly { readonly name: string }[] }
    }
    const paths = [...storage.files, ...storage.links].map(({ path }) => path)
    const units = systemd.units.map(({ name }) => name)
    expect(new Set(paths).size).toBe(paths.length)
    expect(new Set(units).size).toBe(units.length)
  }
})
