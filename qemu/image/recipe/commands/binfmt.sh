#!/bin/sh
# binfmt.sh show, or binfmt.sh hold NAME LINE: what runs programs of other architectures (the kernel's binfmt_misc). Call it through
# `unshare --mount`. `hold` registers LINE, says "held", and takes it back when its standard input ends, however its caller ended; the
# kernel forgets what was registered with the last mount, so that ours has to last as long.
set -eu
folder=/proc/sys/fs/binfmt_misc
[ -e "$folder/register" ] || mount -t binfmt_misc binfmt_misc "$folder"
case $1 in
  show)
    for entry in "$folder"/*; do
      case $entry in */register | */status) continue ;; esac
      printf 'entry %s\n' "${entry##*/}"
      cat "$entry"
    done
    ;;
  hold)
    printf %s "$3" >"$folder/register"
    echo held
    read -r _ || :
    echo -1 >"$folder/$2"
    ;;
esac
