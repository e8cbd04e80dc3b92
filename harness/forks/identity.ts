// What makes a machine this machine and no other, as one table: what must differ between a clone and its template (and so
// between two clones), how it is made to differ, and what may stay equal and why. Bash for the agent in the guest.

import { RESEEDS, writeReseedProgram } from '../reseed-program.ts'

/** What a clone is told when it starts; the variable it finds each in. */
export interface NewIdentity {
  /** Seconds since 1970, with a fraction: `T`. */
  readonly clock: string
  /** 64 hexadecimal digits of the host's randomness: `E`. */
  readonly entropy: string
  /** Transient host name: `H`. */
  readonly hostName: string
  /** 32 hexadecimal digits: `M`. */
  readonly machineId: string
  /** By type (`ed25519`): private key in PEM, public key as one line: `K_<type>`, `P_<type>`. */
  readonly hostKeys: ReadonlyMap<string, { readonly privateKey: string; readonly publicKey: string }>
  /** Where the template is on no private network and the clone is: its place there. */
  readonly privatePlace?: PrivatePlace | undefined
}

/** The file that gives a guest its addresses on a private network: `N`, its text `X`; the addresses as the kernel's tables
 *  show them: `A4`, `A6`; the domain in which it searches names: `D`. */
export interface PrivatePlace {
  readonly ipv4: string
  readonly ipv6: string
  readonly domain: string
  readonly file: { readonly path: string; readonly text: string }
}

export interface IdentityRow {
  readonly what: string
  readonly rule: 'differs' | 'may be equal'
  /** How it comes to differ, or why it may be equal. */
  readonly why: string
  /** Bash that the template runs before it is saved; what it prints into `o` stops the saving: no clone could differ. */
  readonly refuse?: string
  /** Bash that the template runs before it is saved. */
  readonly settle?: string
  /** Bash that takes `settle` back, where the machine is used as it is instead. */
  readonly unsettle?: string
  /** Bash that a clone runs before SSH is dialled. */
  readonly renew?: string
  /** Bash that a clone runs while SSH connects, before the test begins. */
  readonly finish?: string
}

const RESEED = '/run/signalbox-reseed'

/** How often the kernel asks whether an IPv6 address is taken, on interfaces that come. */
export const DAD = '/proc/sys/net/ipv6/conf/default/dad_transmits'

const holds = (pattern: string, whose: string): string =>
  `for f in ${pattern}; do test -e "$f" && o="$o ${whose} ($f)"; done`

/** The host key that a clone shows, as it is pinned; undefined when it has none that we prefer. */
export function hostKeyOf({ hostKeys }: NewIdentity): string | undefined {
  const line = ['ed25519', 'ecdsa', 'rsa']
    .map((type) => hostKeys.get(type)?.publicKey)
    .find((key) => key !== undefined)
  return line?.split(' ').slice(0, 2).join(' ')
}

/** Every row is seen to by the test beside this file and by one on real machines. */
export const identityTable: readonly IdentityRow[] = [
  {
    what: 'clock',
    rule: 'differs',
    why: 'set at once; the monotonic clock goes on from the moment of saving, so that no timer has run out meanwhile',
    renew: 'date -s "@$T" >/dev/null',
  },
  {
    what: 'place on a private network',
    rule: 'differs',
    why: 'a template of one machine is on none: the clone gets a card, and from the harness the file that a boot has from Ignition',
    // Not waited for: under SELinux the answer may never come.
    renew: [
      'test -z "$N" || { umask 022; mkdir -p "${N%/*}"; printf %s "$X" >"$N"',
      'type -P networkctl >/dev/null && { networkctl reload >/dev/null 2>&1 & }; }',
    ].join('\n'),
  },
  {
    what: 'calendar timers',
    rule: 'differs',
    why: 'stopped in the template and started after the clock was set, their stamps renewed: none fires for the time in between',
    settle: [
      'for u in $(systemctl list-units --type=timer --state=active --plain --no-legend --no-pager | while read -r n _; do echo "$n"; done)',
      'do case "$(systemctl show -p TimersCalendar --value "$u")" in ?*) calendar="$calendar $u";; esac; done',
      'test -z "$calendar" || systemctl stop $calendar',
    ].join('; '),
    unsettle: 'test -z "$calendar" || systemctl start $calendar',
    finish: [
      'test -z "$calendar" || { touch -c /var/lib/systemd/timers/stamp-*; systemctl start $calendar; }',
    ].join('; '),
  },
  {
    what: 'random numbers',
    rule: 'differs',
    why: 'the host adds 32 bytes; the kernel reseeds when it sees another VM generation id, or is told to where machines have none (arm64); the seed kept on disk is removed',
    settle: `rm -f /var/lib/systemd/random-seed; test "$HOSTTYPE" != ${RESEEDS} || { ${writeReseedProgram(RESEED)}; }`,
    unsettle: `rm -f ${RESEED}`,
    renew: `printf %s "$E" >/dev/urandom; test ! -e ${RESEED} || ${RESEED} || return 1`,
  },
  {
    what: 'machine id',
    rule: 'differs',
    why: 'written to /etc/machine-id and, where that is a file of its own, to /var/lib/dbus/machine-id',
    renew: [
      'printf "%s\\n" "$M" >/etc/machine-id',
      'test ! -f /var/lib/dbus/machine-id || test -L /var/lib/dbus/machine-id || printf "%s\\n" "$M" >/var/lib/dbus/machine-id',
    ].join('; '),
  },
  {
    what: 'host name',
    rule: 'differs',
    why: 'the transient name, where no config has set a static one; a cold boot gets its own by a systemd credential',
    renew: 'test -s /etc/hostname || printf %s "$H" >/proc/sys/kernel/hostname',
  },
  {
    what: 'SSH host keys',
    rule: 'differs',
    why: 'made by the host, one for each type that the template has; a listening sshd reads them anew before it is dialled',
    renew: [
      // Where there are none, the pattern stays as it is; a name that is no variable would end the function.
      'for f in /etc/ssh/ssh_host_*_key; do t=${f#/etc/ssh/ssh_host_}; t=${t%_key}; k=K_$t; p=P_$t',
      'case "$t" in *[!a-z0-9]*) continue;; esac',
      'test -z "${!k}" || { printf %s "${!k}" >"$f"; printf "%s\\n" "${!p}" >"$f.pub"; }; done',
      // sshd writes its pid file again when it listens with the new keys; `read -t` waits without a process.
      'if read -r pid 2>/dev/null </run/sshd.pid; then : >/run/sshd.pid; kill -HUP "$pid"',
      'for ((n = 0; n < 1000; n++)); do test -s /run/sshd.pid && break; nap 0.01; done; fi',
    ].join('; '),
  },
  {
    what: 'all of this on the disk',
    rule: 'differs',
    why: 'written out while SSH connects: a power cut a moment later does not bring the template back',
    finish: '{ sync /etc/machine-id /etc/ssh/ssh_host_*_key ${N:+"$N" "${N%/*}"} >/dev/null 2>&1 & }',
  },
  {
    what: 'journal',
    rule: 'differs',
    why: 'found under the new machine id, and a line in it says where the clone begins',
    finish: [
      'for d in /var/log/journal /run/log/journal; do test ! -d "$d/$template_id" || ln -sfn "$template_id" "$d/$M"; done',
      'echo "<6>signalbox: this machine was forked here; it is now $M" >/dev/kmsg',
    ].join('; '),
  },
  {
    what: 'addresses on a private network',
    rule: 'differs',
    why: 'waited for, those of its place; a guest without networkd has no use for the file, however it came to be',
    // Nobody else can have the address of a card that is plugged in; to ask for a second would keep names from being found for as
    // long, and then once more: when the link-local address is there, resolved forgets the link and whatever it was asked.
    settle: `d=${DAD}; dad=; test ! -e $d || { read -r dad <$d; echo 0 >$d; }`,
    unsettle: `test -z "$dad" || echo "$dad" >${DAD}`,
    finish: [
      'test -z "$N" || ! type -P networkctl >/dev/null || { a=',
      // Looked up without a process: each has a line of its own in the kernel's tables.
      `for ((n = 0; n < 600; n++)); do read -r -d '' v4 </proc/net/fib_trie`,
      `v6=" $A6 "; test ! -e /proc/net/if_inet6 || { read -r -d '' v6 </proc/net/if_inet6; v6=" $v6"; }`,
      `case "$v4" in *"|-- $A4"[[:space:]]*) case "$v6" in *[[:space:]]"$A6 "*) a=1; break;; esac;; esac; nap 0.05; done`,
      'test -n "$a" || { o="$A4 did not come up on its private network"; return 1; }',
      // networkd changes nothing more.
      `for ((n = 0; n < 60; n++)); do a=`,
      `for f in /run/systemd/netif/links/*; do test ! -e "$f" || read -r -d '' a <"$f"`,
      `case "$a" in *ADMIN_STATE=configured*"NETWORK_FILE=$N"*) a=; break;; esac; done`,
      'test -n "$a" || break; nap 0.05; done; nap 0.1',
      // The resolver is told of the domain by networkd a moment later, and again a moment later that the link can be asked: then
      // it finds the clone's own name. The redirection looks the name up and sends nothing. One that never is shows in the test.
      'f=/run/systemd/resolve/stub-resolv.conf',
      `test ! -e "$f" || { for ((n = 0; n < 60; n++)); do read -r -d '' a <"$f"; case "$a" in *"$D"*) break;; esac; nap 0.05; done`,
      `for ((n = 0; n < 30; n++)); do ( : >"/dev/udp/\${H%-*}.$D/9" ) 2>/dev/null && break; nap 0.05; done; }; }`,
      `test -z "$dad" || echo "$dad" >${DAD}`,
    ].join('\n'),
  },
  {
    what: 'etcd member',
    rule: 'differs',
    why: 'a machine that has one is booted, not forked',
    refuse: holds(
      '/var/lib/etcd/member /var/lib/etcd/*/member /var/lib/etcd*/default.etcd',
      'an etcd member',
    ),
  },
  {
    what: 'docker engine id',
    rule: 'differs',
    why: 'a machine that has one is booted, not forked',
    refuse: holds('/var/lib/docker/engine-id', 'a Docker engine'),
  },
  {
    what: 'containerd id',
    rule: 'differs',
    why: 'a machine that has one is booted, not forked',
    refuse: holds('/var/lib/containerd/io.containerd.grpc.v1.introspection/uuid', 'a containerd'),
  },
  {
    what: 'Kubernetes node',
    rule: 'differs',
    why: 'a machine that is one is booted, not forked',
    refuse: holds('/var/lib/kubelet/pki/kubelet-client-current.pem', 'a Kubernetes node'),
  },
  {
    what: 'boot id',
    rule: 'may be equal',
    why: 'the kernel makes it once; together with the machine id it is unique',
  },
  {
    what: 'DMI product UUID',
    rule: 'may be equal',
    why: 'the kernel read it at the boot of the template; a reboot of the clone shows its own',
  },
  {
    what: 'machine id in memory',
    rule: 'may be equal',
    why: 'what runs already may have read it: PID 1 (%m in units), journald (_MACHINE_ID) and networkd; until it is restarted',
  },
  {
    what: 'DHCP client id',
    rule: 'may be equal',
    why: 'each machine is alone with its DHCP server; it is renewed with networkd, from the new machine id',
  },
  {
    what: 'MAC address of the user network',
    rule: 'may be equal',
    why: 'nobody else is on that network; on a shared one each machine has its own',
  },
  {
    what: 'hash secrets and address layout in memory',
    rule: 'may be equal',
    why: 'the kernel and running processes keep theirs; new processes get new ones',
  },
]

/** Bash that defines the functions `refusal`, `settle`, `unsettle`, `renew` and `finish` in the agent's shell. */
export function identityFunctions(): string {
  const body = (key: 'refuse' | 'settle' | 'unsettle' | 'renew' | 'finish'): string =>
    identityTable.flatMap((row) => row[key] ?? []).join('\n')
  return [
    // Sleeps without starting a process: nothing ever comes through this pipe.
    'exec {pipe}<> <(:)\nnap() { read -r -t "$1" -u "$pipe"; true; }',
    `refusal() {\n${body('refuse')}\ntrue; }`,
    `settle() {\nread -r template_id </etc/machine-id\ncalendar=\n${body('settle')}\ntrue; }`,
    `unsettle() {\n${body('unsettle')}\n}`,
    `renew() {\n${body('renew')}\nread -r o </etc/machine-id; }`,
    `finish() {\n${body('finish')}\ntrue; }`,
  ].join('\n')
}
