// Which links the page may have: files beside it that a browser only shows or saves, and trackers on the web.

/** Endings whose content no browser runs. HTML and SVG that a guest wrote would act with the rights of a local file. */
const INERT = /\.(?:txt|log|jsonl?|png|pcap|tap|md|ya?ml)$/i

/** What needs no encoding. */
const PLAIN = /^[\w./-]+$/

/** A relative link to a file of the run, or undefined when it must not be one. `path` is posix, relative to the page. */
export function fileLink(path: string): string | undefined {
  if (!INERT.test(path) || path.startsWith('/') || path.includes('\0')) return undefined
  if (PLAIN.test(path)) return `./${path}`
  return `./${path
    .split('/')
    .map((part) => encodeURIComponent(part.toWellFormed()))
    .join('/')}`
}

/** The address as it may be followed, or undefined: only http and https. */
export function webLink(address: string): string | undefined {
  const url = URL.parse(address.trim())
  return url !== null && (url.protocol === 'https:' || url.protocol === 'http:') ? url.href : undefined
}
