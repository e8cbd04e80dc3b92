// What runs on this host, by the arguments of its processes.

import { readdir, readFile } from 'node:fs/promises'

/** The names of the programs that run with this text in an argument. */
export async function programsWith(text: string): Promise<readonly string[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const found = ids.map(async (id) => {
    const line = await readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '')
    const name = await readFile(`/proc/${id}/comm`, 'utf8').catch(() => '')
    return line.includes(text) ? [name.trim()] : []
  })
  return (await Promise.all(found)).flat()
}
