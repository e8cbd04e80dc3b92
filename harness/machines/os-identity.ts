// What of os-release(5) says which OS this is: for the record of the run. Text of a guest: bounded.

import { oneLine } from '../hostile-text.ts'

const keys = [
  'ID',
  'ID_LIKE',
  'NAME',
  'PRETTY_NAME',
  'VERSION',
  'VERSION_ID',
  'VERSION_CODENAME',
  'BUILD_ID',
  'VARIANT_ID',
  'IMAGE_ID',
  'IMAGE_VERSION',
  'OSTREE_VERSION',
] as const

/** The identifying fields that are there. */
export function osIdentity(osRelease: ReadonlyMap<string, string>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    keys.flatMap((key) => {
      const value = osRelease.get(key)
      return value === undefined || value === '' ? [] : [[key, oneLine(value, 200)]]
    }),
  )
}

/** As it is kept with a template, and back; what is no such text is nothing. */
export function parseOsIdentity(note: string): Readonly<Record<string, string>> {
  try {
    const value: unknown = JSON.parse(note)
    if (typeof value !== 'object' || value === null) return {}
    return osIdentity(new Map(Object.entries(value).map(([key, text]) => [key, String(text)])))
  } catch {
    return {}
  }
}
