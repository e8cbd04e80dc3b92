// In which SELinux domain every process runs, and which of them no policy holds.

import type { Machine } from '../../harness/index.ts'

export interface Process {
  readonly domain: string
  readonly pid: string
  readonly parent: string
  readonly unit: string
  readonly command: string
}

/** All that run now but the kernel's own threads, which are children of kthreadd. */
export async function processes(machine: Machine): Promise<readonly Process[]> {
  const text = await machine.run(['ps', '-ww', '-e', '-o', 'label=,pid=,ppid=,unit=,args='], { sudo: true })
  return text
    .split('\n')
    .map((line): Process => {
      const [label = '', pid = '', parent = '', unit = '', ...command] = line.trim().split(/\s+/)
      return { domain: label.split(':')[2] ?? label, pid, parent, unit, command: command.join(' ') }
    })
    .filter(({ pid, parent }) => pid !== '2' && parent !== '2')
}

/** Those without a policy of their own, but for logins: what sshd has started, and the manager of a user. */
export function unconfined(running: readonly Process[]): readonly string[] {
  const byPid = new Map(running.map((each) => [each.pid, each]))
  const isLogin = ({ parent, unit }: Process): boolean => {
    if (/^user@\d+\.service$/.test(unit)) return true
    const by = byPid.get(parent)
    return by !== undefined && (by.domain === 'sshd_t' || isLogin(by))
  }
  return running
    .filter(({ domain }) => ['unconfined_t', 'unconfined_service_t', 'initrc_t', 'kernel_t'].includes(domain))
    .filter((each) => !isLogin(each))
    .filter(({ unit }) => !isHarness(unit))
    .map(({ domain, unit, command }) => `${domain} ${unit} ${command}`)
}

/** The harness's own line into the machine is no part of the image. */
function isHarness(unit: string): boolean {
  return unit === 'signalbox-agent.service'
}
