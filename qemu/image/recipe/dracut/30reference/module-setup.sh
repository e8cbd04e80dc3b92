#!/bin/bash
# The initrd of the reference image: systemd, Ignition, dm-verity, and what prepares /sysroot. Nothing of dracut's
# own shell runs in it. Kernel modules go in unpacked: the kernel's xz is slow under emulation.

check() { return 0; }

depends() {
  echo systemd systemd-initrd systemd-udevd systemd-journald systemd-tmpfiles systemd-modules-load systemd-veritysetup systemd-repart udev-rules dm
}

installkernel() {
  # shellcheck disable=SC2046
  instmods $(cat "$moddir/modules.list")
}

install_unit() { # NAME TARGET
  inst_simple "$moddir/units/$1" "$systemdsystemunitdir/$1"
  [ -z "${2-}" ] || { mkdir -p "$initdir/$systemdsystemunitdir/$2"; ln -sf "../$1" "$initdir/$systemdsystemunitdir/$2/$1"; }
}

install() {
  # What our scripts and Ignition call. Ignition looks its tools up in PATH.
  inst_multiple sh cat cp mkdir mount umount ln chmod chown touch grep sync echo rm sleep tail \
    sgdisk mkfs.ext4 mke2fs mkfs.fat mkfs.vfat mkswap wipefs lsblk blkid udevadm modprobe systemctl journalctl \
    useradd userdel usermod groupadd groupdel setfiles busybox
  inst_multiple /etc/login.defs /etc/mke2fs.conf /etc/nsswitch.conf
  inst_multiple -o /etc/ssl/certs/ca-certificates.crt "$systemdutildir/systemd-growfs" "$systemdutildir/systemd-makefs"
  inst_simple "$moddir/busybox-udhcpc" /usr/libexec/reference/udhcpc-script

  local ignition=/usr/lib/dracut/modules.d/30ignition
  inst_simple "$ignition/ignition" /usr/bin/ignition
  inst_simple "$ignition/ignition-generator" "$systemdutildir/system-generators/ignition-generator"
  inst_simple "$ignition/ignition-kargs-helper.sh" /usr/sbin/ignition-kargs-helper
  local unit
  for unit in complete subsequent diskful diskful-subsequent; do
    inst_simple "$ignition/ignition-$unit.target" "$systemdsystemunitdir/ignition-$unit.target"
  done
  mkdir -p "$initdir/$systemdsystemunitdir/ignition-complete.target.requires"
  for unit in fetch-offline fetch kargs disks mount files; do
    inst_simple "$ignition/ignition-$unit.service" "$systemdsystemunitdir/ignition-$unit.service"
    ln -sf "../ignition-$unit.service" "$initdir/$systemdsystemunitdir/ignition-complete.target.requires/"
    inst_simple "$moddir/units/ignition-guard.conf" "$systemdsystemunitdir/ignition-$unit.service.d/10-guard.conf"
  done
  for unit in kargs disks mount; do
    inst_simple "$moddir/units/ignition-only-if-wanted.conf" "$systemdsystemunitdir/ignition-$unit.service.d/20-only-if-wanted.conf"
  done

  inst_simple "$moddir/units/ignition-disks-root.conf" "$systemdsystemunitdir/ignition-disks.service.d/30-root.conf"
  install_unit reference-ignition-guard.service ignition-complete.target.requires
  install_unit reference-network.service ignition-complete.target.requires
  install_unit reference-ignition-finish.service ignition-complete.target.requires
  install_unit reference-sysroot.service initrd.target.requires
  install_unit emergency.service
  inst_multiple "$systemdsystemunitdir/emergency.target"
  for unit in ignition-guard ignition-wants ignition-finish machine-id network sysroot report-emergency wait-for-root; do
    inst_script "$moddir/scripts/$unit" "/usr/libexec/reference/$unit"
  done

  inst_simple "$moddir/rules/63-reference-btrfs.rules" /usr/lib/udev/rules.d/63-reference-btrfs.rules

  # busybox has an ip that pulls in no libbpf, which systemd would load and try twice.
  ln -sf busybox "$initdir/usr/bin/ip"
  # Nothing here reads what these make, and each is a process or two on every boot.
  for unit in kmod-static-nodes systemd-sysctl systemd-tmpfiles-setup-dev systemd-tmpfiles-setup-dev-early; do
    rm -f "$initdir/$systemdsystemunitdir/sysinit.target.wants/$unit.service"
  done

  printf 'root:x:0:0:root:/root:/bin/sh\n' >"$initdir/etc/passwd"
  printf 'root:x:0:\ndisk:x:6:\ntty:x:5:\n' >"$initdir/etc/group"
  mkdir -p "$initdir/root" "$initdir/sysusr/usr" "$initdir/var/lib"
}
