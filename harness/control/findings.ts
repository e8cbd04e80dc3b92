// What a machine says of itself when SSH does not answer: one command over the control line, its parts as data, and the likely
// cause out of them. Pure; asking is in diagnose.ts. All text is a guest's, hostile.

import { oneLine } from '../hostile-text.ts'

/** One state of a unit that has to do with SSH, as `systemctl show` tells it. */
export interface UnitState {
  readonly name: string
  /** `loaded`, `masked`, `not-found`, ... */
  readonly load: string
  /** `active`, `inactive`, `failed`, `activating`, ... */
  readonly active: string
  readonly sub: string
  /** Why it failed: `exit-code`, `timeout`, ... */
  readonly result: string
}

export interface Findings {
  readonly failedUnits: readonly string[]
  /** `UNIT TYPE STATE`, as many as there is room for. */
  readonly jobs: readonly string[]
  /** Those that the image has. */
  readonly sshd: readonly UnitState[]
  /** Links with their addresses, without loopback: `ens3 UP 10.0.2.15/24`. */
  readonly links: readonly string[]
  readonly routes: readonly string[]
  /** Last journal lines of the SSH server. */
  readonly sshdJournal: readonly string[]
}

const PROPERTIES = 'Id,LoadState,ActiveState,SubState,Result'
/** The names that distributions have for it. */
const SSHD_UNITS = ['sshd.service', 'ssh.service', 'sshd.socket', 'ssh.socket']

// What says most and costs least comes first: a machine in trouble may not get to the end.
/** The command; whatever part of its output there is can be read. */
export const LOOK_COMMAND = [
  `systemctl show --property=${PROPERTIES} ${SSHD_UNITS.join(' ')}`,
  'ip -brief address',
  'systemctl list-units --state=failed --plain --no-legend --no-pager',
  'systemctl list-jobs --plain --no-legend --no-pager | head -n 20',
  'ip route; ip -6 route',
  `journalctl --boot --no-pager --output=short-monotonic --lines=15 ${SSHD_UNITS.map((unit) => `--unit=${unit}`).join(' ')}`,
].join('; echo --signalbox--; ')

/** Reads what the command printed, cut anywhere. */
export function readFindings(output: string): Findings {
  const parts = output.split(/^--signalbox--$\n?/m).map((part) =>
    part
      .split('\n')
      .map((line) => oneLine(line, 200))
      .slice(0, 100),
  )
  const [units = [], links = [], failed = [], jobs = [], routes = [], journal = []] = parts
  return {
    sshd: readUnits(units),
    links: filled(links)
      .filter((line) => !line.startsWith('lo '))
      .map(squeeze),
    failedUnits: filled(failed).map((line) => squeeze(line).split(' ')[0] ?? ''),
    // With --plain, the first column is the job's number.
    jobs: filled(jobs).map((line) => squeeze(line).replace(/^\d+ /, '')),
    routes: filled(routes)
      .filter((line) => !/^fe80|\bdev lo\b/.test(line))
      .map(squeeze),
    sshdJournal: filled(journal).filter((line) => line !== '-- No entries --'),
  }
}

/** The likeliest reason for SSH's silence in one sentence; undefined when all of it looks well from inside. */
export function likelyCause(findings: Findings): string | undefined {
  const { sshd, links, jobs, failedUnits } = findings
  const failed = sshd.find(({ active }) => active === 'failed')
  if (failed !== undefined) return `${failed.name} is failed (${failed.result})${lastWords(findings)}`
  const serves = sshd.some(({ active }) => active === 'active')
  if (!serves) {
    const starting = sshd.find(({ active }) => active === 'activating' || active === 'reloading')
    if (starting !== undefined)
      return `${starting.name} is still ${starting.active} (${starting.sub})${lastWords(findings)}`
    const running = jobs.find((job) => job.endsWith(' running'))
    if (running !== undefined) return `the boot is not over: ${running}`
    const masked = sshd.find(({ load }) => load === 'masked')
    if (masked !== undefined) return `${masked.name} is masked`
    const [first] = sshd
    if (first !== undefined)
      return `${first.name} is ${first.active}: nothing has started it, or it was stopped`
  }
  // What has no carrier by design (a bridge of containers) has an address all the same.
  const isDown = (link: string): boolean => / (DOWN|LOWERLAYERDOWN)\b/.test(link)
  if (!links.some((link) => !isDown(link) && /\d+\.\d+\.\d+\.\d+\//.test(link))) {
    const down = links.find((link) => isDown(link))
    if (down !== undefined) return `the network is down: ${down}`
    if (links.length > 0) return `no network card has an address: ${links.join(', ')}`
    if (serves) return 'there is no network card'
  }
  return failedUnits.length === 0 ? undefined : `failed units: ${failedUnits.join(', ')}`
}

/** The findings as lines for a person. */
export function describeFindings(findings: Findings): readonly string[] {
  const { sshd, links, routes, jobs, failedUnits, sshdJournal } = findings
  return [
    ...sshd.map(({ name, load, active, sub, result }) => {
      const how = load === 'loaded' ? '' : `${load}, `
      return `${name}: ${how}${active} (${sub})${active === 'failed' ? `, ${result}` : ''}`
    }),
    `failed units: ${failedUnits.length === 0 ? 'none' : failedUnits.join(', ')}`,
    ...(jobs.length === 0 ? ['jobs: none'] : jobs.map((job) => `job: ${job}`)),
    ...(links.length === 0 ? ['addresses: none'] : links.map((link) => `address: ${link}`)),
    ...(routes.length === 0 ? ['routes: none'] : routes.map((route) => `route: ${route}`)),
    ...sshdJournal.map((line) => `sshd: ${line}`),
  ]
}

function readUnits(lines: readonly string[]): readonly UnitState[] {
  const blocks: Record<string, string>[] = [{}]
  for (const line of lines) {
    const [, key, value] = /^([A-Za-z]+)=(.*)$/.exec(line) ?? []
    if (key !== undefined && value !== undefined) Object.assign(blocks.at(-1) ?? {}, { [key]: value })
    else blocks.push({})
  }
  return blocks.flatMap(
    ({ Id: name, LoadState: load, ActiveState: active = '', SubState: sub = '', Result: result = '' }) =>
      name === undefined || load === undefined || load === 'not-found'
        ? []
        : [{ name, load, active, sub, result }],
  )
}

function lastWords({ sshdJournal }: Findings): string {
  const said = sshdJournal
    .map((line) => line.replace(/^\[ *[\d.]+\] \S+ /, ''))
    // The server's own: its sessions end after it. It closes with how many options were bad, after which.
    .findLast((line) => /^sshd?(?:\[\d+\])?:/.test(line) && !/: terminating, \d+ bad /.test(line))
  return said === undefined ? '' : `: ${said}`
}

const filled = (lines: readonly string[]): readonly string[] => lines.filter((line) => line !== '')
const squeeze = (line: string): string => line.replaceAll(/\s+/g, ' ').trim()
