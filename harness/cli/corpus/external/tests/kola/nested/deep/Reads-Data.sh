#!/bin/bash
set -euo pipefail
test ! -e "$KOLA_EXT_DATA"
