// The agent of a fake machine. It understands no bash: it knows the few things that the harness tells an agent by the words
// in them, and answers as a machine would that did them.

import type { AgentPort } from '../../harness/machine.ts'
import type { FakeBehaviour } from './behaviour.ts'
import { createFeed } from './feed.ts'

/** What the agent may do to its machine. */
export interface AgentGuest {
  readonly behaviour: FakeBehaviour
  isUp(): boolean
  bootId(): string
  machineId(): string
  /** Makes it somebody else. */
  renew(machineId: string, hostKey: string | undefined): void
}

/** Opens the port; nothing is answered while the machine is not up. */
export function createAgent(guest: AgentGuest): AgentPort {
  const lines = createFeed()
  return {
    lines,
    send(line) {
      const at = line.indexOf(' ')
      setImmediate(() => {
        const answer = guest.isUp() ? answerTo(guest, line.slice(at + 1)) : undefined
        if (answer !== undefined) lines.push(`${line.slice(0, at)} 0 '${answer}'`)
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
  if (fork !== 'not-renewed') guest.renew(machineId, variable(code, 'K_ed25519'))
  return guest.machineId()
}

/** What `NAME=$'...'` assigns (bash(1), "QUOTING"): newlines are all that is escaped in ids and keys. */
function variable(code: string, name: string): string | undefined {
  const [, text] = new RegExp(`(?:^| )${name}=\\$'([^']*)'`).exec(code) ?? []
  return text?.replaceAll('\\n', '\n')
}
