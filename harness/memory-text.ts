// Sizes of memory for people.

/** `20 GiB` where that is exact, else `5000 MiB`: two sizes that differ never read the same. */
export function formatMiB(mib: number): string {
  return mib >= 1024 && mib % 1024 === 0 ? `${mib / 1024} GiB` : `${Math.round(mib)} MiB`
}
