#!/bin/sh
# in-tree.sh TREE COMMAND...: runs a command inside the tree with /proc and /dev. Call it through `unshare --mount`, so
# that the mounts go away with the process, however it ends.
set -eu
tree=$1
shift
mount -t proc proc "$tree/proc"
mount --rbind /dev "$tree/dev"
exec chroot "$tree" "$@"
