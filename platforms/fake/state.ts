// What a fake machine answers when the harness takes a snapshot of its state: the marks that the script would print, sshd, the units
// that have failed, and one of each that every machine has.

/** The answer to the script of a snapshot; undefined when `script` is none. */
export function stateOf(script: string, failedUnits: ReadonlySet<string>): string | undefined {
  const marks = [...script.matchAll(/^printf '\\n=%s= %s\\n' ([0-9a-f]+) (\w+)/gm)]
  if (marks.length === 0) return undefined
  const units = [
    'ssh.service loaded active running sshd',
    ...[...failedUnits].map((unit) => `${unit} loaded failed failed ${unit}`),
  ]
  const answers: Readonly<Record<string, string>> = {
    architecture: 'x86_64',
    units: units.join('\n'),
    mounts: '/ ext4 /dev/vda rw',
    sysctls: 'kernel.ostype = Linux',
    users: 'root:x:0:0:root:/root:/bin/sh',
    groups: 'root:x:0:',
  }
  return marks
    .map(([, nonce = '', name = '']) => `\n=${nonce}= ${name}\n${answers[name] ?? ''}`)
    .join('')
    .concat('\n')
}
