// What update_engine_client and cgpt print, read. Pure; everything here comes from a guest.

import type { Slot, UpdateProgress } from './update-client.ts'

/** `update_engine_client -status`: KEY=VALUE lines. A failure is known by the operation alone; its log is asked for. */
export function readProgress(status: string): UpdateProgress {
  const field = (key: string): string => new RegExp(`^${key}=(.*)$`, 'm').exec(status)?.[1]?.trim() ?? ''
  switch (field('CURRENT_OP')) {
    case 'UPDATE_STATUS_IDLE':
      return { state: 'idle' }
    case 'UPDATE_STATUS_UPDATED_NEED_REBOOT':
      return { state: 'staged', version: field('NEW_VERSION') }
    case 'UPDATE_STATUS_REPORTING_ERROR_EVENT':
      return { state: 'failed', log: '' }
    default: {
      const share = Number(field('PROGRESS'))
      return { state: 'updating', share: Number.isFinite(share) ? share : undefined }
    }
  }
}

export interface SlotText {
  readonly name: 'A' | 'B'
  /** `cgpt show` of the partition: `Attr: priority=1 tries=0 successful=1` in its lines. */
  readonly attributes: string
  readonly booted: boolean
  readonly version: string | undefined
}

/** A slot boots while it has tries or was successful; with neither, and priority 0, nothing was put there. */
export function readSlot({ name, attributes, booted, version }: SlotText): Slot {
  const number = (key: string): number => Number(new RegExp(`\\b${key}=(\\d+)`).exec(attributes)?.[1] ?? '0')
  const [priority, tries, successful] = [number('priority'), number('tries'), number('successful')]
  const state = successful === 1 ? 'good' : tries > 0 ? 'trying' : priority > 0 ? 'bad' : 'empty'
  return { name, version, state, triesLeft: state === 'trying' ? tries : undefined, booted }
}
