// Expectations about a machine. Each asks over SSH and is retried, so it survives reboots and dropped connections.

import type { GuestCommand, Machine } from '../fixtures/fixtures.ts'
import type { MatcherOptions, Probe, RetriedMatcher } from './retry.ts'

export interface FileExpectation extends MatcherOptions {
  /** The content contains this text or matches this pattern. */
  readonly containing?: string | RegExp
  /** The content is exactly this. */
  readonly content?: string
  /** Octal permission bits, e.g. 0o644. */
  readonly mode?: number
  /** `user:group`. */
  readonly owner?: string
  readonly type?: 'file' | 'directory' | 'link'
  /** Where a link points. */
  readonly target?: string
}

export interface RunExpectation extends MatcherOptions {
  /** Default 0. */
  readonly exitCode?: number
  readonly stdout?: string | RegExp
  readonly sudo?: boolean
}

export interface ListenExpectation extends MatcherOptions {
  /** Default tcp. */
  readonly protocol?: 'tcp' | 'udp'
}

export interface MountExpectation extends MatcherOptions {
  readonly fstype?: string
  /** Mount options that must be set: `['ro']`. */
  readonly options?: readonly string[]
}

/** One line of evidence out of a longer output. */
const shown = (text: string): string => (text.length > 1500 ? `${text.slice(0, 1500)}…` : text)

const fits = (actual: string, wanted: string | RegExp): boolean =>
  typeof wanted === 'string' ? actual.includes(wanted) : wanted.test(actual)

export const machineMatchers = {
  /** The unit is active. */
  toHaveActiveUnit(machine: Machine, unit: string, options: MatcherOptions = {}): RetriedMatcher {
    return {
      expected: `unit ${unit} to be active`,
      options,
      async probe() {
        const properties = ['LoadState', 'ActiveState', 'SubState', 'Result'].map(
          (name) => `--property=${name}`,
        )
        const { stdout } = await machine.exec(['systemctl', 'show', ...properties, '--', unit])
        return { pass: /^ActiveState=active$/m.test(stdout), seen: stdout.trim().replaceAll('\n', ' ') }
      },
    }
  },

  /** No unit has failed. */
  toHaveNoFailedUnits(machine: Machine, options: MatcherOptions = {}): RetriedMatcher {
    return {
      expected: 'no failed units',
      options,
      async probe() {
        const { stdout } = await machine.exec(
          'systemctl list-units --state=failed --plain --no-legend --no-pager',
        )
        const units = stdout.trim()
        return { pass: units === '', seen: units === '' ? 'none failed' : units }
      },
    }
  },

  /** The path exists, and is as described. Read as root. */
  toHaveFile(machine: Machine, path: string, options: FileExpectation = {}): RetriedMatcher {
    return {
      expected: describeFile(path, options),
      options,
      probe: async () => await lookAtFile(machine, path, options),
    }
  },

  /** Something listens on the port, on any address. */
  toListenOn(machine: Machine, port: number, options: ListenExpectation = {}): RetriedMatcher {
    const protocol = options.protocol ?? 'tcp'
    return {
      expected: `something to listen on ${protocol} port ${port}`,
      options,
      async probe() {
        const { stdout } = await machine.exec(['ss', '-Hln', protocol === 'tcp' ? '-t' : '-u'])
        const ports = stdout
          .split('\n')
          .map((line) => /^\S+\s+\d+\s+\d+\s+\S*:(\d+)\s/.exec(`${line.trim()} `)?.[1])
          .filter((found) => found !== undefined)
        return {
          pass: ports.includes(String(port)),
          seen: `listening: ${[...new Set(ports)].join(', ') || 'none'}`,
        }
      },
    }
  },

  /** The path is a mount point, of that type and with those options. */
  toHaveMount(machine: Machine, path: string, options: MountExpectation = {}): RetriedMatcher {
    const { fstype, options: wanted = [] } = options
    return {
      expected: `${path} to be mounted${fstype === undefined ? '' : ` as ${fstype}`}${wanted.length === 0 ? '' : ` with ${wanted.join(',')}`}`,
      options,
      async probe() {
        const { stdout } = await machine.exec(['findmnt', '-n', '-o', 'FSTYPE,OPTIONS', '-M', path])
        // Of mounts one over the other the last one is seen.
        const [type = '', flags = ''] = stdout.trim().split('\n').at(-1)?.trim().split(/\s+/) ?? []
        const pass =
          type !== '' &&
          (fstype === undefined || type === fstype) &&
          wanted.every((option) => flags.split(',').includes(option))
        return { pass, seen: type === '' ? 'not mounted' : `${type} ${flags}` }
      },
    }
  },

  /** The command ends with that exit status and says that. */
  toRun(machine: Machine, command: GuestCommand, options: RunExpectation = {}): RetriedMatcher {
    const { exitCode = 0, stdout } = options
    const said = typeof command === 'string' ? command : command.join(' ')
    return {
      expected: `\`${said}\` to exit with ${exitCode}${stdout === undefined ? '' : ` and print ${String(stdout)}`}`,
      options,
      async probe() {
        const outcome = await machine.exec(command, { sudo: options.sudo ?? false })
        return {
          pass: outcome.exitCode === exitCode && (stdout === undefined || fits(outcome.stdout, stdout)),
          seen: `exit status ${outcome.exitCode ?? 'none'}; stdout: ${shown(outcome.stdout.trim())}; stderr: ${shown(outcome.stderr.trim())}`,
        }
      },
    }
  },
} as const

function describeFile(path: string, wanted: FileExpectation): string {
  const parts = [
    wanted.type === undefined ? '' : `of type ${wanted.type}`,
    wanted.mode === undefined ? '' : `with mode ${wanted.mode.toString(8).padStart(4, '0')}`,
    wanted.owner === undefined ? '' : `owned by ${wanted.owner}`,
    wanted.target === undefined ? '' : `pointing to ${wanted.target}`,
    wanted.content === undefined ? '' : `with content ${JSON.stringify(wanted.content)}`,
    wanted.containing === undefined ? '' : `containing ${String(wanted.containing)}`,
  ].filter((part) => part !== '')
  return [`${path} to exist`, ...parts].join(' ')
}

async function lookAtFile(machine: Machine, path: string, wanted: FileExpectation): Promise<Probe> {
  const stat = await machine.exec(['stat', '-c', '%F|%a|%U:%G', '--', path], { sudo: true })
  if (stat.exitCode !== 0) return { pass: false, seen: stat.stderr.trim() }
  const [kind = '', mode = '', owner = ''] = stat.stdout.trim().split('|')
  const facts = [`${kind}, mode ${mode}, owner ${owner}`]
  const type = kind === 'symbolic link' ? 'link' : kind === 'directory' ? 'directory' : 'file'
  let pass =
    (wanted.type === undefined || wanted.type === type) &&
    (wanted.mode === undefined || Number.parseInt(mode, 8) === wanted.mode) &&
    (wanted.owner === undefined || owner === wanted.owner)
  if (wanted.target !== undefined) {
    const target = (await machine.exec(['readlink', '--', path], { sudo: true })).stdout.trim()
    facts.push(`points to ${target}`)
    pass &&= target === wanted.target
  }
  if (wanted.content !== undefined || wanted.containing !== undefined) {
    const content = await machine.readFile(path)
    facts.push(`content ${JSON.stringify(shown(content))}`)
    pass &&= wanted.content === undefined || content === wanted.content
    pass &&= wanted.containing === undefined || fits(content, wanted.containing)
  }
  return { pass, seen: facts.join('; ') }
}
