// The numbers of a test's attempts, from 1 without gaps, also when several attempts of it run at once or one that was
// about to begin is put off.

export interface AttemptNumbers {
  /** The smallest number that no attempt of the test has. */
  take(test: string): number
  /** The attempt with this number never began. */
  giveBack(test: string, n: number): void
}

/** Opens the numbers of one run. */
export function openAttemptNumbers(): AttemptNumbers {
  const taken = new Map<string, Set<number>>()
  const takenOf = (test: string): Set<number> => {
    const known = taken.get(test)
    if (known !== undefined) return known
    const fresh = new Set<number>()
    taken.set(test, fresh)
    return fresh
  }
  return {
    take(test) {
      const numbers = takenOf(test)
      let n = 1
      while (numbers.has(n)) n += 1
      numbers.add(n)
      return n
    },
    giveBack(test, n) {
      takenOf(test).delete(n)
    },
  }
}
