#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A bus that refuses kdumpd its name, as one does that does not have the policy: kdumpd says so once
# and asks again, and kdumpctl does not call it dead.
set -eu

: "${srcdir:=.}" "${builddir:=.}"

# shellcheck source=tests/fakes/private-bus.sh
. "$srcdir/tests/fakes/private-bus.sh"

failed=0
fail() {
    echo "FAILED: $*"
    failed=1
}
systemd_pid=
trap 'stop "$systemd_pid"; finish' EXIT

# policy NAME: everything is as it should be but for kdumpd's name.
policy() {
    cat >"$work/policy.new" <<END
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <policy context="default">
    <$1 own="org.kdumpd1"/>
    <allow send_destination="org.kdumpd1"/>
    <allow own="org.freedesktop.systemd1"/>
    <allow send_destination="org.freedesktop.systemd1"/>
  </policy>
</busconfig>
END
    # The bus may read it at any time.
    mv "$work/policy.new" "$work/policy.conf"
}
# says WORDS: kdumpctl status, in the end.
says() {
    for _ in $(seq 200); do
        "$builddir/kdumpctl" --root="$work/root" status >"$work/out" 2>&1 || :
        ! grep -qF "$1" "$work/out" || return 0
        sleep 0.05
    done
    fail "kdumpctl does not say '$1' but: $(cat "$work/out")"
}
refusals() {
    grep -c 'refuses the name org\.kdumpd1' "$work/log" || :
}
fake_systemd() {
    stop "$systemd_pid"
    : >"$work/ready"
    "$builddir/tests/fakes/fake-kdumpd" --systemd "$1" >"$work/ready" &
    systemd_pid=$!
    wait_for "$work/ready" "$systemd_pid"
}

mkdir -p "$work/root/sys/kernel" "$work/root/proc" "$work/root/run/kdumpd"
policy deny
start_bus
says 'kdumpd is not running'
fake_systemd inactive
says 'kdumpd is not running'

"$builddir/kdumpd" --root="$work/root" --helper=/bin/false >"$work/log" 2>&1 &
service_pid=$!
for _ in $(seq 200); do
    [ "$(refusals)" = 0 ] || break
    sleep 0.05
done
for state in activating active reloading; do
    fake_systemd $state
    says 'kdumpd runs, but the system bus did not give it the name org.kdumpd1'
done
grep -q "/org\.kdumpd1\.conf" "$work/out" || fail "kdumpctl does not name the policy"

# Asking again in vain is nothing to tell of.
for _ in 1 2 3; do
    kill -HUP "$service_pid"
    sleep 0.2
done
[ "$(refusals)" = 1 ] || fail "the refusal was told $(refusals) times"
grep -q '/org\.kdumpd1\.conf' "$work/log" || fail "the message does not name the policy"

policy allow
# Each time, as a bus that is about to read its configuration anyway may not read it once more.
for _ in $(seq 100); do
    kill -HUP "$bus_pid"
    sleep 0.1
    kill -HUP "$service_pid"
    sleep 0.1
    ! grep -q 'gives us the name org\.kdumpd1 now' "$work/log" || break
done
says 'State: '
[ $failed = 0 ] || cat "$work/log"
exit $failed
