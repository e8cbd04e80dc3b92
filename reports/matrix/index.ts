// How tests came out over several targets: columns, rows, and what has to do with where they ran.

export { type Column, columnsOf, type Nowhere, nowhereOf, type Row, rowsOf } from './columns.ts'
export { type Finding, findingsOf } from './findings.ts'
export { columnLabels, findingText } from './words.ts'
