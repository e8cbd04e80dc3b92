import { expect, it } from 'vitest'
import { InfraError } from './errors.ts'
import { interruption, runEnded } from './run-ends.ts'

it('tells a wish to stop from a fault', () => {
  expect(runEnded(interruption('SIGINT'))).toEqual({ type: 'run.interrupted', signal: 'SIGINT' })
  expect(runEnded(new InfraError('no space left', { code: 'results-full' }))).toEqual({
    type: 'run.aborted',
    kind: 'infra',
    code: 'results-full',
    message: 'no space left',
  })
})
