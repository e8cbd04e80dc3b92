import { expect, it } from 'vitest'
import { kolaCatalogue } from '../kola/catalogue.ts'
import { loadTestFiles } from './load-tests.ts'

it('the catalogue and the aliases of the tests agree', async () => {
  const { tests } = await loadTestFiles(undefined, [])
  const aliases = new Set(tests.flatMap(({ requirements }) => requirements.aliases ?? []))
  const names = kolaCatalogue.map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
  // No twin, and no word of what it would take; or a twin that the catalogue does not know of.
  const unsaid = kolaCatalogue.filter(({ name, needs }) => aliases.has(name) === (needs !== undefined))
  expect(unsaid.map(({ name }) => name)).toEqual([])
})
