#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# kdump-mkinitramfs as a program, on a fake machine whose modules are ELF files of a few bytes.
set -eu

: "${srcdir:=.}" "${builddir:=.}" "${CC:=cc}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root release=1.2.3-fake
# shellcheck source=tests/fakes/fake-machine.sh
. "$srcdir/tests/fakes/fake-machine.sh"

module drivers/bus 'pci:v*'
module drivers/disk 'fake:disk' bus_here
module fs/ext4 fs-ext4 library_here checksum
module lib/library
module lib/checksum
module drivers/other 'pci:other'
# What depmod can read depends on how it was built.
case $(depmod --version) in
*+XZ*) xz "$root/lib/modules/$release/kernel/lib/library.ko" ;;
esac
index_modules

# A program with two libraries of its own, one of which needs the other, in a directory that only
# its run path names.
mkdir -p "$root/opt/private" "$work/c"
echo 'int two(void); int two(void) { return 2; }' >"$work/c/two.c"
echo 'int two(void); int one(void); int one(void) { return two(); }' >"$work/c/one.c"
echo 'int one(void); int main(void) { return one(); }' >"$work/c/main.c"
# shellcheck disable=SC2086
{
    $CC -shared -fPIC -nostdlib -Wl,-soname,libtwo.so.2 -o "$root/opt/private/libtwo.so.2" \
        "$work/c/two.c"
    $CC -shared -fPIC -nostdlib -Wl,-soname,libone.so.1 -Wl,-rpath,'$ORIGIN' \
        -o "$root/opt/private/libone.so.1" "$work/c/one.c" "$root/opt/private/libtwo.so.2"
    $CC -nostdlib -Wl,-e,main -Wl,-rpath,'$ORIGIN/private' -Wl,--allow-shlib-undefined \
        -Wl,-dynamic-linker,/lib64/fake-loader.so -o "$root/opt/capture" "$work/c/main.c" \
        "$root/opt/private/libone.so.1"
}
mkdir "$root/lib64"
cp "$root/opt/private/libtwo.so.2" "$root/lib64/fake-loader.so"
printf '#!/opt/capture\n' >"$root/usr/bin/makedumpfile"
chmod +x "$root/usr/bin/makedumpfile"

# --- what it makes

run 0
has out "Made /var/lib/kdumpd/$release/initramfs.img"
image=$root/var/lib/kdumpd/$release/initramfs.img
[ "$(stat -c %a "$image")" = 600 ] || fail "the image has the mode $(stat -c %a "$image")"
[ ! -e "$root/var/lib/kdumpd/$release/.initramfs.img.new" ] || fail "something was left over"
mkdir "$work/unpacked"
gzip -dc "$image" | (cd "$work/unpacked" && cpio -idm --quiet --no-absolute-filenames \
    '[!d]*' 'dev' 'd[!e]*' 2>"$work/err") || fail "cpio: $(cat "$work/err")"
gzip -dc "$image" | cpio -tv --quiet 2>/dev/null >"$work/list"
grep -q 'crw-------.* 5, *1 .* dev/console$' "$work/list" || fail "there is no /dev/console"
(cd "$work/unpacked" && find . ! -type d | sed 's/^\.//' | sort) >"$work/found"
modules=/usr/lib/modules/$release/kernel
LC_ALL=C sort >"$work/expected" <<END
/bin
/etc/kdumpd/capture.json
/init
/lib
/lib64
/opt/capture
/sbin
/usr/bin/makedumpfile
/usr/lib/libone.so.1
/usr/lib/libtwo.so.2
/usr/lib/fake-loader.so
/usr/lib64
/usr/sbin
$modules/drivers/bus.ko.gz
$modules/drivers/disk.ko.gz
$modules/fs/ext4.ko.gz
$modules/lib/checksum.ko.gz
$modules/lib/library.ko.gz
END
LC_ALL=C sort "$work/found" | diff "$work/expected" - || fail "it holds other files (above)"
cmp -s "$work/unpacked/init" "$root/opt/capture" || fail "/init is something else"
for module in "$work/unpacked$modules"/*/*.ko.gz; do
    [ "$(gzip -dc "$module" | head -c 4 | tail -c 3)" = ELF ] ||
        fail "$module is not packed once"
done

plan=$work/unpacked/etc/kdumpd/capture.json
for text in '"Host":"fake"' "\"KernelRelease\":\"$release\"" \
    '"Target":{"Type":"file-system","Device":{"By":"uuid","Value":"1111-2222"}' \
    '"FileSystem":"ext4"' '"Directory":"/var/crash"' '"Fallback":{"Type":"none"'; do
    grep -qF -e "$text" "$plan" || fail "the plan lacks $text: $(cat "$plan")"
done
order=$(grep -o '[a-z0-9]*\.ko' "$plan" | tr '\n' ' ')
[ "$order" = "checksum.ko library.ko ext4.ko bus.ko disk.ko " ] || fail "the order is $order"

# --- libraries by their path

# library PATH SONAME [NEEDED]: a library whose users name it by SONAME.
library() {
    mkdir -p "$root/${1%/*}"
    # shellcheck disable=SC2086,SC2016
    $CC -shared -fPIC -nostdlib -Wl,--no-as-needed -Wl,-soname,"$2" -o "$root/$1" \
        "$work/c/two.c" ${3:+"$root/$3"}
}
library opt/deep/needed.so '$ORIGIN/needed.so'
library usr/lib64/x.so /lib64/x.so opt/private/libtwo.so.2
library opt/deep/beside.so '$ORIGIN/deep/beside.so' opt/deep/needed.so
library usr/lib/up.so '${ORIGIN}/../usr/./lib64//up.so'
library opt/far.so /lib/no/../../../opt/missing/../far.so
library opt/relative.so opt/relative.so
cp "$root/usr/lib64/x.so" "$root/lib64/x.so"
cp "$root/usr/lib/up.so" "$root/usr/lib64/up.so"
mkdir -p "$root/lib/no" "$root/opt/missing"
# shellcheck disable=SC2086
by_path() {
    $CC -nostdlib -Wl,-e,main -Wl,--allow-shlib-undefined -Wl,--no-as-needed \
        -Wl,-dynamic-linker,/lib64//fake-loader.so -o "$root/opt/by-path" "$work/c/two.c" \
        -Wl,-e,two "$@"
}
by_path "$root/usr/lib64/x.so" "$root/opt/deep/beside.so" "$root/usr/lib/up.so" "$root/opt/far.so"
configure 'ExtraFiles=/opt/by-path'
run 0 --output=/by-path.img
gzip -dc "$root/by-path.img" | cpio -t --quiet 2>/dev/null | sed 's,^\.\?/\?,/,' >"$work/found"
for path in /opt/by-path /usr/lib/x.so /usr/lib/libtwo.so.2 /opt/deep/beside.so \
    /opt/deep/needed.so /usr/lib/up.so /opt/far.so /opt/missing /usr/lib/no \
    /usr/lib/fake-loader.so; do
    [ "$(grep -cxF "$path" "$work/found")" = 1 ] || fail "$path is not packed once"
done
! grep -q '/\./\|\.\.\|//' "$work/found" || fail "odd paths are packed: $(cat "$work/found")"
by_path "$root/opt/relative.so"
run 1 --output=/by-path.img
has err 'needs the shared library opt/relative.so, which is no absolute path'
by_path "$root/opt/deep/beside.so"
rm "$root/opt/deep/needed.so"
run 1 --output=/by-path.img
has err 'the shared library $ORIGIN/needed.so, which "/opt/deep/beside.so" needs, is not installed'

# What is there already, and is no file, is no program either.
cp "$root/opt/capture" "$root/usr/bin/busybox"
ln -s usr/bin "$root/bin"
cp "$root/opt/capture" "$root/usr/bin/sh"
configure 'FailureAction=shell
ExtraFiles=/bin/sh'
run 0 --output=/by-path.img
gzip -dc "$root/by-path.img" | cpio -tv --quiet 2>/dev/null | grep -q 'usr/bin/sh -> busybox$' ||
    fail "the shell is not busybox"
rm "$root/bin" "$root/usr/bin/sh" "$root/usr/bin/busybox"
configure ''

# --- the same again, and what makes a difference

cp "$image" "$work/first"
run 0
cmp -s "$image" "$work/first" || fail "the same inputs make another image"
inode=$(stat -c %i "$image")
run 0 --if-needed --json
has out '{"State":"fresh","Path":"/var/lib/kdumpd/'
[ "$(stat -c %i "$image")" = "$inode" ] || fail "--if-needed makes it again"

# changed WHAT COMMAND...: after the command, it is made again.
changed() {
    what=$1
    shift
    "$@"
    run 0 --if-needed --json
    grep -q '"State":"built"' "$work/out" || fail "$what has changed, and --if-needed does nothing"
    run 0 --if-needed --json
    has out '"State":"fresh"'
}
changed "a program" touch "$root/usr/bin/makedumpfile"
changed "a library" touch "$root/opt/private/libtwo.so.2"
changed "a module" touch "$root/lib/modules/$release/kernel/fs/ext4.ko"
changed "the configuration" configure 'Keep=3'
mkdir -p "$root/etc/modprobe.d"
changed "an option" sh -c "echo 'options disk speed=3' >'$root/etc/modprobe.d/x.conf'"
grep -q speed=3 "$plan" && fail "that option was there before"
changed "the target" sh -c "mv '$root/dev/disk/by-uuid/1111-2222' '$root/dev/disk/by-uuid/3'"
changed "the image" truncate -s 3 "$image"
changed "the note" rm "$root/var/lib/kdumpd/$release/inputs.json"

# The kernel says what it can unpack.
zstd_too() {
    echo CONFIG_RD_ZSTD=y >"$root/boot/config-$release"
}
changed "the compression" zstd_too
case $(od -An -tx1 -N4 "$image" | tr -d ' ') in
28b52ffd | 1f8b*) ;; # gzip, if libarchive has no zstd
*) fail "what is this? $(od -An -tx1 -N4 "$image")" ;;
esac

# --- what it does not make; the old image stays

sum=$(cksum <"$image")

# refused TEXT
refused() {
    run 1 --json
    has err "$1"
    has out '{"State":"failed"'
    [ "$(cksum <"$image")" = "$sum" ] || fail "the old image is gone: $1"
}

mv "$root/opt/private/libtwo.so.2" "$work/aside"
refused 'the shared library libtwo.so.2, which "/opt/private/libone.so.1" needs, is not installed'
mv "$work/aside" "$root/opt/private/libtwo.so.2"

mv "$root/sys/module/disk" "$root/sys/module/tape"
ln -sfn ../../../../module/tape "$root/sys/bus/fake/drivers/disk/module"
refused "the kernel module \"tape\", for the target's disk, is not among those of kernel $release"
mv "$root/sys/module/tape" "$root/sys/module/disk"
ln -sfn ../../../../module/disk "$root/sys/bus/fake/drivers/disk/module"

mv "$root/lib/modules/$release/kernel/drivers/bus.ko" "$work/aside"
refused "run \"depmod $release\""
mv "$work/aside" "$root/lib/modules/$release/kernel/drivers/bus.ko"

mounted 0:30 / / nfs4 server:/export
refused "which needs a network"
mounted 0:30 / / tmpfs tmpfs
refused "of the type tmpfs"
mounted 254:1 / / ext4 /dev/vda1

configure 'Target=/dev/vdz'
refused "there is no device \"/dev/vdz\""
configure 'Target=raw:/dev/vda1'
refused "is mounted at /"
configure 'ExtraFiles=/no/such'
refused '"/no/such", of ExtraFiles=, cannot be packed'

mkdir -p "$root/run/kdumpd/kdumpd.conf.d"
ln -s x.conf "$root/run/kdumpd/kdumpd.conf.d/x.conf"
refused '"/run/kdumpd/kdumpd.conf.d/x.conf" cannot be read: Too many'
rm "$root/run/kdumpd/kdumpd.conf.d/x.conf"

: >"$root/proc/vmcore"
refused "this is the capture kernel"
rm "$root/proc/vmcore"

configure 'CoreCollector=makedumpfile -lF --num-threads 2'
run 0
has err 'CoreCollector= has -F, with which makedumpfile writes no dump into a file'
has err 'CoreCollector= has --num-threads, and the capture kernel one CPU'
configure 'CoreCollector=no-such-program -x'
run 0
has err 'the program "no-such-program", of CoreCollector=, is not installed'
# What is optional is no reason to have no image; all that is amiss is told.
configure 'CoreCollector=no-such-program -x
ExtraModules=nonsense other'
run 0
has err 'the program "no-such-program", of CoreCollector=, is not installed'
has err 'has no module "nonsense", of ExtraModules=: it is left out'
mv "$root/lib/modules/$release/kernel/drivers/other.ko" "$work/aside"
run 0
has err 'a file of the kernel module "other", of ExtraModules=, is missing: it is left out'
mv "$work/aside" "$root/lib/modules/$release/kernel/drivers/other.ko"
configure ''

# What is wrong with a kernel is said as the load says it, and names the setting.
printf '[Image]\nKernel=/no/such\n' >"$root$sysconfdir/kdumpd/kdumpd.conf"
status=0
"$builddir/kdump-mkinitramfs" --root="$root" --dry-run >"$work/out" 2>"$work/err" || status=$?
[ $status -ne 0 ] || fail "it went on without a kernel"
has err 'the kernel "/no/such" cannot be opened: No such file or directory (Kernel= in kdumpd.conf)'
echo nonsense >"$root/nonsense"
printf '[Image]\nKernel=/nonsense\n' >"$root$sysconfdir/kdumpd/kdumpd.conf"
"$builddir/kdump-mkinitramfs" --root="$root" --dry-run >"$work/out" 2>"$work/err" || :
has err '(Kernel= in kdumpd.conf)'
configure ''

run 0 --dry-run
has out 'Target: /var/crash on /dev/vda1, ext4, in /var/crash, found by uuid 3'
run 0 --output=/elsewhere.img
[ -s "$root/elsewhere.img" ] || fail "--output= wrote nothing"
for wrong in --no-such x --root=relative --output=relative --kernel-release=../x \
    '--output=/x --if-needed' '--note-tables --dry-run' --root; do
    # shellcheck disable=SC2086 # several arguments on purpose
    run 2 $wrong
    [ ! -s "$work/out" ] || fail "$wrong: something on standard output"
done

exit $failed
