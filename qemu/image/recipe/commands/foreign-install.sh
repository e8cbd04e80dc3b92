#!/bin/sh
# foreign-install.sh TREE NATIVE LOADER LIBRARIES ARCHITECTURE HOOK: installs the packages in TREE/var/cache/apt/archives, which are
# extracted already, into the tree of another architecture. Call it through `unshare --mount`.
#
# The host's dpkg unpacks. Maintainer scripts run inside the tree under QEMU's user emulation; but whatever program of the tree NATIVE
# (a tree of this host's architecture and the same release) has as well is laid over it meanwhile, and runs unemulated: the shell, perl,
# the compiler of the SELinux policy. LOADER and LIBRARIES are where those find their own.
set -eu
tree=$1 native=$2 loader=$3 libraries=$4 architecture=$5 hook=$6
export DEBIAN_FRONTEND=noninteractive DEBCONF_NONINTERACTIVE_SEEN=true DEBCONF_NOWARNINGS=yes
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TMPDIR=/tmp
mount -t proc proc "$tree/proc"
mount --rbind /dev "$tree/dev"
# No daemon is started in the tree.
printf '#!/bin/sh\nexit 101\n' >"$tree/usr/sbin/policy-rc.d"
chmod 755 "$tree/usr/sbin/policy-rc.d"

mkdir -p "$tree/var/lib/dpkg/info" "$tree/var/lib/dpkg/updates"
: >"$tree/var/lib/dpkg/status"
: >"$tree/var/lib/dpkg/available"
echo "$architecture" >"$tree/var/lib/dpkg/arch"
# To this dpkg everything is foreign, so that it sees no dependency met; the tree's own one looks again below.
dpkg --root="$tree" --log=/dev/null --force-unsafe-io --force-depends --force-architecture \
  --path-exclude='/usr/share/man/*' --path-exclude='/usr/share/doc/*' --path-exclude='/usr/share/locale/*' \
  --unpack "$tree"/var/cache/apt/archives/*.deb
rm -f "$tree"/var/cache/apt/archives/*.deb "$tree/var/lib/dpkg/arch"

lay() { # FILE-OR-FOLDER PLACE
  mount --bind "$1" "$tree/$2"
}
mkdir -p "$tree/${loader%/*}" "$tree/$libraries"
: >"$tree/$loader"
lay "$(readlink -f "$native/usr/${loader#usr/}")" "$loader"
lay "$native/$libraries" "$libraries"
cd "$native"
find usr/bin usr/sbin usr/libexec usr/lib/systemd -type f -perm /111 | while read -r file; do
  case $file in
    # They speak of their own architecture.
    */ldconfig | */uname | */arch | */dpkg*) continue ;;
  esac
  [ -f "$tree/$file" ] && [ ! -L "$tree/$file" ] || continue
  [ "$(head -c 4 "$file" | tail -c 3)" = ELF ] || continue
  lay "$file" "$file"
done
cd /
chroot "$tree" dpkg --log=/dev/null --force-unsafe-io --configure --pending
"$hook" "$tree"
