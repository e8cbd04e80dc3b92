#!/bin/bash
## kola:
##   description: reboots three times, each in another way
##   timeoutMin: 10
set -xeuo pipefail
case "${AUTOPKGTEST_REBOOT_MARK:-}" in
  "") cat /proc/sys/kernel/random/boot_id >/var/lib/boot-id; /tmp/autopkgtest-reboot "mark 1" ;;
  "mark 1")
    ! cmp /proc/sys/kernel/random/boot_id /var/lib/boot-id
    cat /proc/sys/kernel/random/boot_id >/var/lib/boot-id
    /tmp/autopkgtest-reboot-prepare "it's 2"
    touch /var/lib/prepared
    systemctl reboot
    sleep 600
    ;;
  "it's 2")
    test -e /var/lib/prepared
    cat /proc/sys/kernel/random/boot_id >/var/lib/boot-id
    /tmp/autopkgtest-soft-reboot three
    ;;
  three) cmp /proc/sys/kernel/random/boot_id /var/lib/boot-id ;;
  *) echo "unexpected mark: ${AUTOPKGTEST_REBOOT_MARK}"; exit 1 ;;
esac
