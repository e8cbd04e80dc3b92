// The tags of everything that is made: whose it is, since when, and until when it may be. They are put on in the very request that makes
// a thing, so that nothing is ever without them; the reaper needs nothing else.

import type { ResourceType, Tag } from '@aws-sdk/client-ec2'
import { recordInLedger } from '../../harness/ledger.ts'
import type { Lease } from '../../harness/machine.ts'

/** The ledger's kind; `data` holds `run`, `region` and `what`. */
export const AWS_KIND = 'aws'

export const RUN_TAG = 'signalbox:run'
const CREATED_TAG = 'signalbox:created'
const EXPIRES_TAG = 'signalbox:expires'
/** The digest of what an imported image was made of. */
export const DIGEST_TAG = 'signalbox:digest'
/** The id of the intent in the ledger: finds a machine whose creation was not answered. */
export const LEASE_TAG = 'signalbox:lease'

export interface TagOptions {
  readonly run: string
  readonly name: string
  readonly ttlMs: number
  readonly more?: Readonly<Record<string, string>>
}

/** The tags of something that is made now. */
export function tagsOf({ run, name, ttlMs, more = {} }: TagOptions, nowMs: number = Date.now()): Tag[] {
  const all = {
    Name: `signalbox-${run}-${name}`,
    [RUN_TAG]: run,
    [CREATED_TAG]: isoSeconds(nowMs),
    [EXPIRES_TAG]: isoSeconds(nowMs + ttlMs),
    ...more,
  }
  // A value of a tag has at most 256 characters.
  return Object.entries(all).map(([Key, value]) => ({ Key, Value: value.slice(0, 256) }))
}

/** The same for one type of resource, or several of one request. */
export function tagSpecifications(
  options: TagOptions,
  ...types: readonly ResourceType[]
): { ResourceType: ResourceType; Tags: Tag[] }[] {
  const Tags = tagsOf(options)
  return types.map((ResourceType) => ({ ResourceType, Tags }))
}

/** When it expires from now on. */
export function expiryTag(ttlMs: number): Tag {
  return { Key: EXPIRES_TAG, Value: isoSeconds(Date.now() + ttlMs) }
}

/** What the tags of a thing say; undefined where they are not ours. Others may write tags: what is not a time is the beginning of it. */
export function leaseOf(
  kind: string,
  id: string | undefined,
  place: string,
  tags: readonly Tag[] = [],
): Lease | undefined {
  const value = (key: string): string | undefined => tags.find(({ Key }) => Key === key)?.Value
  const run = value(RUN_TAG)
  if (id === undefined || run === undefined) return undefined
  return {
    kind,
    id,
    run,
    place,
    createdAtMs: timeOf(value(CREATED_TAG)),
    expiresAtMs: timeOf(value(EXPIRES_TAG)),
  }
}

/** Writes down what is about to be made; dispose it when the thing is gone. */
export function intend(id: string, run: string, region: string, what: string): Disposable {
  return recordInLedger(AWS_KIND, id, { run, region, what })
}

function timeOf(text: string | undefined): number {
  const time = Date.parse(text ?? '')
  return Number.isNaN(time) ? 0 : time
}

function isoSeconds(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')
}
