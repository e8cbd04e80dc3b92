// Contents for Ignition configs: text as a data: URL (RFC 2397), percent-encoded so that a config stays readable.

/** `data:,hello%20world%0A` */
export function dataUrl(text: string): string {
  return `data:,${encodeURIComponent(text)}`
}

/** Any bytes, in base64. */
export function base64DataUrl(bytes: Uint8Array): string {
  return `data:application/octet-stream;base64,${Buffer.from(bytes).toString('base64')}`
}
