#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The hooks of kernel packages: what they run and remove, and that they never fail. Programs and
# directories are replaced in a copy of them.
set -eu

: "${builddir:=.}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
fail() {
    echo "FAILED: $*"
    failed=1
}

mkdir "$work/bin"
printf '#!/bin/sh\necho "$@" >>"%s/ran"\nexit "$(cat "%s/status")"\n' "$work" "$work" \
    >"$work/bin/kdump-mkinitramfs"
printf '#!/bin/sh\nexit "$(cat "%s/enabled")"\n' "$work" >"$work/bin/systemctl"
chmod +x "$work"/bin/*
PATH=$work/bin:$PATH
echo 0 >"$work/status"
echo 0 >"$work/enabled"

# hook NAME ARGUMENTS...
hook() {
    grep -q '@[a-z]*@' "$builddir/conf/$1" && fail "$1: something was not substituted"
    [ -x "$builddir/conf/$1" ] || fail "$1 cannot be run"
    sed -e "s,[^ ]*/kdump-mkinitramfs,$work/bin/kdump-mkinitramfs,; s,/var/lib,$work/lib," \
        "$builddir/conf/$1" >"$work/hook"
    name=$1
    shift
    : >"$work/ran"
    sh "$work/hook" "$@" 2>"$work/err" || fail "$name $*: it fails"
}
ran() {
    [ "$(cat "$work/ran")" = "$1" ] || fail "$name ran \"$(cat "$work/ran")\" instead of \"$1\""
}
images() {
    rm -rf "${work:?}/lib"
    mkdir -p "$work/lib/kdumpd/6.1" "$work/lib/kdumpd/6.2" "$work/lib/other"
}

hook 60-kdumpd.install add 6.1 /boot/entry /boot/vmlinuz
ran "--kernel-release=6.1 --if-needed"
hook kernel-postinst 6.1 /boot/vmlinuz-6.1
ran "--kernel-release=6.1 --if-needed"
echo 1 >"$work/status"
hook 60-kdumpd.install add 6.1
grep -q "no initramfs for kernel 6.1" "$work/err" || fail "it does not say so"
hook kernel-postinst 6.1
grep -q "no initramfs for kernel 6.1" "$work/err" || fail "it does not say so"
echo 1 >"$work/enabled"
hook 60-kdumpd.install add 6.1
ran ""
hook kernel-postinst 6.1
ran ""

images
hook 60-kdumpd.install remove 6.1 /boot/entry
[ "$(ls "$work/lib/kdumpd")" = 6.2 ] || fail "remove leaves $(ls "$work/lib/kdumpd")"
images
hook kernel-postrm 6.1
[ "$(ls "$work/lib/kdumpd")" = 6.2 ] || fail "postrm leaves $(ls "$work/lib/kdumpd")"
images
for bad in '' . .. ../other 6.1/../../other; do
    hook 60-kdumpd.install remove "$bad"
    hook 60-kdumpd.install add "$bad"
    ran ""
    hook kernel-postrm "$bad"
    hook kernel-postinst "$bad"
    ran ""
done
hook 60-kdumpd.install remove
hook 60-kdumpd.install
hook kernel-postrm
hook kernel-postinst
[ "$(ls "$work/lib/kdumpd" "$work/lib" | tr '\n' ' ')" = "$(printf '%s' \
    "$work/lib: kdumpd other  $work/lib/kdumpd: 6.1 6.2 ")" ] || fail "something is gone"

exit $failed
