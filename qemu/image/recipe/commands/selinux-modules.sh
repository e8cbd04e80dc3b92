#!/bin/sh
# selinux-modules.sh TREE: a customize hook of mmdebstrap. Turns off the policy modules for programs that no image of ours
# holds (sendmail, games, X): the policy is loaded at every boot, and its size is time. Adds the rules of reference.cil.
set -eu
keep=' auditadm base brctl bubblewrap cgroup chronyd clock container corosync crio cron dbus dhcp dmidecode dnsmasq docker entropyd getty gpg hostname hypervkvp iptables iscsi kubernetes loadkeys logadm logrotate lvm netlabel netutils ntp openvswitch podman quota raid rpc rpcbind rsync secadm setrans seunshare shutdown ssh staff su sudo sysstat tzdata unconfined unprivuser uuidd vlock watchdog xdg xserver '
off=
for module in $(chroot "$1" semodule --list-modules); do
  case "$keep" in *" $module "*) ;; *) off="$off $module" ;; esac
done
cp "${0%/*}/reference.cil" "$1/tmp/reference.cil"
# shellcheck disable=SC2086
chroot "$1" semodule --noreload --install /tmp/reference.cil --disable $off
rm "$1/tmp/reference.cil"
