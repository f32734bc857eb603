#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What make install puts where.
set -eu

: "${builddir:=.}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
fail() {
    echo "FAILED: $*"
    failed=1
}

make -C "$builddir" -s DESTDIR="$work/dest" install >"$work/log" 2>&1 || {
    cat "$work/log"
    exit 1
}
installed=$(cd "$work/dest" && find . ! -type d | sed 's/^\.//')

# Who may start kdumpd is for systemd to say. Whatever D-Bus can start, anybody can: by a message to
# its name.
echo "$installed" | grep '/dbus-1/.*\.service$' && fail "anybody can start kdumpd (above)"
find "$work/dest" -name 'kdump*.service' -exec \
    grep -n '^Alias=dbus-\|^BusName=\|^Type=dbus' {} + && fail "D-Bus can start a unit (above)"

exit $failed
