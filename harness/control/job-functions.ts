// Bash that the agent in the guest is given once, to run commands beside its loop: each in a control group of its own, its
// output cut to its last part in the guest already, so that a flood never gets as far as the line.

import { createHash } from 'node:crypto'

/** Kept of each output stream in the guest: its last part. */
export const KEPT_BYTES = 1024 * 1024

// A write of at most 32 KiB to a virtio-serial port is one piece: other writers come before or after it, never between
// (Linux, drivers/char/virtio_console.c). So all write whole lines: bash up to its smallest buffer (1008 bytes), dd a
// whole number of equally long ones at once.
const LINE = 4000
const LINES_AT_ONCE = 8 * ('01234567 o '.length + LINE + 1)

// The kernel knows `cgroup.kill` since 5.14. Before, and where a container has no groups of its own, what left the process group
// of the command outlives it.
/**
 * `V_job ID WORD...` starts a command and returns; `V_put ID TEXT` gives it input beforehand, in pieces of base64; `V_kill ID`
 * ends it and all that it started. When it has ended come `ID o TEXT` and `ID e TEXT` (base64) and then `ID = STATUS BYTES
 * BYTES`. Everything of it lies in /run/signalbox/ID meanwhile.
 */
const FUNCTIONS = `
V_group() {
  C=
  while IFS=: read -r n _ p; do test "$n" != 0 || C=/sys/fs/cgroup$p; done </proc/self/cgroup
  test -e "$C/cgroup.kill" || C=
}
V_put() {
  test -d /run/signalbox/$1 || mkdir -p -m 700 /run/signalbox/$1 || return
  echo "$2" >>/run/signalbox/$1/in
}
V_kill() {
  local C
  V_group
  test -d /run/signalbox/$1 || return 0
  : >/run/signalbox/$1/k
  test -z "$C" || echo 1 >"$C/$1/cgroup.kill"
  kill -KILL -- -$(</run/signalbox/$1/p)
  true
} 2>/dev/null
V_keep() {
  dd ibs=64k obs=64k 2>"$1.n" | tail -c ${KEPT_BYTES} >"$1"
}
V_send() {
  { read -r _; read -r _; read -r B _; } <"$3.n"
  if test "$B" -eq 0; then return; fi
  if test "$B" -le 500; then echo "$1 $2 $(base64 -w 0 "$3")" >&3
  else base64 -w ${LINE} "$3" | sed "s/^/$1 $2 /" | dd ibs=${LINES_AT_ONCE} obs=${LINES_AT_ONCE} >&3; fi
}
V_run() {
  exec 2>&5 3>&- 4>&- 5>&-
  local i=$1 d=$2
  shift 2
  test -z "$C" || echo $BASHPID >"$C/$i/cgroup.procs"
  echo $BASHPID >"$d/p"
  test ! -e "$d/k" || exit 137
  cd /
  export HOME=/root
  unset C B
  exec setsid "$@"
}
V_job() {
  local i=$1 d=/run/signalbox/$1
  shift
  (
    exec </dev/null >/dev/null 2>&1
    V_group
    mkdir -p -m 700 "$d" \${C:+"$C/$i"}
    test ! -e "$d/in" || exec < <(base64 -d "$d/in")
    { { (V_run "$i" "$d" "$@"); echo $? >"$d/s"; } 5>&1 >&4 | V_keep "$d/e" 4>&-; } 4>&1 | V_keep "$d/o"
    s=126
    read -r s <"$d/s"
    V_send "$i" o "$d/o"; O=$B
    V_send "$i" e "$d/e"
    echo "$i = $s $O $B" >&3
    rm -rf "$d"
    test -z "$C" || rmdir "$C/$i"
  ) &
}
`

const version = createHash('sha256').update(FUNCTIONS).digest('hex').slice(0, 8)
const named = (text: string): string => text.replaceAll('V_', `signalbox_${version}_`)

/** What the agent's shell is told before the first job. Another version of the functions has other names. */
export const jobFunctions = named(FUNCTIONS)

/** Their names in the agent's shell. */
export const jobFunction = { job: named('V_job'), put: named('V_put'), kill: named('V_kill') } as const
