#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What kdump-mkinitramfs finds that a target needs besides its driver: what the file system asks the
# kernel for, its parts on other devices, what the drivers want.
set -eu

: "${srcdir:=.}" "${builddir:=.}" "${CC:=cc}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root release=1.2.3-made-up
# shellcheck source=tests/fakes/made-up-machine.sh
. "$srcdir/tests/fakes/made-up-machine.sh"

module drivers/bus 'pci:v*'
module drivers/disk 'made-up:disk'
module drivers/other other
module fs/ext4 fs-ext4
module fs/xfs fs-xfs
module fs/btrfs fs-btrfs
module fs/f2fs fs-f2fs
module fs/quota_tree
module fs/quota_v2 none quota_tree_here
module fs/utf8data
module crypto/xxhash crypto-xxhash64
module crypto/blake2b crypto-blake2b-256
module crypto/crc32c crypto-crc32c
module md/dm-mod dm
index_modules
program

# --- what file systems ask for by name

# put FILE OFFSET BYTES...: writes bytes into a file, each in octal.
put() {
    file=$1 offset=$2
    shift 2
    for byte; do
        # shellcheck disable=SC2059 # the bytes are the format
        printf "\\$byte"
    done | dd of="$file" bs=1 seek="$offset" conv=notrunc status=none
}
# blank FILE: a disk that holds nothing.
blank() {
    rm -f "$1"
    truncate -s 256K "$1"
}
# ext DISK [FEATURE-BYTE...]: an ext4 with its journal inside, and the bytes of s_feature_ro_compat.
ext() {
    blank "$1"
    put "$1" 1080 123 357
    put "$1" 1116 4
    put "$1" 1248 10
    file=$1
    shift
    put "$file" 1124 "$@"
}
disk=$root/dev/vda1

ext "$disk" 0 0
plan
packed ext4
lacks quota_v2 utf8data crc32c
ext "$disk" 0 1
plan
packed ext4 quota_v2 quota_tree
lacks utf8data crc32c
put "$disk" 1122 2
put "$disk" 1125 5
plan
packed quota_v2 utf8data crc32c
# A kernel that has none.
mv "$root/lib/modules/$release/kernel/fs/quota_v2.ko" "$work"
depmod -b "$root" $release
refused '"quota_v2", for the quota of the target'
put "$disk" 1125 4
plan
packed utf8data crc32c
mv "$work/quota_v2.ko" "$root/lib/modules/$release/kernel/fs"
rm "$root/lib/modules/$release/kernel/fs/utf8data.ko"
depmod -b "$root" $release
plan
lacks utf8data
# Nothing can be known: what there is of what may be wanted.
blank "$disk"
plan
packed quota_v2 crc32c
# Nobody writes to it.
ext "$disk" 0 20
refused "has a feature for which it is only read"
ext "$disk" 0 0

mounted 0:40 / / btrfs /dev/vda1
# btrfs DEVICES CHECKSUM
btrfs() {
    blank "$disk"
    put "$disk" 65600 137 102 110 122 146 123 137 115
    put "$disk" 65672 "$1"
    put "$disk" 65732 "$2"
}
btrfs 1 1
plan
packed btrfs xxhash
lacks blake2b crc32c quota_v2
btrfs 1 3
plan
packed blake2b
lacks xxhash
btrfs 1 2
refused '"crypto-sha256", for the checksums of the target'
btrfs 2 0
refused "the file system is on 2 devices, and which these are is known only while it is mounted"
mkdir -p "$root/sys/fs/btrfs/3333-bbbb/devices"
ln -s ../../../../class/block/vda1 "$root/sys/fs/btrfs/3333-bbbb/devices/vda1"
plan
packed btrfs crc32c
rm -r "$root/sys/fs/btrfs"

mounted 254:1 / / f2fs /dev/vda1
blank "$disk"
put "$disk" 1024 20 40 365 362
put "$disk" 3204 200
plan
packed f2fs quota_v2
put "$disk" 3293 57 144
refused "finds the others by their names"

# --- parts of file systems on other devices

other=sys/devices/pci0000:00/0000:00:05.0
device $other/block/sda 8:0
device $other/block/sda/sda1 8:1
echo 1 >"$root/$other/block/sda/sda1/partition"
driver $other pci other
uuid=01020304-0506-0708-090a-0b0c0d0e0f10

mounted 254:1 / / ext4 /dev/vda1
ext "$disk" 0 0
put "$disk" 1248 0
put "$disk" 1232 1 2 3 4 5 6 7 10 11 12 13 14 15 16 17 20
put "$disk" 1252 0 3 1
refused "the journal of the file system is on a device of its own, with the UUID $uuid"
has err "Target="
link by-uuid $uuid sda
planned '"Options":""' \
    "\"Parts\":[{\"Device\":{\"By\":\"uuid\",\"Value\":\"$uuid\"},\"Option\":\"journal_path\"}]"
packed ext4 bus disk other
configure 'Target=/dev/vda1'
planned "\"Value\":\"$uuid\"}"
configure ''
# On a disk that no image reaches.
device sys/devices/virtual/block/loop3 7:3
link by-uuid $uuid loop3
refused "loop3"
link by-uuid $uuid sda
# The superblock cannot be read, but the kernel shows a journal that is somewhere.
blank "$disk"
mkdir -p "$root/proc/fs/jbd2/vda1-8" "$root/proc/fs/jbd2/sda"
planned '"Parts":[]'
rmdir "$root/proc/fs/jbd2/vda1-8"
refused "the journal of the file system on /dev/vda1 may be on another device"
rmdir "$root/proc/fs/jbd2/sda"
planned '"Parts":[]'

# xfs DISK [REALTIME]: its log is elsewhere, and what else.
blank "$disk"
put "$disk" 0 130 106 123 102
mounted 254:1 / / xfs /dev/vda1
refused "on a device of its own that nothing names"
mounted 254:1 / / xfs '/dev/vda1 rw,logdev=/dev/sdz'
refused "a part of the file system is on a device of its own (logdev=/dev/sdz), which is not there"
mounted 254:1 / / xfs '/dev/vda1 rw,logdev=/dev/sda1'
refused "/dev/sda1 has nothing by which it is found again"
link by-partuuid aa-01 sda1
planned '{"Device":{"By":"partuuid","Value":"aa-01"},"Option":"logdev"}'
packed xfs other
# Not mounted: what /etc/fstab says counts.
rm "$root/proc/self/mountinfo"
mounted 254:9 / / ext4 /dev/vdz
configure 'Target=/dev/vda1'
echo "UUID=1111-2222 /srv xfs noauto,logdev=/dev/sda1,rtdev=/dev/sda 0 0" >"$root/etc/fstab"
refused "/dev/sda has nothing by which it is found again"
echo "UUID=1111-2222 /srv xfs noauto,logdev=PARTUUID=aa-01 0 0" >"$root/etc/fstab"
planned '{"Device":{"By":"partuuid","Value":"aa-01"},"Option":"logdev"}'
put "$disk" 22 1
planned '"Option":"logdev"'
put "$disk" 55 4
echo "UUID=1111-2222 /srv xfs noauto 0 0" >"$root/etc/fstab"
planned '"Parts":[]'
rm "$root/etc/fstab"
configure ''
mounted 254:1 / / ext4 /dev/vda1
ext "$disk" 0 0

exit $failed
