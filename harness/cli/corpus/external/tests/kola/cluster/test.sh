#!/bin/bash
## kola:
##   description: runs on two machines at once
##   machines: 2
##   minMemory: 1024
set -euo pipefail
test "$SIGNALBOX_MACHINES" = "m0 m1"
echo "TAP version 14"
echo "1..1"
echo "ok 1 - this is $SIGNALBOX_MACHINE"
