#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Prints a purgatory as C source.
#
# usage: embed.sh ARCHITECTURE ELF-FILE
set -eu

name=purgatory_$1
flat=$(mktemp)
trap 'rm -f "$flat"' EXIT
${OBJCOPY:-objcopy} -O binary -j .all "$2" "$flat"
[ -s "$flat" ]

echo '#include "purgatory/blob.h"'
echo "const uint8_t ${name}[] __attribute__((aligned(16))) = {"
od -An -v -tx1 "$flat" | sed 's/ \([0-9a-f][0-9a-f]\)/0x\1,/g'
echo '};'
echo "const size_t ${name}_size = sizeof($name);"
