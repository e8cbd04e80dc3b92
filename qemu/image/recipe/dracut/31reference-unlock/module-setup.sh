#!/bin/bash
# For configs that encrypt disks or ROOT itself: what binds a volume to a TPM or to Tang servers (clevis, called by Ignition), and
# what opens ROOT again on later boots (clevis, systemd-cryptsetup).

check() { return 0; }

depends() { echo reference; }

install() {
  inst_multiple bash awk basename base64 cut grep head sed tr mktemp mkdir cat rm printf true \
    cryptsetup systemd-cryptsetup luksmeta jose jq curl pwmake \
    clevis clevis-decrypt clevis-decrypt-sss clevis-decrypt-tang clevis-decrypt-tpm2 \
    clevis-encrypt-sss clevis-encrypt-tang clevis-encrypt-tpm2 \
    clevis-luks-bind clevis-luks-common-functions clevis-luks-list clevis-luks-unlock \
    tpm2_create tpm2_createpolicy tpm2_createprimary tpm2_flushcontext tpm2_load tpm2_pcrread tpm2_unseal
  # Loaded by name when they are needed.
  inst_libdir_file 'libtss2-*.so*' 'libcryptsetup.so*' 'cryptsetup/libcryptsetup-token-systemd-tpm2.so'
  inst_multiple -o /etc/services /etc/security/pwquality.conf
  inst_simple /usr/lib/dracut/modules.d/30ignition/ignition-luks.conf /etc/security/pwquality.conf.d/ignition-luks.conf
  inst_simple /usr/lib/dracut/modules.d/30ignition/99-xx-ignition-systemd-cryptsetup.rules \
    /usr/lib/udev/rules.d/99-xx-ignition-systemd-cryptsetup.rules
  inst_script "$moddir/scripts/unlock-root" /usr/libexec/reference/unlock-root
  inst_simple "$moddir/units/reference-unlock.service" "$systemdsystemunitdir/reference-unlock.service"
  mkdir -p "$initdir/$systemdsystemunitdir/initrd-root-device.target.wants"
  ln -sf ../reference-unlock.service "$initdir/$systemdsystemunitdir/initrd-root-device.target.wants/"
}
