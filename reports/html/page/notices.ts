// What readers should know of the runs in a report, each thing once, however many targets say it.

import type { PageIndex, PageNotice } from '../data.ts'

export interface SharedNotice extends PageNotice {
  /** Whose it is, where it is not everybody's; empty otherwise. */
  readonly targets: readonly string[]
}

/** The report's own first, then those of its runs, in their order. */
export function sharedNotices({
  notices,
  runs,
}: Pick<PageIndex, 'notices' | 'runs'>): readonly SharedNotice[] {
  const found = new Map<string, PageNotice & { readonly targets: Set<string> }>()
  const all = [
    ...notices.map((notice) => ({ notice, name: undefined })),
    ...runs.flatMap((run) => run.notices.map((notice) => ({ notice, name: run.name }))),
  ]
  for (const { notice, name } of all) {
    const key = `${notice.level} ${notice.message}`
    const entry = found.get(key) ?? { ...notice, targets: new Set<string>() }
    if (name !== undefined) entry.targets.add(name)
    found.set(key, entry)
  }
  return [...found.values()].map(({ targets, ...notice }) => ({
    ...notice,
    targets: targets.size === runs.length ? [] : [...targets],
  }))
}
