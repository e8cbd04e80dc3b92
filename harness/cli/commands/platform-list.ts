// `signalbox platform list`: where machines can come from, what each can do, what can be set, and what is missing here.

import { loadPlatform, platforms } from '../../../platforms/index.ts'
import { messageOf } from '../../errors.ts'
import type { Capability, PlatformSetting } from '../../machine.ts'
import { colors } from '../colors.ts'
import { listenForInterrupts } from '../interrupt.ts'
import type { TargetFlags } from '../option-table.ts'
import { settingsOf } from '../platform-settings.ts'
import { showProgress } from '../progress.ts'

interface ListedPlatform {
  readonly name: string
  readonly title: string
  readonly architectures: readonly string[]
  readonly capabilities: readonly Capability[]
  readonly settings: readonly PlatformSetting[]
  /** Each with what to do; empty: it can be used. */
  readonly missing: readonly string[]
}

/** The action of `platform list [name]`. */
export async function platformList(
  given: Readonly<Record<string, unknown>>,
  positional: readonly unknown[],
): Promise<number> {
  const flags = given as unknown as TargetFlags & { readonly json: boolean }
  const only = positional[0] as string | undefined
  using interrupts = listenForInterrupts()
  const listed: ListedPlatform[] = []
  {
    using progress = showProgress('platforms')
    for (const name of only === undefined ? platforms.keys() : [only]) {
      progress.update(name)
      const platform = await loadPlatform(name)
      // Settings are of one platform; a list of all has none.
      const context = only === undefined ? {} : { settings: settingsOf(flags) }
      const missing = await platform
        .missing(context, interrupts.signal)
        .catch((error: unknown) => [messageOf(error)])
      const { title, architectures, capabilities, settings = [] } = platform
      listed.push({ name, title, architectures, capabilities, settings, missing })
    }
  }
  if (flags.json) process.stdout.write(`${JSON.stringify(listed, undefined, 2)}\n`)
  else for (const each of listed) process.stdout.write(`${linesOf(each, only !== undefined).join('\n')}\n`)
  return 0
}

function linesOf(
  { name, title, architectures, capabilities, settings, missing }: ListedPlatform,
  whole: boolean,
): readonly string[] {
  const ready = missing.length === 0 ? colors.green('ready  ') : colors.yellow('missing')
  const width = Math.max(0, ...settings.map((setting) => setting.name.length)) + 2
  return [
    `${ready}  ${name}: ${title}`,
    `         for ${architectures.join(', ')}; can: ${capabilities.join(', ')}`,
    ...missing.map((reason) => `         ${reason}`),
    ...(settings.length > 0 && !whole ? [`         settings: signalbox platform list ${name}`] : []),
    ...(whole ? settings.map((setting) => `  ${setting.name.padEnd(width)}${helpOf(setting)}`) : []),
  ]
}

function helpOf({ help, env, isSecret, default: preset }: PlatformSetting): string {
  const from = env === undefined ? undefined : isSecret === true ? `only from ${env}` : `or ${env}`
  const notes = [preset === undefined ? undefined : `default: ${preset}`, from].filter(
    (note) => note !== undefined,
  )
  return notes.length === 0 ? help : `${help} (${notes.join('; ')})`
}
