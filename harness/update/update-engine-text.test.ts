import { expect, test } from 'vitest'
import { readProgress, readSlot } from './update-engine-text.ts'

const status = (operation: string, more = ''): string =>
  `LAST_CHECKED_TIME=1700000000\nPROGRESS=0.250000\nCURRENT_OP=${operation}\nNEW_VERSION=4230.2.1\nNEW_SIZE=1000\n${more}`

test.each([
  ['UPDATE_STATUS_IDLE', { state: 'idle' }],
  ['UPDATE_STATUS_CHECKING_FOR_UPDATE', { state: 'updating', share: 0.25 }],
  ['UPDATE_STATUS_DOWNLOADING', { state: 'updating', share: 0.25 }],
  ['UPDATE_STATUS_UPDATED_NEED_REBOOT', { state: 'staged', version: '4230.2.1' }],
  ['UPDATE_STATUS_REPORTING_ERROR_EVENT', { state: 'failed', log: '' }],
])('%s', (operation, expected) => {
  expect(readProgress(status(operation))).toEqual(expected)
})

test.each([
  ['priority=1 tries=0 successful=1', 'good', undefined],
  ['priority=2 tries=1 successful=0', 'trying', 1],
  ['priority=1 tries=0 successful=0', 'bad', undefined],
  ['priority=0 tries=0 successful=0', 'empty', undefined],
])('cgpt: %s', (attributes, state, triesLeft) => {
  const slot = readSlot({ name: 'B', attributes: `Attr: ${attributes}`, booted: false, version: undefined })
  expect(slot).toEqual({ name: 'B', version: undefined, state, triesLeft, booted: false })
})
