// Commands over the agent's line of a fake machine: `..._job ID WORD...` is run by the fake shell and told in the words of the
// harness's own functions (harness/control/job-functions.ts), which no bash is there to run.

import { setImmediate as turn } from 'node:timers/promises'
import { runFakeCommand, type FakeGuest } from './fake-shell.ts'

/** What the real functions keep of an output stream. */
const KEPT_BYTES = 1024 * 1024
const PIECE = 3000

export interface FakeJobs {
  /** Takes a request of the agent's; its status, or undefined when it is none of a job's. */
  take(code: string): number | undefined
  /** Ends all jobs without a word, as the end of the machine or of its agent does. */
  drop(): void
}

/** Opens the jobs of one machine; `say` writes a line to the port. */
export function createJobs(guest: FakeGuest, say: (line: string) => void): FakeJobs {
  const running = new Map<string, () => void>()
  const inputs = new Map<string, string>()
  let defined = false
  const start = (id: string, words: readonly string[]): void => {
    const { promise: closed, resolve: close } = Promise.withResolvers<void>()
    const output = { o: '', e: '' }
    let state: 'running' | 'killed' | 'dropped' = 'running'
    running.set(id, () => {
      state = 'killed'
      close()
    })
    const stdin = inputs.get(id) ?? ''
    inputs.delete(id)
    // A string comes as `bash -c STRING`, which the fake shell reads as it reads a command of SSH's.
    const wire = words[0] === 'bash' ? (words[2] ?? '') : words.map((word) => `'${word}'`).join(' ')
    const io = {
      stdin: async () => await Promise.resolve(stdin),
      onInput: (onChunk: (chunk: Buffer) => void) => onChunk(Buffer.from(stdin)),
      out: (text: string | Buffer) => void (output.o += text.toString()),
      err: (text: string) => void (output.e += text),
      closed,
    }
    // As from a real agent, its answer comes before anything of the command's.
    void turn()
      .then(async () => await runFakeCommand(guest, wire, io))
      .then((status) => {
        if (!running.delete(id)) return
        const sizes = (['o', 'e'] as const).map((stream) => {
          const bytes = Buffer.from(output[stream])
          const kept = bytes.subarray(Math.max(0, bytes.length - KEPT_BYTES))
          for (let at = 0; at < kept.length; at += PIECE)
            say(`${id} ${stream} ${kept.subarray(at, at + PIECE).toString('base64')}`)
          return bytes.length
        })
        say(`${id} = ${state === 'killed' ? 137 : status} ${sizes.join(' ')}`)
      })
  }
  return {
    take(code) {
      const [, verb, id = '', rest = ''] =
        /^signalbox_[0-9a-f]{8}_(job|put|kill) ([0-9a-f]{8}) ?(.*)$/s.exec(code) ?? []
      if (verb === undefined) {
        if (!code.includes('_job()')) return undefined
        defined = true
        return 0
      }
      if (!defined) return 127
      if (verb === 'job') start(id, wordsOf(rest))
      else if (verb === 'put')
        inputs.set(id, (inputs.get(id) ?? '') + Buffer.from(rest, 'base64').toString('utf8'))
      else running.get(id)?.()
      return 0
    },
    drop() {
      defined = false
      for (const end of running.values()) end()
      running.clear()
    },
  }
}

/** Words written as `$'...'` (bash(1), "QUOTING"). */
function wordsOf(text: string): readonly string[] {
  return [...text.matchAll(/\$'((?:[^'\\]|\\.)*)'/gs)].map(([, word = '']) =>
    word.replaceAll(/\\(.)/gs, (_, char: string) => (char === 'n' ? '\n' : char === 'r' ? '\r' : char)),
  )
}
