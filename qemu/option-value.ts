// The one quoting rule of QEMU's `key=value,key=value` options: a comma inside a value is written twice.

/** A value as QEMU's option parser takes it. */
export function optionValue(value: string): string {
  return value.replaceAll(',', ',,')
}

/** `driver,key=value,...`; undefined values are left out. */
export function option(
  head: string,
  values: Readonly<Record<string, string | number | boolean | undefined>> = {},
): string {
  const parts = Object.entries(values).flatMap(([key, value]) => {
    if (value === undefined) return []
    if (typeof value === 'boolean') return [`${key}=${value ? 'on' : 'off'}`]
    return [`${key}=${optionValue(String(value))}`]
  })
  return [head, ...parts].filter((part) => part !== '').join(',')
}
