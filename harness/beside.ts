// How many jobs run at the same time, so that a failure under load can be told from one without.

export interface Company extends Disposable {
  /** Most others at any moment so far. */
  most(): number
}

export interface Beside {
  /** A job begins; it ends when what is returned is disposed. */
  enter(): Company
}

/** Opens the count of one run. */
export function openBeside(): Beside {
  const present = new Set<{ most: number }>()
  return {
    enter() {
      const own = { most: present.size }
      for (const other of present) other.most = Math.max(other.most, present.size)
      present.add(own)
      return {
        most: () => own.most,
        [Symbol.dispose]: () => void present.delete(own),
      }
    },
  }
}
