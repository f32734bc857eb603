#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# One fault reads the same from every program that meets it.
set -eu

: "${builddir:=.}"
work=$(mktemp -d)
trap 'chmod -R u+rwx "$work"; rm -rf "$work"' EXIT
root=$work/root
etc=$root${sysconfdir:-/etc}/kdumpd
programs=$builddir
failed=0
as_user=

mkdir -p "$etc" "$root/boot" "$root/sys/kernel" "$root/proc"
echo 268435456 >"$root/sys/kernel/kexec_crash_size"
echo 0 >"$root/sys/kernel/kexec_crash_loaded"

# says PROGRAM ARGUMENTS...: what it says on standard error, without its name.
says() {
    program=$1
    shift
    # shellcheck disable=SC2086
    if LC_ALL=C $as_user "$programs/$program" "$@" >"$work/out" 2>"$work/err"; then
        echo "it worked"
    else
        tail -n 1 "$work/err" | sed "s/^$program: //"
    fi
}

# same WHAT TEXT [ROOT]: all say that; TEXT is a pattern.
same() {
    for run in 'kdump-load --dry-run' 'kdump-mkinitramfs --dry-run' 'kdumpctl estimate'; do
        # shellcheck disable=SC2086
        said=$(says $run --root="${3:-$root}")
        if ! echo "$said" | grep -qE "$2"; then
            echo "FAILED: $1: $run says: $said"
            failed=1
        fi
    done
}

config() {
    printf '[Image]\n%s\n' "$1" >"$etc/kdumpd.conf"
}

same 'no root' "^\"$work/nothing\" cannot be opened: No such file or directory\$" "$work/nothing"

config Kernel=/boot/nothing
same 'no kernel' \
    '^the kernel "/boot/nothing" cannot be opened: No such file or directory \(Kernel= in kdumpd'
config Kernel=/boot
same 'a directory' '^the kernel "/boot" is a directory \(Kernel= in kdumpd\.conf\)$'
mkfifo "$root/boot/pipe"
config Kernel=/boot/pipe
same 'a pipe' '^the kernel "/boot/pipe" is not a regular file \(Kernel= in kdumpd\.conf\)$'
: >"$root/boot/empty"
config Kernel=/boot/empty
same 'an empty file' '^the kernel "/boot/empty" is empty \(Kernel= in kdumpd\.conf\)$'
echo x >"$root/boot/closed"
chmod 0 "$root/boot/closed"
config Kernel=/boot/closed
# Root may read all.
if [ "$(id -u)" -eq 0 ]; then
    cp "$builddir/kdump-load" "$builddir/kdump-mkinitramfs" "$builddir/kdumpctl" "$work"
    chmod 755 "$work" "$work"/kdump*
    programs=$work
    as_user='setpriv --reuid=65534 --regid=65534 --clear-groups'
fi
same 'a closed file' '^the kernel "/boot/closed" cannot be read: run as root \(Kernel='

rm "$etc/kdumpd.conf"
ln -s kdumpd.conf "$etc/kdumpd.conf"
same 'a configuration that cannot be read' \
    '^"/etc/kdumpd/kdumpd\.conf" cannot be read: Too many levels of symbolic links$'

exit $failed
