// Which of two versions is older: dotted numbers, compared one by one. What is no version (`ForcedUpdate`, nothing) is
// older than any, as a client that says so wants whatever there is.

export function isOlder(version: string, than: string): boolean {
  const left = numbersOf(version)
  const right = numbersOf(than)
  if (left === undefined) return true
  if (right === undefined) return version !== than
  for (let at = 0; at < Math.max(left.length, right.length); at += 1) {
    const difference = (left[at] ?? 0) - (right[at] ?? 0)
    if (difference !== 0) return difference < 0
  }
  return false
}

/** Of what comes before any suffix (`-alpha`, `+build`). */
function numbersOf(version: string): readonly number[] | undefined {
  return /^\d+(?:\.\d+)*/.exec(version)?.[0].split('.').map(Number)
}
