#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# kdump-load as a program: exit status, what goes to which stream, a dry run on a fake machine.
set -eu

: "${builddir:=.}"
load=$builddir/kdump-load
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
failed=0

# run STATUS ARGUMENTS...: runs it, keeps its streams, compares its exit status.
run() {
        expected=$1
        shift
        status=0
        "$load" "$@" >"$work/out" 2>"$work/err" || status=$?
        if [ "$status" -ne "$expected" ]; then
                echo "kdump-load $*: exit status $status, expected $expected"
                cat "$work/out" "$work/err"
                failed=1
        fi
}

# has STREAM TEXT, lacks STREAM: what the last run wrote.
has() {
        if ! grep -qF -- "$2" "$work/$1"; then
                echo "no \"$2\" in std$1:"
                cat "$work/$1"
                failed=1
        fi
}
lacks() {
        if [ -s "$work/$1" ]; then
                echo "std$1 is not empty:"
                cat "$work/$1"
                failed=1
        fi
}

run 0 --help
has out '--dry-run'
lacks err
if [ "$(awk '{ if (length > n) n = length } END { print n }' "$work/out")" -gt 80 ]; then
        echo "--help does not fit into 80 columns"
        failed=1
fi
run 0 --version
has out 'kdump-load '
for wrong in --no-such "--dry-run --unload" "--root=/" "--root=relative --dry-run" "--dry-run x" \
        --root "--dry-run --spoil=no-such"; do
        # shellcheck disable=SC2086 # several arguments on purpose
        run 2 $wrong
        lacks out
        has err kdump-load
done

mkdir -p "$root/boot" "$root/proc" "$root/sys/kernel"
run 1 --dry-run --root="$root"
lacks out
has err 'without crash kexec'
run 1 --dry-run --json --root="$root"
has out '"Failure":"NoKexec"'
lacks err
if [ "$(wc -l <"$work/out")" -ne 1 ]; then
        echo "--json printed more than a line"
        failed=1
fi

# A kernel and an initrd by the configuration; the kernel's bytes come from the fuzz corpus.
etc=$root${sysconfdir:-/etc}/kdumpd
mkdir -p "$etc"
cp "${srcdir:-.}/tests/fuzz/corpus/bzimage/good" "$root/boot/crash"
echo initrd >"$root/boot/crash.img"
echo 'root=/dev/sda1 quiet sysctl.vm.nr_hugepages=9 sysctl.vm.foo=1' >"$root/proc/cmdline"
echo 0 >"$root/sys/kernel/kexec_crash_loaded"
echo 268435456 >"$root/sys/kernel/kexec_crash_size"
printf '[Image]\nKernel=/boot/crash\nInitrd=/boot/crash.img\nFoo=bar\n' >"$etc/kdumpd.conf"
run 0 --dry-run --root="$root"
has out 'Kernel:       /boot/crash (6.12.57+deb12-amd64, 6.0 KiB)'
has out 'Command line: root=/dev/sda1 sysctl.vm.foo=1 nr_cpus=1'
has out 'Left out:     quiet, sysctl.vm.nr_hugepages=9 (why, is in --json and kdumpd.conf(5))'
has out 'Not known:    sysctl.vm.foo=1 (what this does to a capture is not known, and it stays)'
has out 'a dry run'
has err 'kdumpd.conf:4: section [Image] has no key Foo='
# What cannot be read now is not the defaults.
mv "$etc/kdumpd.conf" "$work/kdumpd.conf"
ln -s kdumpd.conf "$etc/kdumpd.conf"
run 1 --dry-run --root="$root"
has err 'kdumpd.conf" cannot be read: Too many levels'
mv "$work/kdumpd.conf" "$etc/kdumpd.conf"
run 0 -n --json --root="$root"
has out '"Failure":"None"'
has out '"InitrdFile":"/boot/crash.img"'
has out '{"Word":"sysctl.vm.nr_hugepages=9","Meaning":"memory","Reason":"Memory is set aside in'
has out '{"Word":"sysctl.vm.foo=1","Meaning":"unknown","Reason":'
printf '[Image]\nKernel=/boot/crash\nInitrd=/boot/crash.img\nLoader=kexec_load\n' \
    >"$etc/kdumpd.conf"
run 1 --dry-run --root="$root"
has out 'Reservation:  256 MiB'
has err 'set Loader=auto'

exit "$failed"
