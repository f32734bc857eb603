# shellcheck shell=sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A system bus of our own, for scripts that source this. They find it in $work, which is removed in
# the end, and at DBUS_SYSTEM_BUS_ADDRESS.

command -v dbus-daemon >/dev/null || {
    echo "dbus-daemon is not installed"
    exit 77
}

work=$(mktemp -d)
bus_pid='' service_pid=''
DBUS_SYSTEM_BUS_ADDRESS="unix:path=$work/bus"
export DBUS_SYSTEM_BUS_ADDRESS

stop() {
    [ -z "$1" ] || { kill "$1" && wait "$1"; } 2>/dev/null || :
}
finish() {
    stop "$service_pid"
    stop "$bus_pid"
    rm -rf "$work"
}
trap finish EXIT

# wait_for FILE PID: until the process has written a line into the file.
wait_for() {
    for _ in $(seq 200); do
        [ ! -s "$1" ] || return 0
        kill -0 "$2" || break
        sleep 0.05
    done
    echo "process $2 did not start"
    exit 99
}

# start_bus: under the policy in $work/policy.conf, if there is one, and without it nobody may call
# anybody. Without root nobody could own the name under it.
start_bus() {
    own=''
    [ "$(id -u)" = 0 ] && [ -e "$work/policy.conf" ] || own='<allow own="org.kdumpd1"/>'
    cat >"$work/bus.conf" <<END
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path=$work/bus</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <deny own="*"/>
    <deny send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
    <allow send_destination="org.freedesktop.DBus"/>
    $own
  </policy>
  <include ignore_missing="yes">$work/policy.conf</include>
</busconfig>
END
    : >"$work/address"
    dbus-daemon --config-file="$work/bus.conf" --nofork --nopidfile --print-address=3 \
        3>"$work/address" 2>"$work/bus.log" &
    bus_pid=$!
    wait_for "$work/address" "$bus_pid"
}
