#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What kdump-mkinitramfs finds that a target needs besides its driver: what the file system asks the
# kernel for, its parts on other devices, what the drivers want.
set -eu

: "${srcdir:=.}" "${builddir:=.}" "${CC:=cc}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root release=1.2.3-fake
# shellcheck source=tests/fakes/fake-machine.sh
. "$srcdir/tests/fakes/fake-machine.sh"

module drivers/bus 'pci:v*'
module drivers/disk 'fake:disk'
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
module drivers/sd
module drivers/regulator
module drivers/clock
module drivers/hba 'pci:hba' '' 'softdep=pre: phy' 'softdep=pre: crypto-xxhash64 post: cable' \
    firmware=vendor/hba.bin firmware=vendor/old.bin firmware=vendor/many-*.bin \
    firmware=../../etc/hostname firmware=/etc/hostname
module drivers/phy
module drivers/cable none '' firmware=cable.fw
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
# One of the files behind it is missing.
mv "$root/lib/modules/$release/kernel/fs/quota_tree.ko" "$work"
refused 'a file of the kernel module "quota_v2", for the quota of the target'
mv "$work/quota_tree.ko" "$root/lib/modules/$release/kernel/fs"
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
for option in journal_dev=0x801 journal_path=/dev/sda; do
    mounted 254:1 / / ext4 "/dev/vda1 rw,$option"
    refused "the journal of the file system is on a device of its own"
done

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

# --- where the way ends

# ends_at TEXT DIRECTORY: the target is on a disk sdx there.
ends_at() {
    rm -f "$root/sys/class/block/sdx" "$root/sys/dev/block/8:240"
    device "$2/block/sdx" 8:240
    link by-uuid 8888 sdx
    mounted 8:240 / / ext4 /dev/sdx
    if [ -n "$1" ]; then refused "$1"; else plan; fi
}
network="sdx is a disk on a network"
programs="sdx is a disk that programs of the running system bring up"
nowhere="no hardware of this machine leads to it"
class() {
    mkdir -p "$root/sys/class/$1/$2"
    [ $# -lt 4 ] || echo "$4" >"$root/sys/class/$1/$2/$3"
}

# As an adapter of this machine, of which the driver may be built in; sd binds to anything.
driver $other/host1/target1:0:0/1:0:0:0 scsi sd
ends_at '' $other/host1/target1:0:0/1:0:0:0
packed other
rm "$root/sys/bus/pci/drivers/other/module"
ends_at '' $other/host1/target1:0:0/1:0:0:0
lacks other
rm "$root/$other/driver"
ends_at "$nowhere" $other/host1/target1:0:0/1:0:0:0
driver $other pci other
class scsi_host host1 proc_name ahci
ends_at '' $other/host1/target1:0:0/1:0:0:0
# What its kind of host says.
for name in iscsi_tcp iscsi_iser ib_srp fcoe bnx2fc; do
    class scsi_host host1 proc_name $name
    ends_at "$network" $other/host1/target1:0:0/1:0:0:0
done
class scsi_host host1 proc_name tcm_loopback
ends_at "$programs" $other/host1/target1:0:0/1:0:0:0
class scsi_host host1 proc_name lpfc
class fc_host host1 symbolic_name 'Emulex LPe32000 FV1.2 DV3.4'
ends_at '' $other/host1/target1:0:0/1:0:0:0
class fc_host host1 symbolic_name 'fcoe v0.1 over eth0.100-fcoe'
ends_at "$network" $other/host1/target1:0:0/1:0:0:0
rm -r "$root/sys/class/fc_host"
# An adapter that talks iSCSI itself.
class iscsi_host host1
ends_at "$network" $other/host1/target1:0:0/1:0:0:0
rm -r "$root/sys/class/iscsi_host"
ends_at "$network" $other/host1/session7/target1:0:0/1:0:0:0
# What classes have of an adapter is below it, too.
mkdir -p "$root/$other/host1/scsi_host/host1"
echo ib_srp >"$root/$other/host1/scsi_host/host1/proc_name"
mv "$root/sys/class/scsi_host/host1" "$work"
ends_at "$network" $other/host1/target1:0:0/1:0:0:0
rm -r "$root/$other/host1/scsi_host"
mv "$work/host1" "$root/sys/class/scsi_host"
# SRP, of which only this is to be seen.
class scsi_host host1 local_ib_device mlx5_0
rm "$root/sys/class/scsi_host/host1/proc_name"
ends_at "$network" $other/host1/target1:0:0/1:0:0:0
rm -r "$root/sys/class/scsi_host"
class srp_host host1
ends_at "$network" $other/host1/target1:0:0/1:0:0:0
class scsi_host host1 proc_name ibmvscsi
ends_at '' $other/host1/target1:0:0/1:0:0:0
rm -r "$root/sys/class/scsi_host" "$root/sys/class/srp_host"
# Below a network interface; a bus may have such a name, too.
ends_at "$network" $other/net/eth0/ctlr_0/host9/rport/target
ends_at '' $other/usb1/1-1/host9
driver sys/devices/platform/vhci_hcd.0 platform vhci_hcd
ends_at "$network" sys/devices/platform/vhci_hcd.0/usb3/3-1/host9
driver sys/devices/pseudo_0/adapter0 pseudo scsi_debug
ends_at "$programs" sys/devices/pseudo_0/adapter0/host9
# Channels: one has to be set online, and one does so itself.
driver sys/devices/css0/0.0.0001/0.0.1234 ccw dasd
ends_at "$programs" sys/devices/css0/0.0.0001/0.0.1234
driver sys/devices/css0/0.0.0002/0.0.5678 ccw virtio_ccw
echo 1 >"$root/sys/devices/css0/0.0.0002/0.0.5678/online"
module drivers/virtio_ccw
index_modules
ends_at '' sys/devices/css0/0.0.0002/0.0.5678/virtio0
packed virtio_ccw
echo 1 >"$root/$other/online"
ends_at "$programs" $other/host1
rm "$root/$other/online"
# No bus at all.
for disk in loop7:'but a file' zram0:'but memory' nbd3:'on a network' drbd0:'on a network' \
    ublkb1:'programs of the running system' nullb0:"$nowhere"; do
    device sys/devices/virtual/block/"${disk%%:*}" 43:1
    mounted 43:1 / / ext4 "/dev/${disk%%:*}"
    refused "${disk#*:}"
done
device sys/devices/rbd/0/block/rbd0 252:1
mounted 252:1 / / ext4 /dev/rbd0
refused "rbd0 is a disk on a network"

# NVMe: by the controllers that a namespace is reached by.
subsystem=sys/devices/virtual/nvme-subsystem/nvme-subsys0
fabric=sys/devices/virtual/nvme-fabrics/ctl
device $subsystem/nvme0n1 259:1
link by-uuid 9999 nvme0n1
mounted 259:1 / / ext4 /dev/nvme0n1
refused "which controller nvme0n1 is on"
# controller NUMBER TRANSPORT
controller() {
    mkdir -p "$root/$fabric/nvme$1"
    echo "$2" >"$root/$fabric/nvme$1/transport"
    ln -sfn "../../nvme-fabrics/ctl/nvme$1" "$root/$subsystem/nvme$1"
}
for transport in tcp rdma fc; do
    controller 0 $transport
    refused "nvme0n1 is a disk on a network"
done
controller 0 loop
refused "nvme0n1 is a disk that programs"
controller 0 tcp
mkdir -p "$root/$other/nvme/nvme1"
echo pcie >"$root/$other/nvme/nvme1/transport"
ln -s "../../../../../$other/nvme/nvme1" "$root/$subsystem/nvme1"
planned '"Value":"9999"'
packed other
device $fabric/nvme0/nvme0n1 259:1
refused "nvme0n1 is a disk on a network"
mounted 254:1 / / ext4 /dev/vda1

# --- what drivers need

# supplies SUPPLIER CONSUMER: as the kernel shows it.
supplies() {
    link=sys/devices/virtual/devlink/platform:${1##*/}--pci:${2##*/}
    mkdir -p "$root/$link" "$root/$1" "$root/$2"
    ln -sfn "$(echo "$link" | sed 's,[^/]*,..,g')/$1" "$root/$link/supplier"
    ln -sfn "$(echo "$2" | sed 's,[^/]*,..,g')/$link" "$root/$2/supplier:platform:${1##*/}"
}
vcc=sys/devices/platform/vcc osc=sys/devices/platform/osc
driver $vcc platform regulator
driver $osc platform clock
supplies $vcc $pci
plan
packed regulator disk bus
lacks clock
# One behind the other, and in a circle.
supplies $osc $vcc
supplies $vcc $osc
plan
packed regulator clock
echo 1 >"$root/sys/devices/virtual/devlink/platform:osc--pci:vcc/sync_state_only"
plan
packed regulator
lacks clock
rm "$root/$pci"/supplier:*
plan
lacks regulator

driver $pci pci hba
firmware=$root/lib/firmware
mkdir -p "$firmware/vendor" "$firmware/updates/$release/vendor"
echo 'the firmware' >"$work/fw"
plan
packed hba phy xxhash cable
# listed PATH...: what the image has below usr/lib/firmware, and nothing else.
listed() {
    gzip -dc "$root/image" | cpio -t --quiet 2>/dev/null | grep 'firmware/.*[.]' | sort |
        tr '\n' ' ' >"$work/listed"
    expected=
    for path; do
        expected="${expected}usr/lib/firmware/$path "
    done
    [ "$(cat "$work/listed")" = "$expected" ] || fail "there is $(cat "$work/listed")"
}
listed
# In any of the forms, which are unpacked for a kernel that cannot.
xz <"$work/fw" >"$firmware/vendor/hba.bin.xz"
cp "$work/fw" "$firmware/cable.fw"
plan
listed cable.fw vendor/hba.bin
gzip -dc "$root/image" | cpio -i --quiet --to-stdout usr/lib/firmware/vendor/hba.bin 2>/dev/null |
    cmp -s - "$work/fw" || fail "the firmware is not what was installed"
echo CONFIG_FW_LOADER_COMPRESS_XZ=y >"$root/boot/config-$release"
echo CONFIG_RD_GZIP=y >>"$root/boot/config-$release"
echo CONFIG_MODULES=y >>"$root/boot/config-$release"
plan
listed cable.fw vendor/hba.bin.xz
# The kernel takes the plain one, wherever it is.
cp "$work/fw" "$firmware/updates/$release/vendor/hba.bin"
cp "$work/fw" "$firmware/vendor/many-a.bin"
xz <"$work/fw" >"$firmware/vendor/many-b.bin.xz"
cp "$work/fw" "$firmware/vendor/many-c.txt"
plan
listed cable.fw vendor/hba.bin vendor/many-a.bin vendor/many-b.bin.xz
rm -r "$firmware"
rm "$root/boot/config-$release"

# What is optional, and what another kernel calls otherwise.
rm "$root/lib/modules/$release/kernel/drivers/cable.ko"
plan
packed hba phy
has err 'has no module "cable", which the module "hba" wants, but does not insist on'
depmod -b "$root" $release
plan
has err 'has no module "cable", which the module "hba" wants, but does not insist on'
mkdir -p "$root/sys/module/hba_old"
ln -sfn ../../../../module/hba_old "$root/sys/bus/pci/drivers/hba/module"
refused '"hba_old"'
echo pci:hba >"$root/$pci/modalias"
plan
packed hba
rm "$root/$pci/modalias"
printf 'DRIVER=hba_old\nMODALIAS=pci:hba\nPCI_ID=1\n' >"$root/$pci/uevent"
plan
packed hba

# --- names

# After another boot the disks have swapped theirs: nothing that the capture does is another thing.
state() {
    "$builddir/kdump-mkinitramfs" --root="$root" --kernel-release=$release --json --if-needed \
        --capture-program=/opt/capture >"$work/out" 2>"$work/err" || fail "$(cat "$work/err")"
    sed 's/.*"State":"\([a-z]*\)".*/\1/' "$work/out"
}
# two A B: an array of the disk behind "hba", called A, and the one behind "other", called B.
array=sys/devices/virtual/block
module md/md-mod md
module md/raid1 md-raid1
index_modules
two() {
    rm -rf "$root/$pci/thing0/block" "$root/$other/block" "$root/$array"/md* "$root/sys/dev/block" \
        "$root/sys/class/block" "$root/dev/disk/by-id"
    device "$pci/thing0/block/$1" "$3"
    device "$other/block/$2" "$4"
    device "$array/$5" 9:0
    mkdir -p "$root/$array/$5/md" "$root/$array/$5/slaves"
    echo 1.2 >"$root/$array/$5/md/metadata_version"
    echo raid1 >"$root/$array/$5/md/level"
    ln -s "$1" "$root/$array/$5/slaves/$1"
    ln -s "$2" "$root/$array/$5/slaves/$2"
    link by-id md-uuid-aaaaaaaa:bbbbbbbb:cccccccc:dddddddd "$5"
    mounted 9:0 / / ext4 "/dev/$5"
}
two sda sdb 8:0 8:16 md0
[ "$(state)" = built ] || fail "not built: $(cat "$work/err")"
[ "$(state)" = fresh ] || fail "not fresh without a change"
two sdb sda 8:16 8:0 md127
[ "$(state)" = fresh ] || fail "built again, though only names have changed"
echo raid0 >"$root/$array/md127/md/level"
module md/raid0 md-raid0
index_modules
[ "$(state)" = built ] || fail "not built again with another module"

# What the kernel mounted itself, and called so.
device $pci/thing0/block/vda 254:0
device $pci/thing0/block/vda/vda1 254:1
echo 1 >"$root/$pci/thing0/block/vda/vda1/partition"
link by-uuid 1111-2222 vda1
link by-partuuid 11-01 vda1
mounted 0:40 /@ / btrfs /dev/root
refused 'the device of /, "/dev/root", is not among those'
for word in /dev/vda1 PARTUUID=11-01 254:1 fe01 '"UUID=1111-2222"'; do
    echo "quiet root=/dev/vdz ro root=$word rw" >"$root/proc/cmdline"
    planned '"Value":"1111-2222"' '"Label":"/var/crash on /dev/vda1"'
done
for word in /dev/root 254:9 99:x /dev/vdz ''; do
    echo "root=$word" >"$root/proc/cmdline"
    refused 'the device of /, "/dev/root", is not among those'
done
echo "root=PARTUUID=11-01" >"$root/proc/cmdline"
mounted 254:1 / / ext4 /dev/root
configure 'Target=/dev/root'
planned '"FileSystem":"ext4"'
configure ''

# An automount that nobody has triggered: what /etc/fstab says will be there.
mkdir -p "$root/var/crash/sub"
mounted 254:1 / / ext4 /dev/vda1
device $other/block/sda/sda1 8:1
echo 1 >"$root/$other/block/sda/sda1/partition"
link by-uuid 4444 sda1
automount() {
    echo "22 21 0:33 / /var/crash rw - autofs systemd-1 rw,fd=3" >>"$root/proc/self/mountinfo"
}
automount
refused "/var/crash is mounted only when somebody looks there"
echo "UUID=4444 /var/crash xfs noauto,x-systemd.automount 0 0" >"$root/etc/fstab"
planned '"Value":"4444"' '"FileSystem":"xfs"' '"Directory":"/"'
configure 'Path=/var/crash/sub'
planned '"Directory":"/sub"'
echo "UUID=4444 /var/crash btrfs x-systemd.automount 0 0" >"$root/etc/fstab"
refused "is mounted only when somebody looks there"
echo "UUID=4444 /var/crash btrfs x-systemd.automount,subvol=@dumps 0 0" >"$root/etc/fstab"
planned '"Directory":"/@dumps/sub"'
echo "server:/x /var/crash nfs4 x-systemd.automount 0 0" >"$root/etc/fstab"
refused "of the type nfs4, which needs a network"
echo "UUID=4444 /var xfs noauto 0 0" >"$root/etc/fstab"
refused "is mounted only when somebody looks there"
# Triggered, it is what is mounted over it.
echo "23 22 8:1 /deep /var/crash rw - xfs /dev/sda1 rw" >>"$root/proc/self/mountinfo"
planned '"Value":"4444"' '"Directory":"/deep/sub"'
configure ''
rm "$root/etc/fstab"
mounted 254:1 / / ext4 /dev/vda1

# Links of the tree that are absolute stay in it.
mkdir -p "$work/etc" "$root$work/etc"
echo "/dev/vdz /var/crash xfs defaults 0 0" >"$work/etc/fstab"
: >"$root$work/etc/fstab"
ln -s "$work/etc/fstab" "$root/etc/fstab"
planned '"FileSystem":"ext4"'
rm "$root/etc/fstab"
mv "$root/lib/modules" "$root/usr/modules"
ln -s /usr/modules "$root/lib/modules"
mkdir -p "$root/usr/settings" "$work/modprobe.d"
ln -s /usr/settings "$root/etc/modprobe.d"
echo "options ext4 inside=1" >"$root/usr/settings/a.conf"
planned '/ext4.ko.gz","Options":"inside=1"'
mkdir -p "$root/usr/state"
rm -rf "$root/var/lib"
ln -s /usr/state "$root/var/lib"
run 0
[ -s "$root/usr/state/kdumpd/$release/initramfs.img" ] || fail "the image went elsewhere"
# So do single files, of which an earlier directory masks those of its names.
echo "options ext4 outside=1" >"$work/b.conf"
mkdir -p "$root$work" "$root/usr/lib/modprobe.d"
ln -s "$work/b.conf" "$root/usr/settings/b.conf"
echo "options ext4 masked=1" >"$root/usr/lib/modprobe.d/a.conf"
echo "options ext4 masked=1" >"$root/usr/lib/modprobe.d/c.conf"
ln -s /dev/null "$root/usr/settings/c.conf"
planned '/ext4.ko.gz","Options":"inside=1"'
echo "options ext4 within=1" >"$root$work/b.conf"
planned '/ext4.ko.gz","Options":"inside=1 within=1"'
rm -r "$root/usr/settings/b.conf" "$root/usr/settings/c.conf" "$root/usr/lib/modprobe.d"
rm "$root/lib/modules" "$root/etc/modprobe.d"
mv "$root/usr/modules" "$root/lib/modules"
driver $pci pci hba
ln -sfn ../../../../module/hba_old "$root/sys/bus/pci/drivers/hba/module"

# --- what is built in, or no module at all

# Kernels before Linux 5.2 tell its files alone.
mv "$root/lib/modules/$release/kernel/fs/ext4.ko" "$work"
refused '"fs-ext4", for the target'
echo kernel/fs/ext4/ext4.ko >"$root/lib/modules/$release/modules.builtin"
depmod -b "$root" $release
plan
lacks ext4
mv "$work/ext4.ko" "$root/lib/modules/$release/kernel/fs"
index_modules

# What the running kernel has been told is not for the one that captures, whatever the root is.
echo 'quiet ext4.running=1 "ext4.quoted=1 2" ext4.last=3' >"$work/cmdline"
echo 'options ext4 own=1' >"$work/own.conf"
mkdir -p "$root/etc/modprobe.d"
cp "$work/own.conf" "$root/etc/modprobe.d"
if unshare -rm mount --bind "$work/cmdline" /proc/cmdline 2>/dev/null; then
    # shellcheck disable=SC2016 # for the shell inside
    unshare -rm sh -c 'mount --bind "$0" /proc/cmdline && exec "$@"' "$work/cmdline" \
        "$builddir/kdump-mkinitramfs" --root="$root" --kernel-release=$release \
        --capture-program=/opt/capture --output=/image >"$work/out" 2>"$work/err" ||
        fail "no image: $(cat "$work/err")"
    gzip -dc "$root/image" | cpio -i --quiet --to-stdout etc/kdumpd/capture.json >"$work/plan"
    grep -qF '/ext4.ko.gz","Options":"own=1"' "$work/plan" || fail "in $(cat "$work/plan")"
fi
rm -r "$root/etc/modprobe.d"

mv "$root/lib/modules" "$work/modules"
plan
has err "there are no modules of kernel $release: all that leads to the target is taken for built"
grep -q '"Modules":\[\]' "$work/plan" || fail "there are modules in $(cat "$work/plan")"
# Its directory is there, with what is built in, or with indexes of nothing.
mkdir -p "$root/lib/modules/$release"
echo kernel/fs/ext4/ext4.ko >"$root/lib/modules/$release/modules.builtin"
plan
has err "there are no modules of kernel $release"
index_modules
plan
has err "there are no modules of kernel $release"
mkdir -p "$root/lib/modules/9.9.9/kernel"
refused "the modules of kernel $release cannot be read"
mkdir -p "$root/proc/sys/kernel"
echo $release >"$root/proc/sys/kernel/osrelease"
plan
! grep -q 'no modules' "$work/err" || fail "it is not sure: $(cat "$work/err")"
echo 'ext4 999 1 - Live 0' >"$root/proc/modules"
refused "the modules of kernel $release cannot be read"
rm "$root/proc/modules"
printf 'CONFIG_RD_GZIP=y\nCONFIG_MODULES=y\n' >"$root/boot/config-$release"
plan
echo live >"$root/sys/module/hba_old/initstate"
refused '"hba_old", for the target'
rm "$root/sys/module/hba_old/initstate"
rm "$root/proc/sys/kernel/osrelease"
refused "the modules of kernel $release cannot be read"
printf 'CONFIG_RD_GZIP=y\n# CONFIG_MODULES is not set\n' >"$root/boot/config-$release"
plan
# Whatever the one that runs has loaded.
echo live >"$root/sys/module/hba_old/initstate"
plan
rm "$root/sys/module/hba_old/initstate"
configure 'ExtraModules=other'
plan
has err 'has no module "other", of ExtraModules='

exit $failed
