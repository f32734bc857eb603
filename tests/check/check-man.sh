#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The manual pages: what groff and mandoc have to say about them. Both exit with 0 on warnings.
set -eu

: "${srcdir:=.}" "${MAN_CHECKS:=yes}"

[ "$MAN_CHECKS" = yes ] || {
    echo "switched off by configure"
    exit 77
}

checked=0 failed=0

# lint PAGE COMMAND...: fails if the command says anything.
lint() {
    page=$1
    shift
    command -v "$1" >/dev/null || return 0
    checked=1
    said=$("$@" "$page" 2>&1) || :
    [ -n "$said" ] || return 0
    echo "$1: $said"
    failed=1
}

# Not what make makes of them: long directories make long lines.
for page in "$srcdir"/man/*.in; do
    lint "$page" groff -mandoc -ww -z
    lint "$page" mandoc -T lint -W warning
done

[ $checked = 1 ] || {
    echo "neither groff nor mandoc is installed"
    exit 77
}
exit $failed
