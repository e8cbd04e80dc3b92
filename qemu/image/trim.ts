// What Debian installs and this image does not ship: paths below the tree, removed before /usr is sealed. First what no
// build of the initrd needs, then (afterwards) what only that build needed.

/** Removed before the initrd is built. */
export const trimmedFirst: readonly string[] = [
  'etc/machine-id',
  'etc/hostname',
  'etc/resolv.conf',
  'etc/apt',
  'etc/init.d',
  'etc/rc0.d', 'etc/rc1.d', 'etc/rc2.d', 'etc/rc3.d', 'etc/rc4.d', 'etc/rc5.d', 'etc/rc6.d', 'etc/rcS.d',
  'etc/cron.d', 'etc/cron.daily', 'etc/kernel', 'etc/update-motd.d', 'etc/runit', 'etc/sv', 'etc/ufw', 'etc/dhcp',
  'etc/passwd-', 'etc/shadow-', 'etc/group-', 'etc/gshadow-', 'etc/subuid-', 'etc/subgid-',
  // Every machine makes its own host key; these would be everybody's.
  'etc/ssh/ssh_host_rsa_key', 'etc/ssh/ssh_host_rsa_key.pub', 'etc/ssh/ssh_host_ecdsa_key', 'etc/ssh/ssh_host_ecdsa_key.pub',
  'etc/ssh/ssh_host_ed25519_key', 'etc/ssh/ssh_host_ed25519_key.pub',
  'etc/default/locale', 'etc/vconsole.conf', 'etc/.resolv.conf.systemd-resolved.bak', 'usr/share/gcc', 'var/spool/mail',
  // It makes a link to a database that nothing here writes.
  'usr/lib/tmpfiles.d/wtmpdb.conf',
  'etc/systemd/system', 'etc/modules', 'etc/modules-load.d/modules.conf',
  'var/lib/dbus/machine-id',
  'var/lib/apt', 'var/cache', 'var/log', 'var/backups', 'var/lib/ucf', 'var/lib/systemd', 'var/lib/dpkg', 'var/lib/pam',
  'var/lib/vim', 'var/lib/initramfs-tools', 'var/lib/python', 'var/mail', 'var/local', 'var/opt',
  'usr/share/doc', 'usr/share/man', 'usr/share/info', 'usr/share/locale', 'usr/share/lintian', 'usr/share/bug',
  'usr/share/bash-completion', 'usr/share/zsh', 'usr/share/fish', 'usr/share/perl5', 'usr/share/perl', 'usr/share/debconf',
  'usr/share/initramfs-tools', 'usr/share/doc-base', 'usr/share/menu', 'usr/share/pixmaps', 'usr/share/common-licenses',
  'usr/lib/udev/hwdb.d',
  'usr/lib/apt', 'usr/lib/kernel',
  'usr/lib/systemd/system/apt-daily.service', 'usr/lib/systemd/system/apt-daily.timer',
  'usr/lib/systemd/system/apt-daily-upgrade.service', 'usr/lib/systemd/system/apt-daily-upgrade.timer',
  'usr/lib/systemd/system/dpkg-db-backup.service', 'usr/lib/systemd/system/dpkg-db-backup.timer',
]

/** Removed after the initrd is built. */
export const trimmedLast: readonly string[] = [
  'usr/lib/dracut', 'usr/bin/dracut', 'usr/bin/dracut-catimages', 'usr/bin/lsinitrd', 'etc/dracut.conf', 'etc/dracut.conf.d',
  'usr/lib/systemd/boot',
  'usr/bin/apt', 'usr/bin/apt-get', 'usr/bin/apt-cache', 'usr/bin/apt-cdrom', 'usr/bin/apt-config', 'usr/bin/apt-mark',
  'usr/bin/dpkg', 'usr/bin/dpkg-deb', 'usr/bin/dpkg-divert', 'usr/bin/dpkg-maintscript-helper', 'usr/bin/dpkg-query',
  'usr/bin/dpkg-realpath', 'usr/bin/dpkg-split', 'usr/bin/dpkg-statoverride', 'usr/bin/dpkg-trigger', 'usr/share/dpkg', 'usr/lib/dpkg',
  'var/cache', 'var/tmp', 'var/log', 'etc/ld.so.cache~',
]
