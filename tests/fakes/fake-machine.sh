#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A fake machine for tests of kdump-mkinitramfs: sourced by them with $work, $root and $release
# set. Its kernel modules are ELF files of a few bytes, which nobody loads.

: "${work:?}" "${root:?}" "${release:?}" "${builddir:?}"

for tool in depmod cpio gzip xz; do
    PATH=$PATH:/usr/sbin:/sbin command -v $tool >/dev/null || {
        echo "$tool is not installed"
        exit 77
    }
done
PATH=$PATH:/usr/sbin:/sbin
# shellcheck disable=SC2034 # for whoever sources this
failed=0

fail() {
    echo "FAILED: $*"
    # shellcheck disable=SC2034
    failed=1
}

# run STATUS ARGUMENTS...: runs kdump-mkinitramfs, keeps its streams, compares its exit status.
run() {
    expected=$1
    shift
    status=0
    "$builddir/kdump-mkinitramfs" --root="$root" --kernel-release=$release \
        --capture-program=/opt/capture "$@" >"$work/out" 2>"$work/err" || status=$?
    [ $status -eq "$expected" ] || {
        fail "$*: exit status $status instead of $expected"
        cat "$work/out" "$work/err"
    }
}

# has STREAM TEXT: what the last run wrote.
has() {
    grep -qF -e "$2" "$work/$1" || {
        fail "no \"$2\" in std$1:"
        cat "$work/$1"
    }
}

configure() {
    mkdir -p "$root${sysconfdir:=/etc}/kdumpd"
    printf '[Capture]\n%s\n' "$1" >"$root$sysconfdir/kdumpd/kdumpd.conf"
}

# module PATH [ALIAS [DEPENDENCY-SYMBOL [SOFT DEPENDENCY...]]]: depmod reads it, nobody loads it.
# Words with a "=" are other lines about it ("firmware=x").
module() {
    file=$root/lib/modules/$release/kernel/$1.ko name=$(basename "$1" | tr - _)
    info='__attribute__((section(".modinfo"), used)) static const char' line=0
    mkdir -p "${file%/*}"
    {
        printf '%s a[] = "alias=%s";\n%s l[] = "license=x";\n' "$info" "${2-none}" "$info"
        printf 'void %s_here(void);\nvoid %s_here(void) {}\n' "$name" "$name"
        printf 'asm(".section \\"__ksymtab_strings\\",\\"a\\"\\n.asciz \\"%s_here\\"\\n' "$name"
        printf '.section \\"___ksymtab+%s_here\\",\\"a\\"\\n__ksymtab_%s_here: .quad 0\\n' \
            "$name" "$name"
        printf '.globl __ksymtab_%s_here\\n.previous");\n' "$name"
        [ -z "${3-}" ] || printf 'extern void %s(void);\nvoid *%s_uses = (void *)%s;\n' "$3" \
            "$name" "$3"
        shift $(($# < 3 ? $# : 3))
        for word; do
            case $word in *=*) ;; *) word="softdep=pre: $word" ;; esac
            line=$((line + 1))
            printf '%s i%s[] = "%s";\n' "$info" $line "$word"
        done
    } >"$work/module.c"
    # CC may be several words.
    # shellcheck disable=SC2086
    $CC -c -fno-pic -o "$file" "$work/module.c"
}

# device DIRECTORY NUMBERS: a block device of sysfs, with its links and its node.
device() {
    mkdir -p "$root/$1" "$root/sys/class/block" "$root/sys/dev/block" "$root/dev"
    echo "$2" >"$root/$1/dev"
    ln -sfn "../../../$1" "$root/sys/class/block/${1##*/}"
    ln -sfn "../../../$1" "$root/sys/dev/block/$2"
    : >"$root/dev/${1##*/}"
}

# driver DEVICE BUS NAME: what drives a device, from a module of that name.
driver() {
    up=$(echo "$1" | sed 's,[^/]*,..,g')
    mkdir -p "$root/sys/bus/$2/drivers/$3" "$root/sys/module/$3" "$root/$1"
    ln -sfn "$up/sys/bus/$2/drivers/$3" "$root/$1/driver"
    ln -sfn "../../../../module/$3" "$root/sys/bus/$2/drivers/$3/module"
}

# link KIND NAME DEVICE: as udev makes it in /dev/disk.
link() {
    mkdir -p "$root/dev/disk/$1"
    ln -sfn "../../$3" "$root/dev/disk/$1/$2"
}

# mounted NUMBERS ROOT POINT TYPE SOURCE: what is mounted, and nothing else.
mounted() {
    mkdir -p "$root/proc/self"
    echo "21 1 $1 $2 $3 rw - $4 $5 rw" >"$root/proc/self/mountinfo"
}

index_modules() {
    : >"$root/lib/modules/$release/modules.order"
    : >"$root/lib/modules/$release/modules.builtin"
    : >"$root/lib/modules/$release/modules.builtin.modinfo"
    depmod -b "$root" "$release"
}

# program: what is packed, without libraries.
program() {
    echo 'int main(void) { return 0; }' >"$work/main.c"
    # shellcheck disable=SC2086
    $CC -static -nostdlib -Wl,-e,main -o "$root/opt/capture" "$work/main.c"
    cp "$root/opt/capture" "$root/usr/bin/makedumpfile"
}

# plan: makes the image, and shows the plan in it.
plan() {
    run 0 --output=/image
    gzip -dc "$root/image" | (cd "$work" && cpio -i --quiet --to-stdout etc/kdumpd/capture.json) \
        >"$work/plan" 2>/dev/null
}

# planned TEXT...
planned() {
    plan
    for text; do
        grep -qF -e "$text" "$work/plan" || fail "the plan lacks $text: $(cat "$work/plan")"
    done
}

# packed MODULE..., lacks MODULE...
packed() {
    for name; do
        grep -q "/$name\.ko" "$work/plan" || fail "$name is not packed: $(cat "$work/plan")"
    done
}
lacks() {
    for name; do
        ! grep -q "/$name\.ko" "$work/plan" || fail "$name is packed: $(cat "$work/plan")"
    done
}
refused() {
    run 1 --output=/image
    has err "$1"
}

# One disk with one partition, and what every machine has.
pci=sys/devices/pci0000:00/0000:00:04.0
block=$pci/thing0/block/vda
device $block 254:0
device $block/vda1 254:1
echo 1 >"$root/$block/vda1/partition"
driver $pci pci bus
driver $pci/thing0 fake disk
link by-uuid 1111-2222 vda1
mkdir -p "$root/etc" "$root/var/crash" "$root/opt" "$root/usr/bin" "$root/boot"
mounted 254:1 / / ext4 /dev/vda1
echo fake >"$root/etc/hostname"
