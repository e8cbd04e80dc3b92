#!/bin/bash
## kola:
##   architectures: "! x86_64"
