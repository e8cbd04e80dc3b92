// The history of runs: opened, filled from run records, asked.

export { explainHistoryError } from './history-errors.ts'
export { importRun, type Imported, type ImportOptions, recordDigest } from './import-run.ts'
export { type History, openHistory, type OpenHistoryOptions } from './open-history.ts'
export { defaultHistory, shownPlace, historyPlace } from './place.ts'
export { pruneRuns, type PruneOptions } from './prune.ts'
export { lastAttempts, type PastAttempt } from './queries/attempts.ts'
export {
  BEAT_MS,
  claimNightly,
  lastNightly,
  type Nightly,
  type NightlyClaim,
  type NightlyNews,
  updateNightly,
} from './nightlies.ts'
export { type CellComparison, type CellVerdict, type ComparedCell } from './queries/compare-cells.ts'
export { compareImages } from './queries/compare-images.ts'
export {
  compareNightlies,
  type NightlyComparison,
  type Slower,
  slowerThanRecorded,
} from './queries/compare-nightlies.ts'
export { type FingerprintHistory, fingerprintHistory } from './queries/fingerprints.ts'
export { type Flake, type FlakeFilter, flakeRank } from './queries/flakes.ts'
export { type ImageFigure, imageFigures } from './queries/image-figures.ts'
export { knownRuns, type KnownImage, pastImages } from './queries/images.ts'
export { metricHistory, type PastMetric } from './queries/metrics.ts'
export { passRate } from './queries/pass-rate.ts'
export { findRuns, type PastImage, type PastRun, readRecord, type RunFilter } from './queries/runs.ts'
export type { Scope } from './queries/scope.ts'
export { type TestRate, testRates } from './queries/test-rates.ts'
export { trend, type TrendDay } from './queries/trend.ts'
