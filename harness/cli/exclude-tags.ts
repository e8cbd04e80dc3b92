// Tests that a target leaves out by tag.

import type { Selection } from '../plan/select.ts'

/** Skips the tests with a tag that the target excludes. */
export function excludeTags(
  selection: readonly Selection[],
  tags: readonly string[],
  target: string,
): readonly Selection[] {
  return selection.map((each) => {
    const tag = each.test.requirements.tags?.find((own) => tags.includes(own))
    return tag === undefined || each.skip !== undefined
      ? each
      : { ...each, skip: `the target ${target} excludes the tag "${tag}"` }
  })
}
