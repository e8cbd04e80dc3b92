// `signalbox config`: what the options of a run come to, and where each value comes from.

import { colors } from '../colors.ts'
import { explain, explainedText } from '../config/explain.ts'
import type { Settings } from '../config/settings.ts'

/** The action of `config`. */
export async function config(
  flags: Readonly<Record<string, unknown>>,
  _positional: readonly unknown[],
  settings: Settings,
): Promise<number> {
  const explained = explain(settings, process.cwd())
  const text =
    flags['json'] === true
      ? `${JSON.stringify(explained, undefined, 2)}\n`
      : explainedText(explained, (part) => colors.dim(part))
  process.stdout.write(text)
  return await Promise.resolve(0)
}
