// Selection and serial groups, pure: a selected test brings along the tests before it in its group, because it begins with
// what they leave.

import type { RegisteredTest } from '../registry.ts'
import { skipReasons, type SelectOptions, type Selection } from './select.ts'
import { joinReasons } from './unmet.ts'

export interface WithEarlier {
  /** In order of name. */
  readonly selection: readonly Selection[]
  /** One line for each group that brings tests along. */
  readonly messages: readonly string[]
}

/** Adds what the selected tests need. Tests that are skipped need nothing. */
export function withEarlier(
  selection: readonly Selection[],
  all: readonly RegisteredTest[],
  options: Pick<SelectOptions, 'target' | 'tags' | 'features' | 'flavours' | 'surroundings'>,
): WithEarlier {
  const has = new Set(selection.map(({ test }) => test.name))
  const last = new Map<string, RegisteredTest>()
  for (const { test, skip } of selection) {
    if (test.serial === undefined || skip !== undefined) continue
    const { group, index } = test.serial
    if (index > (last.get(group)?.serial?.index ?? -1)) last.set(group, test)
  }
  const added = [...last].flatMap(([group, until]) => {
    const earlier = all
      .filter(({ name, serial }) => serial?.group === group && isBefore(serial, until) && !has.has(name))
      .toSorted((a, b) => (isBefore(a.serial, b) ? -1 : 1))
    return earlier.length === 0 ? [] : [{ group, until, earlier }]
  })
  return {
    selection: [
      ...selection,
      ...added.flatMap(({ earlier }) =>
        earlier.map((test) => ({
          test,
          skip: joinReasons(skipReasons(test, options.target, options.tags, options)),
        })),
      ),
    ].toSorted((a, b) => (a.test.name < b.test.name ? -1 : 1)),
    messages: added.map(({ group, until, earlier }) => {
      const names = earlier.map(({ name }) => name).join(', ')
      const [verb, them] = earlier.length === 1 ? ['is', 'it'] : ['are', 'them']
      return `${names} ${verb} run too: ${until.name} comes after ${them} in the serial group ${group}`
    }),
  }
}

function isBefore(place: RegisteredTest['serial'], { serial }: RegisteredTest): boolean {
  return (place?.index ?? 0) < (serial?.index ?? 0)
}
