#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# kdumpctl against a fake service on a private bus: what it prints, where, and how it exits.
set -eu

: "${srcdir:=.}" "${builddir:=.}" "${sysconfdir:=/etc}"
kdumpctl=$builddir/kdumpctl
fake=$builddir/tests/fakes/fake-kdumpd

# shellcheck source=tests/fakes/private-bus.sh
. "$srcdir/tests/fakes/private-bus.sh"
# shellcheck source=tests/fakes/fake-bzimage.sh
. "$srcdir/tests/fakes/fake-bzimage.sh"

failed=0

start_fake() {
    stop "$service_pid"
    : >"$work/ready"
    "$fake" "$@" >"$work/ready" &
    service_pid=$!
    wait_for "$work/ready" "$service_pid"
}

# expect STATUS STDOUT STDERR ARGUMENT...: extended regular expressions, '' means that nothing is
# written there at all.
expect() {
    want_status=$1 want_out=$2 want_err=$3
    shift 3
    status=0
    "$kdumpctl" "$@" >"$work/out" 2>"$work/err" </dev/null || status=$?
    ok=1
    [ "$status" = "$want_status" ] || ok=0
    matches "$work/out" "$want_out" || ok=0
    matches "$work/err" "$want_err" || ok=0
    if [ $ok = 1 ]; then
        echo "ok: kdumpctl $*"
        return
    fi
    failed=1
    echo "FAILED: kdumpctl $*: exit status $status, wanted $want_status"
    echo "stdout, wanted '$want_out':"
    cat "$work/out"
    echo "stderr, wanted '$want_err':"
    cat "$work/err"
}
matches() {
    if [ -z "$2" ]; then
        [ ! -s "$1" ]
    else
        grep -Eq -e "$2" "$1"
    fi
}

# Only what is meant to get in from outside does.
unset NO_COLOR SYSTEMD_COLORS KDUMPCTL_KDUMP_LOAD || :
export TZ=UTC

# Usage, without a bus.
expect 0 '^Usage: kdumpctl' '' --help
expect 0 '^kdumpctl [0-9]' '' --version
expect 2 '' '^kdumpctl: missing verb: see "kdumpctl --help"$'
expect 2 '' '^kdumpctl: unknown verb "arm": see' arm
# What Fedora's has, with options of its own.
expect 2 '' '^kdumpctl: "kdumpctl reserve --write" does that here$' \
    reset-crashkernel --kernel=ALL --reboot
expect 2 '' '^kdumpctl: .*"kdumpctl estimate" works it out$' get-default-crashkernel kdump
expect 2 '' '^kdumpctl: kdumpd sends no dumps over ssh.*"ssh-copy-id" copies one$' propagate
expect 2 '' '^kdumpctl: kdumpd writes no dumps to encrypted disks: see Target=' setup-crypttab
expect 2 '' '^kdumpctl: unknown option "--frobnicate": see' --frobnicate status
expect 2 '' '^kdumpctl: unknown option "-x": see' status -x
expect 2 '' '^kdumpctl: too many arguments from "now": see' reload now
expect 2 '' '^kdumpctl: missing argument of "-n": see' events -n
expect 2 '' '^kdumpctl: missing argument of "--root": see' events --root
expect 2 '' '^kdumpctl: there is no argument to "--help=all": see' --help=all
expect 2 '' '^kdumpctl: -n takes a number from 1 on or "all", not "0": see' events -n 0
expect 2 '' '^kdumpctl: --root= takes an absolute path' --root=tree showmem
expect 2 '' '^kdumpctl: there is no argument to "--json=yes": see' status --json=yes
expect 0 '^Usage: kdumpctl' '' help
expect 0 '^kdumpctl [0-9]' '' version --no-pager
for verb in load unload reload rebuild recover help; do
    expect 2 '' '^kdumpctl: --json is not for "'$verb'": see' --json $verb
done
# What nobody can read was not said. kdump-capture would do something.
if [ -e /dev/full ]; then
    for call in 'kdumpctl --version' 'kdumpctl version' 'kdumpctl --help' 'kdumpctl show-config' \
        'kdumpctl show-config --json' 'kdumpd --version' 'kdumpd --help' 'kdump-load --version' \
        'kdump-mkinitramfs --help' 'kdump-capture --version'; do
        # shellcheck disable=SC2086
        if "$builddir"/$call >/dev/full 2>"$work/err"; then
            echo "FAILED: '$call' onto a full device succeeds"
            failed=1
        fi
        grep -q "^${call%% *}: the output cannot be written\$" "$work/err" || {
            echo "FAILED: '$call' onto a full device says: $(cat "$work/err")"
            failed=1
        }
    done
fi

# No bus: one sentence.
no_bus='^kdumpctl: the system bus cannot be reached: No such file .*: is D-Bus running\?'
expect 3 '^Kdump is not operational$' "$no_bus" status
expect 3 '' "$no_bus" status --json
expect 1 '' "$no_bus" events
expect 1 '' "$no_bus" load

# systemctl does it, and says what went wrong.
mkdir "$work/bin"
cat >"$work/bin/systemctl" <<'END'
#!/bin/sh
echo "systemctl $*" >&2
[ "$1" != restart ] || exit 5
END
chmod +x "$work/bin/systemctl"
path=$PATH
PATH=$work/bin:$PATH
expect 0 '' '^systemctl start kdumpd\.service$' start
expect 1 '' '^systemctl restart kdumpd\.service$' restart
if ! grep -qsx 1 /sys/kernel/kexec_crash_loaded; then
    expect 0 '' '^systemctl stop kdumpd\.service$' stop
fi
PATH=$path
expect 2 '' '^kdumpctl: too many arguments from "kdumpd": see' start kdumpd

# The verbs that need no daemon.
mkdir -p "$work/root/sys/kernel" "$work/root/run/kdumpd"
expect 1 '' '^kdumpctl: the kernel is built without crash kexec: ' --root="$work/root" showmem
echo 0 >"$work/root/sys/kernel/kexec_crash_size"
echo 0 >"$work/root/sys/kernel/kexec_crash_loaded"
expect 1 '' '^kdumpctl: no memory is reserved for a capture kernel: run "kdumpctl reserve' \
    --root="$work/root" showmem
echo 268435456 >"$work/root/sys/kernel/kexec_crash_size"
expect 0 '^Reserved 256MB memory for crash kernel$' '' --root="$work/root" showmem
expect 0 '"ReservationBytes": *268435456' '' --root="$work/root" showmem --json
echo 1 >"$work/root/sys/kernel/kexec_crash_loaded"
expect 3 '^Kdump is not operational$' "; the kernel holds a crash kernel image" \
    --root="$work/root" status
printf '[Hotplug]\nSettle=2s\nNoSuchKey=1\n' >"$work/root/run/kdumpd/kdumpd.conf"
expect 0 '^Settle=2s$' '^kdumpctl: .*/kdumpd\.conf.*NoSuchKey' --root="$work/root" show-config
expect 0 '^# .*/run/kdumpd/kdumpd\.conf$' . --root="$work/root" show-config
expect 0 '"Value": *"2s"' . --root="$work/root" show-config --json
expect 0 '"File": *".*/run/kdumpd/kdumpd\.conf"' . --root="$work/root" show-config --json

# For monitoring, where no kdumpd runs: what the kernel says.
expect 0 '^kdumpd_up 0$' '' --root="$work/root" metrics
expect 0 '^kdumpd_armed 1$' '' --root="$work/root" metrics
expect 0 '^# EOF$' '' --root="$work/root" metrics
expect 0 '' '' --root="$work/root" metrics --textfile=/kdumpd.prom
grep -qx 'kdumpd_armed 1' "$work/root/kdumpd.prom" || { echo "FAILED: --textfile"; failed=1; }
expect 1 '' '^kdumpctl: "/no/kdumpd.prom" cannot be written: No such file' \
    --root="$work/root" metrics --textfile=/no/kdumpd.prom
expect 1 '' '^kdumpctl: --textfile= takes an absolute path, not "x"$' metrics --textfile=x
expect 2 '' '^kdumpctl: --textfile is not for "status": see' status --textfile=/x

# The settings of another kdump service.
expect 1 '' '^kdumpctl: there is nothing to import: no "/etc/kdump.conf", no' \
    --root="$work/root" import
expect 2 '' '^kdumpctl: --write is not for "list": see' list --write
mkdir -p "$work/root/etc/default"
printf 'USE_KDUMP=1\nKDUMP_COREDIR=/srv\nKDUMP_NUM_DUMPS=`x`\n' \
    >"$work/root/etc/default/kdump-tools"
expect 0 '^Path=/srv$' '' --root="$work/root" import
expect 0 '^# /etc/default/kdump-tools:3: KDUMP_NUM_DUMPS$' '' --root="$work/root" import
expect 0 '^# .*/sysctl.d/60-kdumpd.conf has it so' '' --root="$work/root" import
expect 0 '"SettingValue": "/srv"' '' --root="$work/root" import --json
expect 0 '"PanicOnOops": true' '' --root="$work/root" import --json /etc/default/kdump-tools
[ ! -e "$work/root$sysconfdir/kdumpd" ] || { echo "FAILED: import writes unasked"; failed=1; }
expect 0 '^Wrote .*/kdumpd.conf.d/50-imported.conf, which' '' --root="$work/root" import --write
expect 0 '^Already there: .*/sysctl.d/60-kdumpd.conf, ' '' --root="$work/root" import --write
expect 0 '^}$' '' --root="$work/root" import --write --json
! grep -q 'Already' "$work/out" || { echo "FAILED: import --json says more"; failed=1; }
expect 0 '^Path=/srv$' '' --root="$work/root" import
expect 1 '' '^kdumpctl: "/etc/passwd" cannot be read: No such' \
    --root="$work/root" import /etc/passwd
rm -rf "$work/root/etc" "${work:?}/root${sysconfdir:?}"

printf '#!/bin/sh\necho "loader $*"\nexit 7\n' >"$work/kdump-load"
chmod +x "$work/kdump-load"
export KDUMPCTL_KDUMP_LOAD="$work/kdump-load"
expect 7 '^loader --dry-run$' '' test
expect 7 '^loader --dry-run --json$' '' test --json
expect 7 '^loader --dry-run --root=/tree$' '' --root=/tree test
expect 7 "^Crash test: +never, see 'kdumpctl test --crash'\$" '' --root="$work/root" test
# The collector is asked about its own options, if it knows how to check them.
cat >"$work/collector.c" <<'END'
#include <stdio.h>
#include <string.h>
int main(int argc, char **argv) {
        if (argc < 4 || strcmp(argv[1], "--check-params") != 0 || KNOWS == 0)
                return 1;
        for (int i = 2; i < argc; i++)
                if (strcmp(argv[i], "-Q") == 0) {
                        puts("-Q is \033 invalid.\nTry --help");
                        return 1;
                }
        return 0;
}
END
mkdir -p "$work/root/usr/bin" "$work/root/run/kdumpd/kdumpd.conf.d"
collector() {
    # shellcheck disable=SC2086 # CC may be several words
    ${CC:-cc} -static -DKNOWS="$1" -o "$work/root/usr/bin/makedumpfile" "$work/collector.c"
    printf '#!/bin/sh\nexit 0\n' >"$work/kdump-load"
    printf '[Capture]\nCoreCollector=%s\n' "$2" >"$work/root/run/kdumpd/kdumpd.conf.d/c.conf"
}
collector 1 'makedumpfile -Q -l -d 31'
expect 1 'refuses CoreCollector=makedumpfile -Q -l -d 31 \(-Q is \? invalid\.\), and a dump' '' \
    --root="$work/root" test
collector 1 'makedumpfile -l -d 31'
expect 0 '^Collector: +makedumpfile takes these options$' '' --root="$work/root" test
expect 0 "^Target: +the target was not tried, which takes a 'kdumpctl test --crash'\$" '' \
    --root="$work/root" test
collector 1 'makedumpfile --dump-dmesg'
expect 1 '^Collector: +no: with --dump-dmesg makedumpfile writes no dump into a file$' '' \
    --root="$work/root" test
collector 0 'makedumpfile -Q'
expect 0 '^Crash test: ' '' --root="$work/root" test
if grep -q '^Collector' "$work/out"; then
    echo "FAILED: a collector that cannot check options was believed"
    failed=1
fi
rm "$work/root/run/kdumpd/kdumpd.conf.d/c.conf"
# What kdumpctl runs does not keep it waiting, whatever becomes of it.
for fate in 'exec sleep 60||: it was silent for 1.00 s' \
    'kill -SEGV $$|| by a signal: Segmentation fault' \
    'exec yes|^y$|: it wrote more than 16777216 bytes'; do
    printf '#!/bin/sh\n%s\n' "${fate%%|*}" >"$work/kdump-fate"
    chmod +x "$work/kdump-fate"
    fate=${fate#*|}
    export KDUMPCTL_PATIENCE=1s
    export KDUMPCTL_KDUMP_LOAD="$work/kdump-fate" KDUMPCTL_KDUMP_MKINITRAMFS="$work/kdump-fate"
    for verb in test rebuild; do
        expect 1 "${fate%%|*}" "^kdumpctl: \".*/kdump-fate\" was ended${fate#*|}\$" $verb
    done
    unset KDUMPCTL_PATIENCE KDUMPCTL_KDUMP_MKINITRAMFS
done
export KDUMPCTL_KDUMP_LOAD="$work/nothing"
expect 1 '' '^kdumpctl: ".*/nothing" cannot be run: No such file or directory$' test
unset KDUMPCTL_KDUMP_LOAD

# What would do.
make_bzimage "$work/root/boot/vmlinuz"
printf 0707010 >"$work/root/boot/initrd"
printf '[Image]\nKernel=/boot/vmlinuz\nInitrd=/boot/initrd\n' >"$work/root/run/kdumpd/kdumpd.conf"
expect 0 '^crashkernel=88M$' '' --root="$work/root" estimate
expect 0 '^ +Reserved: 256 MiB$' '' --root="$work/root" estimate
expect 0 '"AdviceBytes": *92274688' '' --root="$work/root" estimate --json
expect 0 '^ +Assumed: an initrd that starts no more than the capture, as it is of a kind' \
    '' --root="$work/root" estimate
expect 0 '"InitrdKind": *"unknown"' '' --root="$work/root" estimate --json
# An ordinary one starts more.
cp "$work/root/boot/initrd" "$work/root/boot/initrd.img-6.1"
sed -i 's,initrd$,initrd.img-6.1,' "$work/root/run/kdumpd/kdumpd.conf"
expect 0 '^crashkernel=344M$' '' --root="$work/root" estimate
expect 0 '^ +Services: 256 MiB \(of the whole system, which the initrd starts\)$' '' \
    --root="$work/root" estimate
expect 0 '"ServicesBytes": *268435456' '' --root="$work/root" estimate --json
expect 0 '"InitrdKind": *"system"' '' --root="$work/root" estimate --json
sed -i 's,initrd.img-6.1$,initrd,' "$work/root/run/kdumpd/kdumpd.conf"
# Two parts: the image has to lie in the higher one, the capture has both.
export KDUMPCTL_KDUMP_LOAD=/bin/true
mkdir -p "$work/root/proc"
parts() {
    printf '00100000-7fffffff : System RAM\n  60000000-6fffffff : Crash kernel\n%s\n%s\n' \
        '100000000-13fffffff : System RAM' "  120000000-12$1ffffff : Crash kernel" \
        >"$work/root/proc/iomem"
}
parts 7
expect 0 '^Fit: .* of the 384 MiB \([0-9.]+ MiB of that in one piece: 128 MiB\), which do;' '' \
    --root="$work/root" test
expect 0 '^ +For images: 128 MiB \(the highest part\)$' '' --root="$work/root" estimate
expect 0 '^Reserved 128MB memory for crash kernel$' '' --root="$work/root" showmem
# What programs are lent is the capture's too, but not the image's.
mkdir -p "$work/root/sys/kernel/kexec"
echo 200000000-21fffffff >"$work/root/sys/kernel/kexec/crash_cma_ranges"
expect 0 '^Fit: .* of the 896 MiB \([0-9.]+ MiB of that in one piece: 128 MiB; 512 MiB are CMA\), '\
'which do; crashkernel=88M,high alone would do$' '' --root="$work/root" test
expect 0 '^ +From CMA: 512 MiB \(for the capture kernel, not for images\)$' '' \
    --root="$work/root" estimate
expect 0 '"ReservationCmaBytes": *536870912' '' --root="$work/root" estimate --json
rm -r "$work/root/sys/kernel/kexec"
parts 2
expect 0 '^Fit: .* in one piece: 48 MiB\), which do not suffice;' '' --root="$work/root" test
# Without privileges only the sum can be seen, and that there are two.
sed -i 's/[0-9a-f]\{8,9\}/00000000/g' "$work/root/proc/iomem"
expect 0 '^Fit: .* of the 256 MiB \(.* only root sees how large they are\), which may do;' '' \
    --root="$work/root" test
expect 0 '"ReservationIsSum": *true' '' --root="$work/root" estimate --json
echo 16777216 >"$work/root/sys/kernel/kexec_crash_size"
expect 0 '^Fit: .* of the 16 MiB .*, which do not suffice;' '' --root="$work/root" test
# Room for the image, and for the capture only if programs are lent some: 6.17 does not tell.
rm "$work/root/proc/iomem"
mkdir -p "$work/root/proc/sys/kernel"
echo 67108864 >"$work/root/sys/kernel/kexec_crash_size"
echo 'crashkernel=64M crashkernel=512M,cma' >"$work/root/proc/cmdline"
echo 6.17.1 >"$work/root/proc/sys/kernel/osrelease"
expect 0 '^Fit: .* of the 64 MiB, which may do; ' '' --root="$work/root" test
expect 0 '^Not seen: +what crashkernel=SIZE,cma adds' '' --root="$work/root" test
echo crashkernel=64M >"$work/root/proc/cmdline"
expect 0 '^Fit: .* of the 64 MiB, which do not suffice; ' '' --root="$work/root" test
# The loader and the estimate have one number between them.
echo 8388608 >"$work/root/sys/kernel/kexec_crash_size"
rm -r "$work/root/proc"
if [ "$(uname -m)" = x86_64 ]; then
    mkdir "$work/root/proc"
    echo root=/dev/vda >"$work/root/proc/cmdline"
    export KDUMPCTL_KDUMP_LOAD="$builddir/kdump-load"
    expect 1 ' MiB, which do not suffice; crashkernel=88M would do$' \
        '8 MiB are reserved: boot with crashkernel=88M or more ' \
        --root="$work/root" test
    echo 'MemTotal: 2000000 kB' >"$work/root/proc/meminfo"
    expect 0 '^ *By hand: edit ' '' --root="$work/root" reserve 192M
    expect 0 '"NewWord":"crashkernel=192M",.*"Writable":false,' '' --root="$work/root" \
        reserve 192M --json
    expect 1 '^ *New: crashkernel=192M$' '^kdumpctl: nothing is written: ' --root="$work/root" \
        reserve 192M --write
    expect 0 '^ *Then: no crashkernel=$' '' --root="$work/root" reserve --remove
    expect 1 '' '^kdumpctl: "192" is 192 bytes, ' --root="$work/root" reserve 192
    expect 1 '' '^kdumpctl: "3G" is more than half of ' --root="$work/root" reserve 3G
    expect 1 '' '^kdumpctl: --remove takes no size' --root="$work/root" reserve 192M --remove
    rm -r "$work/root/proc"
fi
unset KDUMPCTL_KDUMP_LOAD
# Before there is an initramfs, and where devices need a part of the memory.
printf '[Image]\nKernel=/boot/vmlinuz\n' >"$work/root/run/kdumpd/kdumpd.conf"
expect 0 '^crashkernel=120M$' '' --root="$work/root" estimate
expect 0 '^ +Assumed: .* of 8 MiB, and 24 MiB unpacked, as there is none to measure$' '' \
    --root="$work/root" estimate
expect 0 '"InitrdIsAssumed": *true' '' --root="$work/root" estimate --json
mkdir -p "$work/root/sys/firmware/uv"
echo 1 >"$work/root/sys/firmware/uv/prot_virt_guest"
expect 0 '^crashkernel=184M$' '' --root="$work/root" estimate
expect 0 '^ +Buffers: 64 MiB \(for devices, as memory is encrypted\)$' '' \
    --root="$work/root" estimate
rm -r "$work/root/sys/firmware"
printf '[Image]\nKernel=/boot/nothing\n' >"$work/root/run/kdumpd/kdumpd.conf"
expect 1 '' '^kdumpctl: the kernel "/boot/nothing" cannot be opened: No such' \
    --root="$work/root" estimate
rm "$work/root/run/kdumpd/kdumpd.conf"

# A panic on purpose, of a machine that has only the files for it.
mkdir -p "$work/root/dev" "$work/root/proc/sys/kernel/random" "$work/root/var/lib"
: >"$work/root/dev/kmsg"
: >"$work/root/proc/sysrq-trigger"
echo 11111111-2222-3333-4444-555555555555 >"$work/root/proc/sys/kernel/random/boot_id"
echo 0 >"$work/root/sys/kernel/kexec_crash_loaded"
crash="--root=$work/root test --crash"
# shellcheck disable=SC2086
{
    expect 1 '' '^kdumpctl: no crash kernel image is loaded, so' $crash --yes
    echo 1 >"$work/root/sys/kernel/kexec_crash_loaded"
    expect 1 'going to panic NOW' '^kdumpctl: there is nobody to confirm this' $crash
    [ ! -s "$work/root/proc/sysrq-trigger" ] || failed=1
    expect 1 'going to panic NOW' '^kdumpctl: the kernel did not panic$' $crash --yes
}
id=$(sed -n 's/.*"Id": *"\([0-9a-f]\{32\}\)".*/\1/p' "$work/root/var/lib/kdumpd/crash-test.json")
grep -qx "<0>kdumpd: crash test $id" "$work/root/dev/kmsg" || {
    echo "FAILED: the kernel's log did not get the mark: $(cat "$work/root/dev/kmsg")"
    failed=1
}
[ "$(cat "$work/root/proc/sysrq-trigger")" = c ] || {
    echo "FAILED: nobody made the machine panic"
    failed=1
}
# A configuration that cannot be read now is not the defaults.
ln -sf kdumpd.conf "$work/root/run/kdumpd/kdumpd.conf"
unread='^kdumpctl: "/run/kdumpd/kdumpd\.conf" cannot be read: Too'
for verb in show-config list info estimate recover; do
    expect 1 '' "$unread" --root="$work/root" $verb
done
rm "$work/root/run/kdumpd/kdumpd.conf"

# The capture kernel: whatever there is, nothing is done, and the state says why.
: >"$work/root/proc/vmcore"
: >"$work/root/proc/sysrq-trigger"
mkdir -p "$work/root/dev"
: >"$work/root/dev/vdz"
expect 3 '^Kdump is not operational$' '' --root="$work/root" status
expect 3 '^ +State: unavailable: this is the capture kernel' '' --root="$work/root" status
expect 3 '"StateReason": *"this is the capture kernel' '' --root="$work/root" status --json
expect 3 '"Armed": *false' '' --root="$work/root" status --json
expect 1 '' 'capture kernel' --root="$work/root" recover
expect 1 '' 'capture kernel' --root="$work/root" recover /dev/vdz
cp "$work/root/var/lib/kdumpd/crash-test.json" "$work/noted"
expect 1 '' 'capture kernel' --root="$work/root" test --crash --yes
cmp -s "$work/noted" "$work/root/var/lib/kdumpd/crash-test.json" &&
    [ ! -s "$work/root/proc/sysrq-trigger" ] || {
    echo "FAILED: the capture kernel was made to panic, or a test noted"
    failed=1
}
rm "$work/root/proc/vmcore"
expect 2 '' '^kdumpctl: --crash is not for "status": see' status --crash
expect 2 '' '^kdumpctl: --yes is not for "load": see' load --yes
expect 2 '' '^kdumpctl: -n is not for "list": see' list -n 3
expect 2 '' '^kdumpctl: --root is not for "events": see' --root="$work/root" events

printf '#!/bin/sh\necho "builder $*"\nexit 5\n' >"$work/kdump-mkinitramfs"
chmod +x "$work/kdump-mkinitramfs"
export KDUMPCTL_KDUMP_MKINITRAMFS="$work/kdump-mkinitramfs"
expect 5 '^builder $' '' rebuild

# Dumps.
dump=$work/root/var/crash/vm-2023-11-14-22:13:20
expect 1 '' '^kdumpctl: there are no dumps in "/var/crash"$' --root="$work/root" list
expect 1 '' "^kdumpctl: there are no dumps in" --root="$work/root" info
expect 0 '^\[' '' --root="$work/root" list --json
mkdir -p "$dump" "${dump%0}1"
printf '{"Result":"complete","KernelRelease":"6.12","PanicMessage":"BUG: x"}' >"$dump/kdump.json"
echo 'Linux version 6.1 x' >"${dump%0}1/vmcore-dmesg.txt"
expect 0 '^2 .*14 22:13:20 UTC +6\.12 +missing +- +BUG: x$' '' --root="$work/root" list
expect 0 '^1 .*14 22:13:21 UTC +6\.1 +log-only +- +-$' '' --root="$work/root" list
expect 0 '"State": *"missing"' '' --root="$work/root" list --json
expect 0 '^ +State: log-only$' '' --root="$work/root" info
expect 0 '^ +Panic: BUG: x$' '' --root="$work/root" info 2
expect 0 '"PanicMessage": *"BUG: x"' '' --root="$work/root" info vm-2023-11-14-22:13:20 --json
expect 0 '^Linux version 6\.1 x$' '' --root="$work/root" log
expect 0 '"Linux version 6\.1 x"' '' --root="$work/root" log --json
expect 1 '' '^kdumpctl: the dump "vm-2023-11-14-22:13:20" has no log$' --root="$work/root" log 2
expect 1 '' "^kdumpctl: there is more than one dump whose name" --root="$work/root" info vm
expect 1 '' '^kdumpctl: there is no dump "3": see "kdumpctl list"' --root="$work/root" info 3
expect 2 '' '^kdumpctl: too many arguments from "b": see' info a b

# Dumps that are not for everybody: an empty list would be a lie.
chmod 755 "$work" "$work/root"
cp "$kdumpctl" "$work/kdumpctl"
echo '"$work/kdumpctl" "$@"' >"$work/as-nobody"
[ "$(id -u)" != 0 ] ||
    echo 'exec setpriv --reuid=65534 --regid=65534 --clear-groups "$work/kdumpctl" "$@"' \
        >"$work/as-nobody"
(echo '#!/bin/sh' && echo "work=$work" && cat "$work/as-nobody") >"$work/nobody"
chmod 755 "$work/kdumpctl" "$work/nobody"
everybody=$kdumpctl kdumpctl=$work/nobody
denied='^kdumpctl: the dumps in "/var/crash" cannot be read: run as root$'
chmod 000 "$work/root/var/crash"
for arguments in list 'list --json' info 'info --json' 'info 1' log 'log --json'; do
    # shellcheck disable=SC2086
    expect 1 '' "$denied" --root="$work/root" $arguments
    if grep -q 'there are no dumps' "$work/err"; then
        echo "FAILED: that there are no dumps is more than is known"
        failed=1
    fi
done
chmod 755 "$work/root/var/crash"
chmod 000 "$dump" "${dump%0}1"
for arguments in list 'list --json'; do
    # shellcheck disable=SC2086
    expect 1 '2023-11-14' '^kdumpctl: the dumps cannot be read: run as root$' \
        --root="$work/root" $arguments
done
for arguments in info 'info 2' log 'log --json'; do
    # shellcheck disable=SC2086
    expect 1 '' '^kdumpctl: the dump ".*" cannot be read: run as root$' \
        --root="$work/root" $arguments
done
chmod 755 "$dump" "${dump%0}1"
kdumpctl=$everybody

printf '[Capture]\nTarget=raw:/dev/sda1\n' >"$work/root/run/kdumpd/kdumpd.conf"
expect 0 'missing' '^kdumpctl: "/dev/sda1" cannot be read: No such device$' \
    --root="$work/root" list
expect 1 '' '^kdumpctl: "/dev/sda1" cannot be recovered from: it cannot be opened: No such file' \
    --root="$work/root" recover
mkdir -p "$work/root/dev"
head -c 8192 /dev/zero >"$work/root/dev/sda1"
expect 0 'missing' '' --root="$work/root" list
expect 0 '^/dev/sda1: there is no dump on it$' '' --root="$work/root" recover
expect 1 '' '^kdumpctl: "/dev/sda1" cannot be recovered from: there is no dump on it$' \
    --root="$work/root" recover raw:/dev/sda1
printf '[Capture]\nTarget=auto\n' >"$work/root/run/kdumpd/kdumpd.conf"
expect 1 '' "^kdumpctl: neither Target= nor FallbackTarget= is a raw: one" \
    --root="$work/root" recover

# A bus without the daemon. Nothing here may start one.
cp "$srcdir/conf/org.kdumpd1.conf" "$work/policy.conf"
start_bus
dead='^kdumpctl: kdumpd is not running: start it with "systemctl start kdumpd"$'
expect 3 '^Kdump is not operational$' "$dead" status
expect 3 '' "$dead" status --json
expect 1 '' "$dead" events
expect 1 '' "$dead" unload
expect 5 '^builder $' '' rebuild

# The daemon.
start_fake
expect 0 '^kdumpd_up 1$' '' metrics
expect 0 '^kdumpd_state.state="armed". 1$' '' metrics
expect 0 '^# TYPE kdumpd_reloads counter$' '' metrics
# By the tools that read them, where these are.
if command -v promtool >/dev/null; then
    "$kdumpctl" metrics --textfile="$work/kdumpd.prom"
    promtool check metrics <"$work/kdumpd.prom" || { echo "FAILED: promtool"; failed=1; }
    "$kdumpctl" metrics | sed 's/^\(kdumpd_.*\)$/\1 1700000000/' >"$work/openmetrics"
    promtool tsdb create-blocks-from openmetrics "$work/openmetrics" "$work/blocks" >"$work/out" ||
        { echo "FAILED: promtool takes no OpenMetrics"; failed=1; }
else
    echo "SKIPPED: promtool (Debian's package prometheus) is not there to check the metrics"
fi
expect 0 '^Kdump is operational$' '' status
expect 0 '^ +Kernel: /boot/vmlinuz-6\.12\.0 \(6\.12\.0\)$' '' status
expect 0 '"Armed": *true' '' status --json
expect 0 '"ReservationBytes": *268435456' '' status --json
expect 0 '^Reserved 256MB memory for crash kernel$' '' showmem
expect 0 '^2023-11-14 22:13:20 +- +load +ok +no crash kernel image is loaded; loaded in 1\.31 s$' \
    '' events
head -2 "$work/out" | grep -q 'no crash kernel image' || {
    echo "FAILED: events does not begin with the oldest"
    failed=1
}
expect 0 '16 memory events' '' events -n 1
if grep -q 'no crash kernel image' "$work/out"; then
    echo "FAILED: events -n 1 printed two"
    failed=1
fi
expect 0 '"Subsystems": *"memory"' '' events -n all --json
expect 0 '' '' load
expect 0 '' '' unload
expect 0 '' '' reload
expect 0 '' '' rebuild
expect 0 "^  Crash test: never, see 'kdumpctl test --crash'\$" '' status
SYSTEMD_COLORS=1 expect 0 '\[1;32mKdump is operational' '' status

start_fake Armed=no State=failed 'StateReason=no initrd was found' ReservationBytes=0 \
    'Load:org.kdumpd1.Error.NoInitrd:No kdump initrd was found in /boot.' \
    'Unload:org.freedesktop.DBus.Error.AccessDenied:nope' \
    'ListDecisions:org.freedesktop.DBus.Error.UnknownMethod:what'
expect 3 '^Kdump is not operational$' '' status
expect 3 '^ +State: failed: no initrd was found$' '' status
expect 3 '"Armed": *false' '' status --json
expect 1 '' '^kdumpctl: No kdump initrd was found in /boot$' load
expect 1 '' '^kdumpctl: permission denied: Unload\(\) takes privileges: run as root$' unload
expect 1 '' '^kdumpctl: kdumpd speaks another version' events
expect 1 '' '^kdumpctl: (no memory is reserved|the kernel is built without)' showmem

start_fake Stale=yes 'StaleReason=a CPU came' 'Obstacle=no kernel' ConfigurationChanged=yes \
    'ConfigurationProblems=/etc/kdumpd/kdumpd.conf:3: ignoring Keep=: it takes a number'
expect 0 '^Kdump is operational, but the image is stale and cannot be reloaded$' '' status
expect 0 '^ +Problem: /etc/kdumpd/kdumpd\.conf:3: ignoring Keep=' '' status
expect 0 '^ +Changed: the configuration is newer' '' status
expect 0 '"ConfigurationProblems": *\[' '' status --json

# Files by their times, and with a record by what they are.
files=$work/files
mkdir -p "$files/boot" "$files/run/kdumpd-load"
echo k >"$files/boot/k"
echo i >"$files/boot/i"
touch -d @1600000000 "$files/boot/i"
start_fake KernelFile=/boot/k InitrdFile=/boot/i LastLoadUSec=1700000000000000
expect 0 '^ +Changed: the kernel is newer than the image' '' --root="$files" status
expect 0 '"KernelChanged": *true' '' --root="$files" status --json
touch -d @1600000000 "$files/boot/k"
expect 0 '"KernelChanged": *false' '' --root="$files" status --json
record() {
    printf '"%sFile":"/boot/%s","%sDevice":%d,"%sInode":%d,"%sMtimeNSec":%d000000000,"%sBytes":%d' \
        "$1" "$2" "$1" "$(stat -c %d "$files/boot/$2")" "$1" "$(stat -c %i "$files/boot/$2")" \
        "$1" "$(stat -c %Y "$files/boot/$2")" "$1" "$(stat -c %s "$files/boot/$2")"
}
echo "{\"Report\":{$(record Kernel k),$(record Initrd i)}}" >"$files/run/kdumpd-load/image.json"
expect 0 '"InitrdChanged": *false' '' --root="$files" status --json
# Only a crash test tries the target, and only with this image, and if the dump went there.
went() {
    mkdir -p "$files/var/lib/kdumpd"
    echo "{\"Id\":\"0123456789abcdef0123456789abcdef\",\"StartedUSec\":1700000000000000" \
        ",$(record Kernel k),$(record Initrd i),\"Result\":\"$1\",\"Directory\":\"$2\"}" |
        tr -d '\n' | sed 's/, /,/; s/"[A-Za-z]*Device":[0-9]*,//g' \
        >"$files/var/lib/kdumpd/crash-test.json"
    printf '#!/bin/sh\nexit 0\n' >"$work/kdump-load"
    export KDUMPCTL_KDUMP_LOAD="$work/kdump-load"
    expect 0 '^Crash test: .*with this image$' '' --root="$files" test
}
went complete /var/crash/box-2023
if grep -q '^Target:' "$work/out"; then
    echo "FAILED: the target was tried: $(cat "$work/out")"
    failed=1
fi
for other in 'complete /srv/box-2023' 'complete /var/crash2/box' 'incomplete /var/crash/box'; do
    # shellcheck disable=SC2086
    went $other
    grep -q '^Target: .*not tried' "$work/out" || {
        echo "FAILED: after $other the target was not tried: $(cat "$work/out")"
        failed=1
    }
done
rm "$files/var/lib/kdumpd/crash-test.json"
echo other >"$files/boot/i"
touch -d @1600000000 "$files/boot/i"
expect 0 '^ +Changed: the initrd is newer than the image' '' --root="$files" status

start_fake LastCrashUSec=1700000000000000 LastCrashState=incomplete 'LastCrashMessage=BUG: x' \
    InitrdState=failed 'InitrdMessage=no module for sda' \
    'Rebuild:org.kdumpd1.Error.System:No sda.' \
    LastTestUSec=1700000000000000 LastTestResult=complete LastTestSameImage=yes
expect 0 '^  Last crash: 2023-11-14 22:13:20, incomplete: BUG: x$' '' status
expect 0 '^  Crash test: 2023-11-14 22:13:20, it gave a complete dump, with this image$' '' status
expect 0 '^ +Build: failed: no module for sda$' '' status
expect 1 '' '^kdumpctl: No sda$' rebuild
expect 0 '"LastCrashState": *"incomplete"' '' status --json

start_fake 'Reload:die'
expect 1 '' '^kdumpctl: kdumpd ended or did not answer: see "systemctl status kdumpd"$' reload

# A bus that does not let us talk to the daemon: the policy file is missing.
stop "$service_pid"
stop "$bus_pid"
rm "$work/policy.conf"
start_bus
start_fake
expect 3 '^Kdump is not operational$' '^kdumpctl: permission denied: the policy of the' status

exit $failed
