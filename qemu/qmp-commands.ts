// The QMP commands and events this driver uses, typed after the QEMU QMP reference manual.

export interface QmpCommands {
  readonly qmp_capabilities: { readonly arguments: Readonly<Record<string, never>>; readonly return: object }
  readonly 'query-status': {
    readonly arguments: Readonly<Record<string, never>>
    readonly return: { readonly status: string; readonly running: boolean }
  }
  readonly 'human-monitor-command': {
    readonly arguments: { readonly 'command-line': string }
    readonly return: string
  }
  readonly system_powerdown: { readonly arguments: Readonly<Record<string, never>>; readonly return: object }
  readonly system_reset: { readonly arguments: Readonly<Record<string, never>>; readonly return: object }
  readonly stop: { readonly arguments: Readonly<Record<string, never>>; readonly return: object }
  readonly cont: { readonly arguments: Readonly<Record<string, never>>; readonly return: object }
  readonly 'migrate-set-capabilities': {
    readonly arguments: {
      readonly capabilities: readonly { readonly capability: string; readonly state: boolean }[]
    }
    readonly return: object
  }
  readonly migrate: { readonly arguments: { readonly uri: string }; readonly return: object }
  readonly 'migrate-incoming': { readonly arguments: { readonly uri: string }; readonly return: object }
  readonly 'query-migrate': {
    readonly arguments: Readonly<Record<string, never>>
    readonly return: { readonly status?: string; readonly 'error-desc'?: string }
  }
  readonly 'chardev-change': {
    readonly arguments: {
      readonly id: string
      readonly backend: { readonly type: 'socket'; readonly data: SocketBackend }
    }
    readonly return: object
  }
  readonly 'set-action': {
    readonly arguments: { readonly reboot: 'reset' | 'shutdown' }
    readonly return: object
  }
  readonly device_add: {
    readonly arguments: Readonly<Record<string, string | number | boolean>> & { readonly driver: string }
    readonly return: object
  }
  readonly device_del: { readonly arguments: { readonly id: string }; readonly return: object }
  readonly 'blockdev-add': {
    readonly arguments: {
      readonly driver: 'blkdebug'
      readonly 'node-name': string
      readonly image: string
      readonly 'inject-error': readonly {
        readonly event: 'none'
        readonly iotype: string
        readonly errno: number
      }[]
    }
    readonly return: object
  }
  readonly 'blockdev-reopen': {
    readonly arguments: { readonly options: readonly object[] }
    readonly return: object
  }
  readonly 'blockdev-del': {
    readonly arguments: { readonly 'node-name': string }
    readonly return: object
  }
  readonly netdev_add: {
    readonly arguments: Readonly<Record<string, string | number | boolean>> & { readonly type: string }
    readonly return: object
  }
  readonly netdev_del: { readonly arguments: { readonly id: string }; readonly return: object }
  readonly set_link: {
    readonly arguments: { readonly name: string; readonly up: boolean }
    readonly return: object
  }
  readonly quit: { readonly arguments: Readonly<Record<string, never>>; readonly return: object }
}

/** QEMU's `ChardevSocket` that listens on a UNIX socket and appends everything to a file. */
export interface SocketBackend {
  readonly addr: { readonly type: 'unix'; readonly data: { readonly path: string } }
  readonly server: true
  readonly wait: false
  readonly logfile?: string
  readonly logappend?: true
}

/** Why QEMU shut down or reset, from its `ShutdownCause`. */
export type ShutdownReason =
  | 'none'
  | 'host-error'
  | 'host-qmp-quit'
  | 'host-qmp-system-reset'
  | 'host-signal'
  | 'host-ui'
  | 'guest-shutdown'
  | 'guest-reset'
  | 'guest-panic'
  | 'subsystem-reset'
  | 'snapshot-load'

interface EventData {
  readonly SHUTDOWN: { readonly guest: boolean; readonly reason: ShutdownReason }
  readonly RESET: { readonly guest: boolean; readonly reason: ShutdownReason }
  readonly GUEST_PANICKED: { readonly action: 'pause' | 'poweroff' | 'run' }
  readonly BLOCK_IO_ERROR: {
    readonly device: string
    readonly 'node-name'?: string
    readonly operation: 'read' | 'write'
    readonly action: 'ignore' | 'report' | 'stop'
    readonly nospace?: boolean
    readonly reason: string
  }
  /** Sent for each device that is gone, those without an id included. */
  readonly DEVICE_DELETED: { readonly device?: string; readonly path: string }
}

/** An event that this driver acts on. */
export type KnownQmpEvent = {
  readonly [Name in keyof EventData]: { readonly event: Name; readonly data: EventData[Name] }
}[keyof EventData]

/** Any event, as QEMU sent it. */
export interface QmpEvent {
  readonly event: string
  readonly data: unknown
  /** When, by QEMU's clock, in milliseconds since 1970. */
  readonly atMs: number
}

const KNOWN = new Set<string>(['SHUTDOWN', 'RESET', 'GUEST_PANICKED', 'BLOCK_IO_ERROR', 'DEVICE_DELETED'])

/** Narrows an event to one that this driver acts on. */
export function isKnownEvent(event: {
  readonly event: string
  readonly data: unknown
}): event is KnownQmpEvent {
  return KNOWN.has(event.event) && typeof event.data === 'object' && event.data !== null
}
