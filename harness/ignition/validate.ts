// Checks a config before anything boots: can the image read its version, and does Ignition's own validator accept it.
// What a config means is Ignition's business; nothing of its rules is repeated here.

import { UsageError } from '../errors.ts'
import { oneLine, plainText } from '../hostile-text.ts'
import { execCommand } from '../process.ts'
import { supportedIgnitionVersions, type DistroProfile } from '../profiles/index.ts'
import { codeFrame } from './code-frame.ts'
import type { IgnitionConfig } from './source.ts'

export interface ValidateOptions {
  readonly profile: DistroProfile
  readonly imageVersion?: string | undefined
  /** Whose config it is, for errors. */
  readonly name?: string | undefined
  readonly signal?: AbortSignal | undefined
  /** Programs to try, the first that exists is used; default: where distributions put `ignition-validate`. */
  readonly validators?: readonly string[] | undefined
}

export interface Validation {
  /** False when no validator is installed, or it is older than the config's version. */
  readonly validated: boolean
  /** What the validator warned of: `$.foo, line 1: Unused key foo`. */
  readonly warnings: readonly string[]
}

const VALIDATORS = ['ignition-validate', '/usr/libexec/ignition-validate']

/** Throws UsageError when the image cannot read the config's version, or the validator finds it wrong. */
export async function validateIgnition(
  config: IgnitionConfig,
  options: ValidateOptions,
): Promise<Validation> {
  const name = options.name ?? 'the Ignition config'
  checkVersion(config, options, name)
  for (const validator of options.validators ?? VALIDATORS) {
    const result = await execCommand(validator, ['-'], {
      input: config.text,
      signal: options.signal,
      timeoutMs: 30_000,
    })
    // Not installed here.
    if (result.exitCode === undefined) continue
    const report = plainText(`${result.stdout}\n${result.stderr}`).trim()
    if (report.includes('unsupported config version')) return { validated: false, warnings: [] }
    const lines = report.split('\n').filter((line) => line !== '')
    if (result.exitCode === 0) {
      return { validated: true, warnings: lines.map((line) => line.replace(/^warning (at )?/, '')) }
    }
    throw invalid(config.text, name, lines)
  }
  return { validated: false, warnings: [] }
}

function checkVersion(config: IgnitionConfig, options: ValidateOptions, name: string): void {
  const supported = supportedIgnitionVersions(options.profile, options.imageVersion)
  if (supported.includes(config.version)) return
  const image = [options.profile.title, options.imageVersion].filter(Boolean).join(' ')
  throw new UsageError(`${name} is of spec version ${config.version}, which ${image} does not read`, {
    code: 'ignition-version-unsupported',
    hint: `it reads ${supported.join(', ')}`,
  })
}

/** The validator writes `error at $.storage.files.0.path, line 4 col 24: path not absolute`. */
function invalid(text: string, name: string, lines: readonly string[]): UsageError {
  const errors = lines.filter((line) => !line.startsWith('warning'))
  const shown = (errors.length === 0 ? lines : errors).map((line) => `  ${oneLine(line)}`)
  const place = /line (\d+) col (\d+)/.exec(errors.join('\n'))
  const [line, column] = [Number(place?.[1] ?? 0), Number(place?.[2] ?? 0)]
  const frame = line === 0 ? '' : `\n${codeFrame(text, { line, column })}`
  return new UsageError(`${name} is not valid:\n${shown.join('\n')}${frame}`, { code: 'ignition-invalid' })
}
