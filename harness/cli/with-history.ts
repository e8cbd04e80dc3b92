// Opens the history that the options name, for as long as some work takes.

import {
  defaultHistory,
  explainHistoryError,
  type History,
  openHistory,
} from '../../reports/history/index.ts'

/** Does the work, closes the history, and says what went wrong with it by name. */
export async function withHistory<T>(
  flags: Readonly<Record<string, unknown>>,
  work: (history: History) => Promise<T>,
): Promise<T> {
  const { history: place } = flags as { history?: string }
  await using history = await openHistory(place ?? defaultHistory())
  try {
    return await work(history)
  } catch (error) {
    throw explainHistoryError(history, error)
  }
}
