#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Each header compiles alone: it includes what it uses. Rows of tables whose member is of another
# type than the row says do not compile.
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

# row MACRO: whether a table with that row compiles.
row() {
    # shellcheck disable=SC2086
    printf '%s\n' '#include "sys/json-fields.h"' \
        'typedef enum Colour { RED } Colour;' 'typedef enum Shade { DARK } Shade;' \
        'typedef struct S { char *text; char word[9]; uint64_t number; bool flag; Colour colour;' \
        '    struct S *list; size_t n_list; struct S *short_list; int n_short_list; } S;' \
        'typedef Colour colour_json_type;' 'typedef Shade shade_json_type;' \
        'const char *colour_name(unsigned v), *shade_name(unsigned v);' \
        'int colour_from_string(const char *s), shade_from_string(const char *s);' \
        'extern const JsonFields inside;' "const JsonField rows[] = { JSON_FIELD$1 };" |
        $CC -std=gnu17 -include "$builddir/config.h" -I"$srcdir/src" -fsyntax-only -x c - \
            2>/dev/null
}
for right in '(STRING, S, "", text)' '_TEXT(S, "", word)' '(NUMBER, S, "", number)' \
    '(BOOL, S, "", flag)' '_NAME(S, "", colour, colour)' '_ARRAY(S, "", list, inside, 1)'; do
    row "$right" || {
        echo "FAILED: JSON_FIELD$right does not compile"
        failed=1
    }
done
for wrong in '(STRING, S, "", word)' '_TEXT(S, "", text)' '(NUMBER, S, "", flag)' \
    '(SIGNED, S, "", number)' '(BOOL, S, "", number)' '_NAME(S, "", colour, shade)' \
    '_ARRAY(S, "", short_list, inside, 1)'; do
    ! row "$wrong" || {
        echo "FAILED: JSON_FIELD$wrong compiles"
        failed=1
    }
done
exit $failed
