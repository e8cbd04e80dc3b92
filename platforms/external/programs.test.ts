import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { runProgram } from './programs.ts'

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

test('what is aborted ends with all that it has started, before anybody goes on', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-program-'))
  try {
    const note = join(folder, 'pid')
    const controller = new AbortController()
    const script = `sleep 300 & echo $! >"${note}.new"; mv "${note}.new" "${note}"; wait`
    const running = runProgram(
      'provision',
      ['sh', '-c', script],
      { machine: 'm0', run: 'r', address: undefined },
      { commandTimeoutMs: 600_000, secrets: [] },
      controller.signal,
    )
    running.catch(() => undefined)
    const pid = await vi.waitFor(() => Number(readFileSync(note, 'utf8')), { timeout: 30_000 })
    expect(isThere(pid)).toBe(true)
    controller.abort(new Error('enough'))
    await expect(running).rejects.toThrow('enough')
    expect(isThere(pid)).toBe(false)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
