#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What tools can say about the text of the sources: format, line length, licence, shell.
set -eu

: "${srcdir:=.}"

failed=0
fail() {
    echo "FAILED: $*"
    failed=1
}
cd "$srcdir"

sources=$(find src tests conf units rules.d man -name vm -prune -o -type f \
    \( -name '*.[ch]' -o -name '*.sh' -o -name '*.in' -o -name '*.conf' \
    -o -name '*.rules' -o -name '*.xml' \) -print | sort)
c_sources=$(echo "$sources" | grep '\.[ch]$')
shell_sources=$(echo "$sources" | grep '\.sh$')

# One version decides, as each formats a little differently.
format=
for name in clang-format-14 clang-format; do
    ! $name --version 2>/dev/null | grep -q 'version 14\.' || format=$name
done
if [ -n "$format" ]; then
    # shellcheck disable=SC2086
    $format --dry-run -Werror $c_sources || fail "clang-format"
else
    echo "clang-format 14 is not installed, formatting is not checked"
fi

# Words that cannot be broken (a path in a table) are no excuse in code, but URLs are.
# shellcheck disable=SC2086
awk 'length > 100 && !/https?:\/\// {
        printf "%s:%d: %d columns\n", FILENAME, FNR, length
        n++
    }
    END { exit n > 0 }' $sources Makefile.am || fail "lines are longer than 100 columns"

# shellcheck disable=SC2086
for file in $sources; do
    head -n 3 "$file" | grep -q 'SPDX-License-Identifier: ' || case $file in
    conf/org.kdumpd1.xml) ;; # behind its document type
    *) fail "$file does not begin with its licence" ;;
    esac
    # shellcheck disable=SC2015
    ! grep -n '[[:blank:]]$' "$file" || fail "$file has blanks at the end of a line"
done

# shellcheck disable=SC2086
if command -v shellcheck >/dev/null; then
    shellcheck -S warning $shell_sources || fail "shellcheck"
else
    echo "shellcheck is not installed, shell scripts are not checked"
fi

exit $failed
