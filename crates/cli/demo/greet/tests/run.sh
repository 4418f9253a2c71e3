#!/bin/sh
# Greets once; fails when nothing comes.
set -eu
test -n "$("$1" ana)"
