// A small machine's state.

import {
  snapshotSections,
  type MachineSnapshot,
  type SnapshotSection,
  type SnapshotTable,
} from './snapshot.ts'

/** A snapshot with these parts, the others empty. */
export function snapshotOf(
  parts: Partial<Readonly<Record<SnapshotSection, SnapshotTable>>>,
): MachineSnapshot {
  const sections = Object.fromEntries(
    snapshotSections.map((section) => [section, parts[section] ?? {}]),
  ) as Record<SnapshotSection, SnapshotTable>
  return { distro: 'reference', architecture: 'x86_64', sections }
}
