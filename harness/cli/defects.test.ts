import { expect, it } from 'vitest'
import { matcher } from '../plan/select.ts'
import { asIgnition } from './defect-parts.test.data.ts'
import { defectRuns } from './defect-runs.test.data.ts'
import { loadTestFiles } from './load-tests.ts'

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
