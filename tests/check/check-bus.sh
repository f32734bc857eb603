#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The interface that kdumpd prints, and has on the bus, is the one in conf/org.kdumpd1.xml, and
# everyone may ask for it under the policy that is installed.
set -eu

: "${srcdir:=.}" "${builddir:=.}"

# shellcheck source=tests/fakes/private-bus.sh
. "$srcdir/tests/fakes/private-bus.sh"

call() {
    busctl --address="$DBUS_SYSTEM_BUS_ADDRESS" call org.kdumpd1 /org/kdumpd1 "$@"
}

# members FILE: the interface, one tag a line, however it is laid out.
members() {
    tr '>' '\n' <"$1" | sed -n 's/^[[:space:]]*\(<[a-z].*[^/ ]\) *\/\{0,1\}$/\1/p' |
        sed -n '/^<interface name="org\.kdumpd1\.Manager"/,/^<interface name="org\.f/p' |
        grep -v '^<interface'
}

# compare WHAT FILE
compare() {
    members "$2" >"$work/there"
    diff "$work/golden" "$work/there" || {
        echo "FAILED: $1 has another interface than conf/org.kdumpd1.xml (above); if that is" \
            "what it is to be, 'make update-interface' writes the file"
        exit 1
    }
}

members "$srcdir/conf/org.kdumpd1.xml" >"$work/golden"
[ -s "$work/golden" ] || {
    echo "FAILED: conf/org.kdumpd1.xml cannot be read"
    exit 1
}
"$builddir/kdumpd" --bus-introspect >"$work/printed.xml"
compare 'kdumpd --bus-introspect' "$work/printed.xml"
# What a property is, which no tag says.
for file in "$work/printed.xml" "$srcdir/conf/org.kdumpd1.xml"; do
    grep '^ *<!-- ' "$file" >"$work/comments.${file##*/}"
done
diff "$work/comments.org.kdumpd1.xml" "$work/comments.printed.xml" || {
    echo "FAILED: conf/org.kdumpd1.xml says otherwise what is what (above)"
    exit 1
}
if [ -e /dev/full ] && "$builddir/kdumpd" --bus-introspect >/dev/full 2>"$work/full"; then
    echo "FAILED: kdumpd --bus-introspect onto a full device succeeds"
    exit 1
fi

command -v busctl >/dev/null || {
    echo "busctl is not installed"
    exit 77
}

# A machine with nothing on it: nothing is loaded, nothing is looked for.
mkdir -p "$work/root/sys/kernel" "$work/root/proc" "$work/root/run/kdumpd"
cp "$srcdir/conf/org.kdumpd1.conf" "$work/policy.conf"
start_bus
"$builddir/kdumpd" --root="$work/root" --helper=/bin/false >"$work/log" 2>&1 &
service_pid=$!
for _ in $(seq 200); do
    ! call org.freedesktop.DBus.Peer Ping >"$work/ping" 2>&1 || break
    kill -0 "$service_pid" 2>/dev/null || break
    sleep 0.05
done

call org.freedesktop.DBus.Introspectable Introspect >"$work/answer" || {
    cat "$work/ping" "$work/log"
    exit 1
}
# busctl prints the string as C would have it.
printf '%b' "$(sed 's/^s "\(.*\)"$/\1/; s/\\"/"/g' "$work/answer")" >"$work/daemon.xml"
compare 'kdumpd on the bus' "$work/daemon.xml"
