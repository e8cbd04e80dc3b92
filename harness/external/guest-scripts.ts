// The shell scripts that run external tests in the guest. They need bash, coreutils and systemd, and a control group of
// their own. Text only: what starts them and listens to them is guest-runner.ts.

/** Folder of pipes and scripts in the guest; gone with a reboot. */
export const RUNNER_FOLDER = '/run/signalbox-external'
export const RUNNER_UNIT = 'kola-runext.service'
export const DATA_ROOT = '/var/opt/kola'

/**
 * Serves one request a line on the pipe `in`. All output goes through the pipe `o` and tee to the pipe `s`, whose other end is the
 * harness, and by the pipe `j` to the unit's journal, until the harness ends that branch of an endless output; it grows again
 * with the next test. The runner holds its pipes open, so that nothing is lost and nothing gets a SIGPIPE while the harness is
 * away. What a test leaves running is in the control group `test`, and ends with it; the process that will be the next test is in
 * there before there is a request, because the kernel takes longer to move one than to run it. Messages of the runner stand in
 * the output, on lines that begin with a word that only the harness and the runner know.
 */
export const RUNNER = `#!/bin/bash
cd ${RUNNER_FOLDER} || exit 1
unset JOURNAL_STREAM
exec 3<>in 4<>o 5<>s
pump() {
  cat <j 3>&- 4>&- 5>&- &
  journal=$!
  tee -p s <o >j 2>/dev/null 3>&- 4>&- 5>&- &
  pump=$!
  printf '%s\\n' "$journal" >journal
}
pump
while IFS=: read -r id controllers path; do
  case "$id:$controllers" in
    0:) test -e /sys/fs/cgroup/cgroup.procs && group=/sys/fs/cgroup$path || group=/sys/fs/cgroup/unified$path ;;
    *:name=systemd) legacy=/sys/fs/cgroup/systemd$path ;;
  esac
done </proc/self/cgroup
test -d "$group" || group=$legacy
group=$group/test
mkdir -p "$group" || exit 1
printf '%s\\n' "$group" >group
# What, and the time.
say() {
  read -r now _ </proc/uptime
  printf '\\n%s %s %s\\n' "$nonce" "$*" "$now" >&4
}
end_all() {
  test -e "$group/cgroup.kill" && echo 1 >"$group/cgroup.kill" && return
  local pid left=1
  while test -n "$left"; do
    left=
    while read -r pid; do left=1; kill -KILL "$pid"; done <"$group/cgroup.procs"
  done 2>/dev/null
}
# nonce, program, environment...
run() {
  printf '%s\\n' "$1" >nonce
  nonce=$1 program=$2
  shift 2
  say begins
  test -n "$inside" || exit 125
  exec 3>&- 4>&- 5>&- </dev/null >o 2>&1
  cd / && export "$@" && exec "$program"
}
while :; do
  : >nonce
  line=
  # A request says that the harness has all that went through the pump.
  kill -0 "$journal" 2>/dev/null || { IFS= read -r line <&3; kill "$pump"; pump; }
  (
    echo "$BASHPID" >"$group/cgroup.procs" && inside=1
    test -n "$line" || IFS= read -r line <&3
    eval "$line"
  )
  status=$?
  end_all
  read -r nonce <nonce || continue
  printf '%s %s\\n' "$nonce" "$status" >status
  say ended "$status"
done
`

/** Asks the harness for a reboot: `reboot` or `soft-reboot`, `now` or `prepare`, and the mark. */
export const REQUEST = `#!/bin/bash
cd ${RUNNER_FOLDER} || exit 1
if test "$#" -ne 3; then echo "a reboot needs a mark" >&2; exit 2; fi
if ! test -e may-reboot; then
  echo "this test shares its machine with others and may not reboot it: take out exclusive: false" >&2
  exit 1
fi
read -r nonce <nonce
rm -f ack
mkfifo ack || exit 1
request="$nonce asks $1 $2 $(printf %s "$3" | base64 -w 0)"
printf '%s\\n' "$request" >asked
printf '\\n%s\\n' "$request" >o
read -r word <ack
test "$2" = prepare || exec sleep infinity
`

/** The programs of autopkgtest's protocol, by their names in /tmp. */
export const REBOOT_PROGRAMS: Readonly<Record<string, string>> = {
  'autopkgtest-reboot': wrapper('reboot now'),
  'autopkgtest-reboot-prepare': wrapper('reboot prepare'),
  'autopkgtest-soft-reboot': wrapper('soft-reboot now'),
  'autopkgtest-soft-reboot-prepare': wrapper('soft-reboot prepare'),
}

function wrapper(words: string): string {
  return `#!/bin/bash\nexec /bin/bash ${RUNNER_FOLDER}/request ${words} "$@"\n`
}

/** In a bundle, the folder whose files go where programs can be installed; no folder of any system is named so. */
export const PROGRAMS_IN_BUNDLE = 'signalbox-programs/'

/**
 * Unpacks a bundle from its standard input and starts the runner; prints the folder where the programs are. On image-based
 * systems /usr is read-only and /usr/local often a link into /var: where it cannot be written, programs go to /var. Every
 * process counts: to start one takes an emulated guest as long as a command over SSH.
 */
export const SET_UP = `set -e
umask 022
if test -d ${RUNNER_FOLDER}; then
  systemctl stop ${RUNNER_UNIT} 2>/dev/null || true
  rm -rf ${RUNNER_FOLDER}
fi
b=/usr/local/bin
test -d $b && test -w $b || b=${DATA_ROOT}/bin
tar -x --no-same-owner -C / --transform "s,^${PROGRAMS_IN_BUNDLE},\${b#/}/," -f -
echo $b
exec systemd-run --quiet --collect --unit=${RUNNER_UNIT} --property=Delegate=yes --property=SyslogIdentifier=kola-runext \\
  --description='External tests of the test harness' -- /bin/bash ${RUNNER_FOLDER}/runner`

/**
 * Joins the harness to the pipes: its input goes to the runner, the output of the tests comes back. A shell gives what it starts in
 * the background no input but the one that it is told.
 */
export const FOLLOW = `exec 3<&0; cat <&3 >${RUNNER_FOLDER}/in & exec cat ${RUNNER_FOLDER}/s`

/** Ends the running test and all it has started. */
export const END_TEST = `read -r g <${RUNNER_FOLDER}/group; if test -e "$g/cgroup.kill"; then echo 1 >"$g/cgroup.kill"; else while read -r p; do kill -KILL "$p"; done <"$g/cgroup.procs"; fi`

/** Keeps what follows of the running test's output out of the journal, which costs the guest more than all the rest. */
export const LEAVE_JOURNAL = `read -r p <${RUNNER_FOLDER}/journal && kill "$p"`

/** Lets the program that asked for a reboot go on. */
export const ACKNOWLEDGE = `echo yes >${RUNNER_FOLDER}/ack`

/** What the runner wrote down: which test has begun, what it asked for, its exit status; and what systemd says of the unit. */
export const LAST_STATUS = `cd ${RUNNER_FOLDER} && { sed 's/^/begun /' nonce; cat asked; cat status; } 2>/dev/null; systemctl show --property=ActiveState,Result,ExecMainCode,ExecMainStatus ${RUNNER_UNIT}`
