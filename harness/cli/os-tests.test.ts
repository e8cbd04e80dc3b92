import { expect, it } from 'vitest'
import { subjectOf } from '../registry.ts'
import { loadTestFiles } from './load-tests.ts'

it('every OS test says in a sentence what it asserts, and has its subject as a tag', async () => {
  const { tests } = await loadTestFiles(undefined, [])
  expect(tests.length).toBeGreaterThan(300)
  const wrong = tests.filter(
    ({ name, requirements: { description, tags } }) =>
      !/^\S.{20,}\.$/.test(description ?? '') || tags?.includes(subjectOf(name)) !== true,
  )
  expect(wrong.map(({ name, requirements: { description } }) => `${name}: ${description}`)).toEqual([])
})
