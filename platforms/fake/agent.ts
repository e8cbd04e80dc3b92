// The agent of a fake machine. It understands no bash: it knows the few things that the harness tells an agent by the words
// in them, and answers as a machine would that did them.

import type { AgentPort } from '../../harness/machine.ts'
import type { FakeBehaviour } from './behaviour.ts'
import { createFeed } from './feed.ts'
import type { FakeJobs } from './jobs.ts'

/** What the agent may do to its machine. */
export interface AgentGuest {
  readonly behaviour: FakeBehaviour
  /** Whether an agent runs in it. */
  isUp(): boolean
  /** Its commands over the line; `say` writes to the port. */
  jobs(say: (line: string) => void): FakeJobs
  bootId(): string
  machineId(): string
  /** Makes it somebody else. */
  renew(machineId: string, hostKey: string | undefined): void
  write(path: string, text: string): void
}

export interface FakeAgent extends AgentPort {
  /** Starts it anew: the machine booted, or it was killed. */
  restart(): void
}

/** Opens the port; nothing is answered while the agent is not up. */
export function createAgent(guest: AgentGuest): FakeAgent {
  const lines = createFeed()
  const say = (line: string): void => {
    if (guest.isUp()) lines.push(line)
  }
  const jobs = guest.jobs(say)
  return {
    lines,
    restart() {
      jobs.drop()
      say('up')
    },
    send(line) {
      const [, id = '', code = ''] = /^([0-9a-f]{8}) (.*) #\1$/s.exec(line) ?? []
      setImmediate(() => {
        if (id === '' || !guest.isUp()) return
        const status = jobs.take(code)
        const answer = status === undefined ? answerTo(guest, code) : ''
        if (answer !== undefined) lines.push(`${id} ${status ?? 0} '${answer}'`)
      })
    },
  }
}

/** What is left in `o`; undefined: it says nothing. */
function answerTo(guest: AgentGuest, code: string): string | undefined {
  const { settle, fork } = guest.behaviour
  if (settle === 'silent') return undefined
  if (code.includes('list-jobs')) return settle === 'never' ? '1 restless.service start running' : ''
  if (code.includes('random/boot_id')) {
    const shared = settle === 'shares' ? ' an etcd member (/var/lib/etcd/member)' : ''
    return `${guest.bootId()}| ed25519|${shared}`
  }
  const machineId = variable(code, 'M')
  if (machineId === undefined) return ''
  const path = variable(code, 'N')
  if (path !== undefined) guest.write(path, variable(code, 'X') ?? '')
  if (fork !== 'not-renewed') guest.renew(machineId, variable(code, 'K_ed25519'))
  return guest.machineId()
}

/** What `NAME=$'...'` assigns (bash(1), "QUOTING"): newlines are all that is escaped in ids and keys. */
function variable(code: string, name: string): string | undefined {
  const [, text] = new RegExp(`(?:^| )${name}=\\$'([^']*)'`).exec(code) ?? []
  return text?.replaceAll('\\n', '\n')
}
