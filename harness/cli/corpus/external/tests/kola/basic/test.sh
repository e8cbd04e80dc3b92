#!/bin/bash
## kola:
##   # Comments are allowed here.
##   description: reads its environment
##   tags: "smoke platform-independent"
##   timeoutMin: 2
set -euo pipefail
test "$KOLA_TEST" = ext.external.basic
test "$KOLA_TEST_EXE" = test.sh
systemctl is-active "$KOLA_UNIT"
test "$(id -u)" = 0
echo "ok basic"
