// The hosts that several runs share: who has which (a lock with a live owner), and which keep failing (quarantine). All of it lies
// in one folder, so that it outlives every run; a killed run's lock is free at once.

import { createHash } from 'node:crypto'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sleep } from '../../harness/deadline.ts'
import { InfraError } from '../../harness/errors.ts'
import { oneLine } from '../../harness/hostile-text.ts'
import { tryAcquireLock } from '../../qemu/index.ts'
import { nameOf, type ExternalConfig, type HostAddress } from './settings.ts'

/** A host that this process alone may use until it is disposed. */
export interface HeldHost extends AsyncDisposable {
  readonly address: HostAddress
  /** It worked: what went wrong before is forgotten. */
  worked(): Promise<void>
  /** It did not; returns whether it is in quarantine now. */
  failed(why: string): Promise<boolean>
}

interface HealthRecord {
  readonly failures: number
  readonly why: string
  /** Undefined: it may be used. */
  readonly untilMs?: number
}

/** A host in quarantine, for people. */
export interface Quarantined {
  readonly host: string
  readonly untilMs: number
  readonly why: string
}

type PoolConfig = Pick<ExternalConfig, 'hosts' | 'pool' | 'waitMs' | 'quarantineAfter' | 'quarantineMs'>

const POLL_MS = 200

/** Holds a free host, in the order of the list. Throws InfraError `no-healthy-host` or `no-free-host`. */
export async function holdHost(config: PoolConfig, signal: AbortSignal, now = Date.now): Promise<HeldHost> {
  const startedAt = performance.now()
  for (;;) {
    signal.throwIfAborted()
    let healthy = 0
    for (const address of config.hosts) {
      if (await isQuarantined(config.pool, address, now())) continue
      healthy += 1
      const held = await tryHold(config, address, now)
      if (held !== undefined) return held
    }
    if (healthy === 0) throw await noneHealthy(config, now())
    if (performance.now() - startedAt >= config.waitMs)
      throw new InfraError(
        `all ${healthy} hosts are in use, and none became free in ${config.waitMs / 1000} s`,
        {
          code: 'no-free-host',
          hint: 'run fewer jobs (-j), name more hosts, or wait longer (--set wait=SECONDS)',
        },
      )
    await sleep(POLL_MS, signal)
  }
}

/** Holds this very host, or undefined where somebody has it. */
export async function tryHold(
  { pool, quarantineAfter, quarantineMs }: PoolConfig,
  address: HostAddress,
  now = Date.now,
): Promise<HeldHost | undefined> {
  const lock = await tryAcquireLock(`${fileOf(pool, address)}.lock`)
  if (lock === undefined) return undefined
  const path = `${fileOf(pool, address)}.json`
  return {
    address,
    worked: async () => await rm(path, { force: true }),
    async failed(why) {
      const failures = ((await readRecord(path))?.failures ?? 0) + 1
      const isOut = failures >= quarantineAfter
      const record: HealthRecord = {
        failures,
        why: oneLine(why, 300),
        ...(isOut ? { untilMs: now() + quarantineMs } : {}),
      }
      await writeFile(`${path}.new`, JSON.stringify(record), { mode: 0o600 })
      await rename(`${path}.new`, path)
      return isOut
    },
    [Symbol.asyncDispose]: async () => await lock[Symbol.asyncDispose](),
  }
}

/** The hosts that are in quarantine. */
export async function listQuarantined(
  { hosts, pool }: Pick<PoolConfig, 'hosts' | 'pool'>,
  nowMs: number,
): Promise<readonly Quarantined[]> {
  const found = await Promise.all(
    hosts.map(async (address) => ({ address, record: await readRecord(`${fileOf(pool, address)}.json`) })),
  )
  return found.flatMap(({ address, record }) =>
    record?.untilMs !== undefined && record.untilMs > nowMs
      ? [{ host: nameOf(address), untilMs: record.untilMs, why: record.why }]
      : [],
  )
}

/** Makes the folder; it holds nothing secret, and only this user writes there. */
export async function openPool(pool: string): Promise<void> {
  try {
    await mkdir(pool, { recursive: true, mode: 0o700 })
  } catch (cause) {
    throw new InfraError(`the folder ${pool} for locks on hosts cannot be made`, {
      code: 'folder-not-writable',
      hint: 'name another one with --set pool=FOLDER',
      cause,
    })
  }
}

async function isQuarantined(pool: string, address: HostAddress, nowMs: number): Promise<boolean> {
  return (await listQuarantined({ hosts: [address], pool }, nowMs)).length > 0
}

async function noneHealthy(config: PoolConfig, nowMs: number): Promise<InfraError> {
  const out = await listQuarantined(config, nowMs)
  return new InfraError(`all ${out.length} hosts are in quarantine`, {
    code: 'no-healthy-host',
    hint: `mend them and remove their files from ${config.pool}, or wait`,
    evidence: out.map(({ host, untilMs, why }) => `${host} until ${new Date(untilMs).toISOString()}: ${why}`),
  })
}

// A host's name is not always a file's.
function fileOf(pool: string, address: HostAddress): string {
  const name = nameOf(address)
  const readable = name.replaceAll(/[^\w.-]/g, '_').slice(0, 60)
  return join(pool, `${readable}-${createHash('sha256').update(name).digest('hex').slice(0, 12)}`)
}

async function readRecord(path: string): Promise<HealthRecord | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as HealthRecord
  } catch {
    return undefined
  }
}
