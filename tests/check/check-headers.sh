#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Each header compiles alone: it includes what it uses.
set -eu

: "${srcdir:=.}" "${builddir:=.}" "${CC:=cc}"

flags=$(pkg-config --cflags libsystemd libudev libeconf json-c check 2>/dev/null) || flags=''
failed=0

for header in "$srcdir"/src/*/*.h "$srcdir"/src/*/*/*.h "$srcdir"/tests/fakes/*.h; do
    # CC and flags are lists of words.
    # shellcheck disable=SC2086
    echo "#include \"$header\"" | $CC -std=gnu17 -Wall -Wextra -Wno-unused-parameter -Werror \
        -include "$builddir/config.h" -I"$srcdir/src" -I"$srcdir/tests/fakes" $flags \
        -fsyntax-only -x c - || {
        echo "FAILED: $header does not compile alone"
        failed=1
    }
    grep -q '^#pragma once$' "$header" || {
        echo "FAILED: $header lacks #pragma once"
        failed=1
    }
done
exit $failed
