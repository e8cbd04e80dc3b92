// What differs from machine to machine, from boot to boot or from second to second, and is therefore left out of a snapshot or
// written as a word in angle brackets.

/** The first boot of a version is on trial: a generator wants these then, until somebody reloads systemd afterwards. */
export const trialUnits: readonly RegExp[] = [
  /^(?:systemd-bless-boot|boot-complete|first-boot-complete|reference-first-boot-done|reference-first-boot)\./,
]

/** Units that come and go: sessions, what is started on demand and ends when nobody asks, what a clock starts. */
export const volatileUnits: readonly RegExp[] = [
  /^(?:session-|user@|user-runtime-dir@|sshd?@|run-|systemd-coredump@|systemd-ask-password)/,
  /^systemd-(?:hostnamed|timedated|localed|machined|importd|portabled|sysupdated|journal-flush|tmpfiles-clean|sysupdate)\.service$/,
  /^(?:logrotate|fstrim|man-db|dpkg-db-backup|e2scrub_all|locksmithd|update-engine-stub)\.service$/,
  // Mounted when somebody looks.
  /^(?:proc-sys-fs-binfmt_misc|boot|efi)\.mount$/,
  /^systemd-fsck@/,
  ...trialUnits,
]

/** Mount points of sessions, of units' credentials, and of what is mounted when somebody looks. */
export const volatileMounts: readonly RegExp[] = [
  /^\/run\/(?:user|credentials|systemd\/(?:unit-root|incoming|propagate))(?:\/|$)/,
  /^\/proc\/sys\/fs\/binfmt_misc$/,
  /^\/boot$/,
]

/** Options of mounts that say how much memory or which process there is, and that the kernel shows only the first time (an overlay's uuid). */
export const volatileMountOption =
  /^(?:size|nr_inodes|pgrp|fd|timeout|pipe_ino|inode64|inode32|seclabel|stripe|mode|lowerdir|uuid)\b/

/** Settings that count something, are drawn by lot, or follow from how much memory there is. */
export const volatileSysctls: readonly RegExp[] = [
  /(?:^|[._-])(?:uuid|boot_id|urandom|entropy_avail|nr|count|state|inode-state|dentry-state|file-nr|inode-nr)$/,
  /^kernel\.(?:hostname|domainname|ns_last_pid|threads-max|random\.|pty\.nr|perf_event_max_sample_rate|osrelease|version|usermodehelper|cad_pid|sched_|seccomp\.)/,
  /^kernel\.(?:sem_next_id|msg_next_id|shm_next_id|tainted|max_lock_depth|perf_cpu_time_max_percent)$/,
  /^fs\.(?:file-max|nr_open|epoll\.|inotify\.|fanotify\.|mqueue\.|quota\.|binfmt_misc\.|aio-nr|pipe-)/,
  /^vm\.(?:min_free_kbytes|lowmem_reserve_ratio|user_reserve_kbytes|admin_reserve_kbytes|nr_|stat_|dirty_bytes|overcommit_kbytes)/,
  /^net\.(?:core\.(?:rps|netdev_rss_key|optmem_max|rmem_max|wmem_max)|netfilter\.nf_conntrack_)/,
  /^net\.ipv4\.(?:tcp_mem|udp_mem|tcp_rmem|tcp_wmem|tcp_max_orphans|tcp_max_tw_buckets|tcp_max_syn_backlog|tcp_fastopen_key|inet_peer_|tcp_available_ulp|route\.)/,
  /^net\.ipv6\.(?:route\.|conf\.\S+\.(?:stable_secret|mtu))/,
  // One of each for every link.
  /^net\.(?:ipv4|ipv6)\.(?:conf|neigh)\.(?!all\.|default\.|lo\.)/,
  /^net\.mpls\.conf\./,
  /^user\.max_/,
  /^dev\./,
  /^sunrpc\./,
]

/** Files of /etc that every machine has of its own: only that they are there is compared. */
export const ownFiles: readonly RegExp[] = [
  /^(?:machine-id|hostname|adjtime|resolv\.conf|ld\.so\.cache|\.updated|\.pwd\.lock|\.ignition-result\.json)$/,
  /^ssh\/ssh_host_/,
  /^(?:passwd|shadow|group|gshadow|subuid|subgid)-$/,
  // The harness's own.
  /^systemd\/system\/(?:\S+\.wants\/)?signalbox-/,
  /^systemd\/system-preset\/20-ignition\.preset$/,
]

/** Words of the kernel's command line that say which machine or which boot it is. */
export const volatileArgument =
  /^(?:BOOT_IMAGE=|initrd=|systemd\.machine_id=|ignition\.(?!platform)|flatcar\.first_boot|verity\.usrhash|mount\.usr=)/

/** Ports that the kernel gives out by lot. */
export const FIRST_EPHEMERAL_PORT = 32_768
