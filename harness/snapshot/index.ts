// Snapshots of a machine's state, and the golden files they are compared with.

export {
  goldenText,
  mismatches,
  readGolden,
  renewGolden,
  updateModes,
  writeGolden,
  type Golden,
  type UpdateMode,
} from './golden.ts'
export {
  snapshotDifferences,
  snapshotSections,
  type MachineSnapshot,
  type SnapshotExceptions,
  type SnapshotSection,
  type SnapshotTable,
} from './snapshot.ts'
export { takeSnapshot } from './take.ts'
