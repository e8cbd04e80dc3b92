// Bash's own quoting, both ways: code for the agent as one line, and the agent's answers (`${o@Q}`) back as text.

/** Text as `$'...'` (bash(1), "QUOTING"): one line, whatever it holds. NUL cannot be had in a shell and is dropped. */
export function ansiQuote(text: string): string {
  const escaped = text
    .replaceAll('\0', '')
    .replaceAll('\\', '\\\\')
    .replaceAll("'", "\\'")
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
  return `$'${escaped}'`
}

const SIMPLE: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  a: '\u0007',
  b: '\b',
  e: '\u001B',
  E: '\u001B',
  f: '\f',
  v: '\v',
}

/** What bash's `@Q` wrote, as the text it stands for. Anything else comes back as it is: the sender is hostile. */
export function unquoteBash(quoted: string): string {
  const parts = quoted.matchAll(/\$'((?:[^'\\]|\\.)*)'|'([^']*)'|\\(.)|([^'\\]+)/gs)
  return [...parts]
    .map(([, ansi, plain, escaped, bare]) => fromAnsi(ansi) ?? plain ?? escaped ?? bare ?? '')
    .join('')
}

function fromAnsi(ansi: string | undefined): string | undefined {
  return ansi?.replaceAll(/((?:\\[0-7]{1,3})+)|\\(.)/gs, (_, octal: string | undefined, escape: string) =>
    octal === undefined ? (SIMPLE[escape] ?? escape) : fromOctal(octal),
  )
}

// Bytes, of which a character that the guest's locale cannot print has several.
function fromOctal(escapes: string): string {
  const bytes = escapes
    .slice(1)
    .split('\\')
    .map((digits) => Number.parseInt(digits, 8))
  return Buffer.from(bytes).toString('utf8')
}
