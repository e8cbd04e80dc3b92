// The guest program `signalbox-sync`, delivered by Ignition: a bash script over a virtio-serial port, which only one process
// may have open at a time. So a call holds a lock, is short, and waiting is asking again.

import type { IgnitionFragment } from '../ignition/fragment.ts'
import { MOST_VALUE_BYTES } from './sync-store.ts'

const USAGE = `signalbox-sync: values and barriers that the machines of a test share, over the harness's own line.

  signalbox-sync set KEY [VALUE]                     VALUE, or standard input; at most ${MOST_VALUE_BYTES} bytes
  signalbox-sync get KEY [--wait SECONDS]            prints the value; --wait waits for it to be set
  signalbox-sync barrier NAME COUNT [--timeout SECONDS] [--as WHO]
      waits until COUNT are there (default 60 s); a machine counts once, or once for each WHO

Names: 1 to 128 letters, digits, . _ - / and :
Exit status: 0 done, 1 not set (get without --wait), 2 wrong usage, 3 no answer or an error, 124 waited in vain.`

export interface SyncProgramOptions {
  /** The character device. */
  readonly device: string
  /** A file in a folder of root's. Default /run/signalbox-sync.lock. */
  readonly lock?: string
}

/** The program's text. */
export function syncProgram({ device, lock = '/run/signalbox-sync.lock' }: SyncProgramOptions): string {
  return `#!/bin/bash
device=${quote(device)} lock=${quote(lock)}
usage() { cat <<'END'
${USAGE}
END
}
fail() { echo "signalbox-sync: $1" >&2; exit "$2"; }
wrong() { { echo "signalbox-sync: $1"; echo; usage; } >&2; exit 2; }
number() { case $2 in '' | *[!0-9]* | ?????????*) wrong "$1 is a whole number, not \\"$2\\"";; esac; }
name() { case $2 in '' | *[!A-Za-z0-9._:/-]*) wrong "\\"$2\\" is no name of a $1";; esac; test \${#2} -le 128 || wrong "a name has at most 128 characters"; }
# Sleeps without a process. SECONDS counts whole ones of the clock: what it says is up to one too many.
exec {pipe}<> <(:)
nap() { read -r -t "$1" -u "$pipe"; true; }

# call LINE...: the last line is the request, those before are its value. Leaves the answer in status and rest.
call() {
  local i lines=()
  printf -v id %04x%04x $RANDOM $RANDOM
  for i; do lines+=("$id $i"); done
  { exec 9>"$lock"; } 2>/dev/null || fail "cannot write $lock: it takes root" 3
  flock -w 30 9 || fail "the line to the harness is busy for more than 30 s" 3
  { exec 8<>"$device"; } 2>/dev/null || fail "cannot open $device: it takes root, and a machine that a test runs on" 3
  printf '%s\\n' '' "\${lines[@]}" >&8
  while read -r -t 30 -u 8 i status rest; do
    test "$i" = "$id" || continue
    exec 8>&- 9>&-
    test "$status" != error || fail "$rest" 3
    return
  done
  fail "the harness does not answer" 3
}

set_() {
  name key "$1"
  local text lines
  if test $# -gt 1; then text=$(printf %s "$2" | base64 -w 4000); else text=$(head -c ${MOST_VALUE_BYTES + 1} | base64 -w 4000); fi
  mapfile -t lines <<<"$text"
  test -n "$text" || lines=()
  call "\${lines[@]/#/+ }" "set $1"
}

get_() {
  local key=$1 limit=
  name key "$key"
  if test $# -eq 3 && test "$2" = --wait; then limit=$3; number SECONDS "$limit"; elif test $# -ne 1; then wrong "get takes a KEY and --wait SECONDS"; fi
  SECONDS=0
  while call "get $key"; test "$status" != ok; do
    test -n "$limit" || exit 1
    test $limit -gt 0 && test $SECONDS -le $limit || fail "waited $limit s for the key \\"$key\\" to be set" 124
    nap 0.3
  done
  base64 -d <<<"$rest"
}

barrier_() {
  test $# -ge 2 || wrong "barrier takes a NAME and a COUNT"
  local name=$1 count=$2 limit=60 who= token
  name barrier "$name"
  number COUNT "$count"
  shift 2
  while test $# -gt 0; do
    test $# -ge 2 || wrong "$1 needs a value"
    case $1 in
      --timeout) limit=$2; number SECONDS "$limit";;
      --as) who=$2; name member "$who";;
      *) wrong "barrier knows no $1";;
    esac
    shift 2
  done
  read -r token </proc/sys/kernel/random/uuid
  # Also of a caller that is killed: it must not be counted.
  trap 'exit 143' TERM HUP
  trap 'exit 130' INT
  trap 'gone=$?; trap - EXIT; exec 8>&- 9>&-; (call "leave $name $token") 2>/dev/null; exit $gone' EXIT
  SECONDS=0
  while call "arrive $name $count $token\${who:+ $who}"; test "$status" != ok; do
    test $limit -gt 0 && test $SECONDS -le $limit || fail "waited $limit s for barrier \\"$name\\": $rest" 124
    nap 0.3
  done
  trap - EXIT
}

what=$1
test $# -eq 0 || shift
case $what in
  set) test $# -eq 1 || test $# -eq 2 || wrong "set takes a KEY and a VALUE"; set_ "$@";;
  get) test $# -ge 1 || wrong "get takes a KEY"; get_ "$@";;
  barrier) barrier_ "$@";;
  -h | --help | help) usage;;
  '') wrong "what is to be done?";;
  *) wrong "there is no \\"$what\\"";;
esac
`
}

/** The program as a part of a machine's config; `folder` is where the distro keeps programs of its administrators. */
export function syncFragment(folder: string, options: SyncProgramOptions): IgnitionFragment {
  return { files: [{ path: `${folder}/signalbox-sync`, text: syncProgram(options), mode: 0o755 }] }
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
