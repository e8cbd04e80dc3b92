// The run record: what it holds, how it is read, and what of a failure stays the same.

export { fingerprintOf, mainFingerprint, normaliseMessage } from './fingerprint.ts'
export { parseRecord, type ParsedRecord, RECORD_VERSION } from './parse-record.ts'
export { planDigestOf } from './plan-of.ts'
export { clockNotices } from './clock.ts'
export {
  findRecordFiles,
  isMoreComplete,
  readRecordFile,
  readRunRecords,
  RECORD_FILE,
  type RunRecord,
  type RunRecords,
} from './read-record.ts'
export { runSchema } from './run-schema.ts'
