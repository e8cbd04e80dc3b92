// The HTML report: one file that holds everything and asks the network for nothing.

export { type GreenAttempt, greenAttempts, wantedBaselines, wantedKey } from './baseline.ts'
export { DEFAULT_BUDGET, type HtmlBudget, type HtmlInput, htmlText } from './build.ts'
export { gateView } from './gate-view.ts'
