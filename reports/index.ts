// What the rest of the project, and a program that reads runs, may use of this room. Loaded by every run: the history and the gate,
// with the libraries that only they need, have an index of their own.

export { exitCodeOf, type ExitPolicy } from '../harness/verdict.ts'
export type { Decision, Requirement, Ruling } from './gate/decision.ts'
export { parseDecision } from './gate/decision-text.ts'
export { guardReporter } from './guard.ts'
export {
  type GreenAttempt,
  greenAttempts,
  type HtmlInput,
  htmlText,
  wantedBaselines,
  wantedKey,
} from './html/index.ts'
export { createListReporter, type ListReporter, type ListReporterOptions, type Reporter } from './list.ts'
export type { TextOptions } from './list-text.ts'
export { markdownText } from './markdown.ts'
export { eventLines, type Merged, mergeEvents, mergePaths } from './merge.ts'
export { type NightlyReport, nightlyText } from './nightly-text.ts'
export { type PassRate, passRateText } from './pass-rate.ts'
export { EVENT_FILE, findEventFiles, readEventFile, readEvents } from './read-events.ts'
export {
  clockNotices,
  findRecordFiles,
  fingerprintOf,
  normaliseMessage,
  parseRecord,
  planDigestOf,
  readRecordFile,
  readRunRecords,
  RECORD_FILE,
  type RunRecord,
  type RunRecords,
  runSchema,
} from './record/index.ts'
export { targetName } from './run-summary.ts'
export type {
  AttachmentSummary,
  AttemptSummary,
  CommandSummary,
  MachineSummary,
  MetricSummary,
  Notice,
  PhaseSummary,
  RecordedFailure,
  RunSummary,
  StepSummary,
  Summary,
  TestSummary,
} from './run-summary.ts'
export { isReportFormat, type ReportFormat, reportFormats } from './show.ts'
export { readSummary } from './read-summary.ts'
export {
  createSummarizer,
  summarize,
  summarizeRuns,
  type Summarizer,
  type SummaryOptions,
} from './summarize.ts'
export { type Environment, type ReportStream, type Terminal, terminalOf } from './terminal.ts'
export {
  type FileFormat,
  type ReportFile,
  jobAnnotations,
  otherReportFiles,
  reportFiles,
  type ReportInput,
  reportText,
  writeJobSummary,
  writeReportFiles,
  writeReports,
  type WrittenReports,
} from './write.ts'
