// Ignition configs: reading them as tests give them, checking, wrapping and grouping them. Never editing them.

export { readIgnition, type IgnitionConfig, type IgnitionSource, type ReadOptions } from './source.ts'
export { validateIgnition, type ValidateOptions, type Validation } from './validate.ts'
export { wrapIgnition, type WrapOptions } from './wrap.ts'
export { JOURNAL_UNIT } from './journal-unit.ts'
export type { IgnitionFragment } from './fragment.ts'
export { findConflicts, groupCompatible, type Conflict } from './conflicts.ts'
