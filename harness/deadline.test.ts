import { expect, it, vi } from 'vitest'
import { startDeadline } from './deadline.ts'

it('stands still while it is held, by however many, and then goes on with what was left', () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  try {
    using deadline = startDeadline({ phase: 'the test', timeoutMs: 1000 })
    vi.advanceTimersByTime(400)
    const first = deadline.hold()
    const second = deadline.hold()
    vi.advanceTimersByTime(60_000)
    first[Symbol.dispose]()
    first[Symbol.dispose]()
    vi.advanceTimersByTime(60_000)
    expect(deadline.remainingMs()).toBe(600)
    second[Symbol.dispose]()
    vi.advanceTimersByTime(599)
    expect(deadline.signal.aborted).toBe(false)
    vi.advanceTimersByTime(1)
    expect(deadline.signal.reason).toMatchObject({ message: 'waited 1.0 s for the test' })
  } finally {
    vi.useRealTimers()
  }
})
