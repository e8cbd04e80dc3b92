// What a test may ask of the program in the guest that updates it, whatever OS it is. The programs differ (systemd-sysupdate
// with boot counting, update_engine with GPT attributes); the questions do not.

import type { UpdatePayload } from '../model.ts'
import type { UpdateServer, UpdateServerUrls } from '../update-server/index.ts'

export interface FollowOptions {
  /** The channel that is asked for; default: what the distro's tests use. */
  readonly group?: string
  /**
   * Whose signatures the client must insist on: an OpenPGP keyring (binary) for systemd-sysupdate, an RSA key (PEM) for
   * update_engine. Without one sysupdate checks none, and update_engine goes by the key of its image.
   */
  readonly signingKey?: Uint8Array
}

export interface OfferOptions {
  /** Signs the list of files (systemd-sysupdate); update_engine's payloads carry their own signature. */
  readonly signingKey?: string
  /** To machines that have a newer version as well (Omaha); a directory is offered to everybody. Default false. */
  readonly downgrade?: boolean
}

/**
 * What a version on the disk has proved: `good` it booted and was found healthy, `trying` it has tries left, `bad` it has used
 * them up, `empty` there is no bootable version in the slot.
 */
export type SlotState = 'good' | 'trying' | 'bad' | 'empty'

export interface Slot {
  readonly name: 'A' | 'B'
  readonly version: string | undefined
  readonly state: SlotState
  /** Boots that the loader still gives it; undefined when it does not count. */
  readonly triesLeft: number | undefined
  /** /usr of this boot is mounted from it. */
  readonly booted: boolean
}

export type UpdateProgress =
  | { readonly state: 'idle' }
  /** `share`: 0 to 1 of what is to be fetched, where the program says it. */
  | { readonly state: 'updating'; readonly share: number | undefined }
  /** Written and bootable; the next boot is of this version. */
  | { readonly state: 'staged'; readonly version: string }
  /** The last lines of the program's log: hostile text. */
  | { readonly state: 'failed'; readonly log: string }

export interface UpdateClient {
  readonly program: 'systemd-sysupdate' | 'update_engine'
  /** Puts a version on a server, for clients of this kind. */
  offer(server: UpdateServer, payload: UpdatePayload, options?: OfferOptions): Promise<void>
  /** Has the machine ask this server and no other. Asks nothing by itself; it is kept over updates. */
  follow(server: UpdateServerUrls, options?: FollowOptions): Promise<void>
  /** The version that the machine would update to now; undefined when it is offered none that it wants. */
  check(): Promise<string | undefined>
  /** Begins an update and returns at once. */
  start(): Promise<void>
  progress(): Promise<UpdateProgress>
  /**
   * Begins an update and waits until a newer version is staged, or nothing is offered (`idle`). Throws MachineError
   * `update-failed` with the program's log. `timeoutMs` (default 120 s) is for a host with KVM.
   */
  update(options?: { readonly timeoutMs?: number }): Promise<UpdateProgress>
  /** A and B, in this order. */
  slots(): Promise<readonly [Slot, Slot]>
  booted(): Promise<Slot>
  /** Ends the trial of the running version. */
  markGood(): Promise<void>
  /** Has the next boot be of the other slot. Throws MachineError `no-rollback` when there is nothing to go back to. */
  rollBack(): Promise<void>
}
