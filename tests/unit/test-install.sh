#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What make install puts where: with this configuration, with none, and with a prefix of its own.
set -eu

: "${srcdir:=.}" "${builddir:=.}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
fail() {
    echo "FAILED: $*"
    failed=1
}
run() {
    "$@" >"$work/log" 2>&1 || {
        cat "$work/log"
        echo "FAILED: $*"
        exit 1
    }
}

# Who may start kdumpd is for systemd to say. Whatever D-Bus can start, anybody can: by a message to
# its name.
run make -C "$builddir" -s DESTDIR="$work/dest" install
find "$work/dest" -path '*/dbus-1/*' -name '*.service' | grep . &&
    fail "anybody can start kdumpd (above)"
find "$work/dest" -name 'kdump*.service' -exec \
    grep -n '^Alias=dbus-\|^BusName=\|^Type=dbus' {} + && fail "D-Bus can start a unit (above)"

# configure once more, of sources that may be configured themselves; and all but the programs.
mkdir "$work/src"
for file in "$srcdir"/*; do
    case ${file##*/} in
    config.status | b | build* | tmp) ;;
    *) ln -s "$file" "$work/src" ;;
    esac
done
ln -s "$srcdir/build-aux" "$work/src" 2>/dev/null || :
another() {
    rm -rf "$work/b" "$work/dest"
    mkdir "$work/b"
    cd "$work/b"
    run "$work/src/configure" --cache-file="$work/cache" "$@"
    sed -n '/^  kdumpd [0-9]/,$p' "$work/log" >"$work/summary"
    run make -s DESTDIR="$work/dest" install-data
    cd "$work/dest"
}

# placed FILE DIRECTORY...: where its reader looks, one of these; and configure has said so.
placed() {
    file=$1
    shift
    for directory; do
        [ -e "./$directory/$file" ] || continue
        grep -q ": *$directory\$" "$work/summary" ||
            fail "configure's summary does not name $directory"
        return
    done
    fail "$file is nowhere where it is read (prefix: $prefix):
$(find . -name "${file##*/}")"
}

for prefix in '' /opt/kdumpd; do
    if [ -z "$prefix" ]; then
        another
    else
        another --prefix="$prefix"
    fi
    placed kdumpd.service /usr/lib/systemd/system /lib/systemd/system
    placed kdumpd-recover.service /usr/lib/systemd/system /lib/systemd/system
    placed 85-kdumpd.preset /usr/lib/systemd/system-preset /lib/systemd/system-preset
    placed kdumpctl /usr/share/bash-completion/completions
    placed _kdumpctl /usr/share/zsh/site-functions
    placed kdumpctl.fish /usr/share/fish/vendor_completions.d
    placed kdumpd.catalog /usr/lib/systemd/catalog
    placed 60-kdumpd.rules /usr/lib/udev/rules.d /lib/udev/rules.d
    placed org.kdumpd1.conf /usr/share/dbus-1/system.d
    placed 60-kdumpd.install /usr/lib/kernel/install.d
    placed postinst.d/zz-kdumpd /etc/kernel
    placed postrm.d/zz-kdumpd /etc/kernel

    # Everything that is ours is below the prefix, and everybody says so.
    prefix=${prefix:-/usr/local}
    [ -e "./$prefix/lib/kdumpd/kdumpd.conf" ] || fail "there is no $prefix/lib/kdumpd/kdumpd.conf"
    grep -q ": *$prefix/etc/kdumpd\$" "$work/summary" ||
        fail "configure's summary does not name $prefix/etc/kdumpd"
    # Inside the initramfs, capture.json has its place whatever the prefix is.
    find . -type f -exec grep -H -e '/etc/kdumpd' -e '/lib/kdumpd' -e 's*bin/kdump' {} + |
        sed -e "s,$prefix/\(etc\|lib\|bin\|sbin\),,g" -e 's,/etc/kdumpd/capture\.json,,g' \
            -e 's,/var/lib/kdumpd,,g' |
        grep -e '/etc/kdumpd' -e '/lib/kdumpd' -e 'bin/kdump' &&
        fail "this is not below $prefix (above)"
    find . -type f -exec grep -H '@[a-z]*dir@' {} + && fail "something was not substituted (above)"
    grep -q "^ExecStart=$prefix/sbin/kdumpd\$" ./*/systemd/system/kdumpd.service \
        ./usr/lib/systemd/system/kdumpd.service 2>/dev/null ||
        fail "kdumpd.service does not start $prefix/sbin/kdumpd"
done

# So do the programs, which would take minutes to build again.
cd "$srcdir/src"
grep -rn '"[^"]*/\(etc\|lib\)/kdumpd' . |
    grep -v -e '/etc/kdumpd/capture\.json' -e 'var/lib/kdumpd' &&
    fail "a program names a directory without asking configure (above)"

exit $failed
