// Details in compressed chunks within a budget: each chunk is gzip in base64, which the page decompresses when somebody
// looks at one of its attempts. What comes first has room first.

import { promisify } from 'node:util'
import { gzip } from 'node:zlib'

const compress = promisify(gzip)

/** Characters of JSON in one chunk: some milliseconds to read. */
const CHUNK_CHARACTERS = 512 * 1024

/** Chunks that are compressed at the same time. */
const AT_ONCE = 3

/** Where an entry is. */
export type Place = readonly [chunk: number, place: number]

export interface Packer {
  /** Takes an entry; undefined when there is no room for it any more, and then it is not made. */
  add(make: () => unknown): Promise<Place | undefined>
  /** The chunks in base64. */
  finish(): Promise<readonly string[]>
}

/** Packs until the chunks have `budgetBytes` of base64; `first` is the number of the first chunk. */
export function startPacker(first: number, budgetBytes: number): Packer {
  const chunks: Promise<string>[] = []
  let open: string[] = []
  let openCharacters = 0
  /** Of the chunks that were waited for: never of a race, so that the same run makes the same file. */
  let used = 0
  let waitedFor = 0
  const waitUntil = async (count: number): Promise<void> => {
    for (; waitedFor < count; waitedFor += 1) used += (await chunks[waitedFor])?.length ?? 0
  }
  const close = (): void => {
    if (open.length === 0) return
    const text = `[${open.join(',')}]`
    open = []
    openCharacters = 0
    chunks.push(compress(Buffer.from(text), { level: 5 }).then((bytes) => bytes.toString('base64')))
  }
  return {
    async add(make) {
      if (used > budgetBytes) return undefined
      const text = JSON.stringify(make())
      const place: Place = [first + chunks.length, open.length]
      open.push(text)
      openCharacters += text.length
      if (openCharacters >= CHUNK_CHARACTERS) {
        close()
        await waitUntil(chunks.length - AT_ONCE)
      }
      return place
    },
    async finish() {
      close()
      return await Promise.all(chunks)
    },
  }
}
