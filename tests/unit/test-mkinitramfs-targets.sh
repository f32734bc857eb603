#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What kdump-mkinitramfs makes of targets: file systems, partitions, LVM, MD, and what it refuses.
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
module drivers/watchdog/dog dog
module drivers/watchdog/softdog softdog
module drivers/watchdog/hound hound
module drivers/virtio_mem virtio-mem
module fs/ext4 fs-ext4
module fs/xfs fs-xfs
module fs/btrfs fs-btrfs
module md/dm-mod dm
module md/md-mod md
module md/raid1 md-raid1
module md/raid456 md-raid5
module md/dm-raid dm-raid1 raid456_here
module md/dm-mirror
module md/dm-thin-pool
module md/dm-cache
module md/dm-cache-smq dm-cache-default
module md/dm-writecache
module md/dm-snapshot
index_modules

program

# --- file systems, and where in them the directory is

planned '"By":"uuid","Value":"1111-2222"' '"FileSystem":"ext4","Options":""' \
    '"Directory":"/var/crash"' '"Devices":[]'
packed ext4 bus disk
lacks xfs btrfs dm-mod md-mod other dog virtio_mem

rm "$root/proc/self/mountinfo"
refused "mountinfo cannot be read"
mounted 254:1 / / xfs '/dev/vda1 rw,logdev=/dev/sdb1'
refused "is on a device of its own (logdev=/dev/sdb1), which is not there"
mounted 254:1 / / ext4 /dev/vda1
configure "CoreCollector='makedumpfile"
refused "a quote does not end"
configure "CoreCollector=\"/usr/bin/makedumpfile\" -l"
plan
(cd "$work" && gzip -dc "$root/image" | cpio -t --quiet) | grep -q '^usr/bin/makedumpfile$' ||
    fail "a collector in quotes is not packed"
configure ''
mounted 254:1 / / xfs /dev/vda1
planned '"FileSystem":"xfs","Options":""'
packed xfs
lacks ext4

# A file system of its own, below which the directory need not be there yet.
rm -r "$root/var/crash"
{
    echo "21 1 254:9 / / rw - ext4 /dev/sda1 rw"
    echo "22 21 254:1 / /var rw shared:7 master:1 - ext4 /dev/vda1 rw"
    echo "23 21 254:9 / /var/cra rw - ext4 /dev/sda1 rw"
} >"$root/proc/self/mountinfo"
planned '"Directory":"/crash"' '"Label":"/var/crash on /dev/vda1"'
# Mounted over it: the last one counts.
echo "24 22 254:1 /sub/dir /var rw - ext4 /dev/vda1 rw" >>"$root/proc/self/mountinfo"
planned '"Directory":"/sub/dir/crash"'
# A bind mount of a directory, and a link on the way.
mkdir -p "$root/srv/dumps"
ln -s /srv/dumps "$root/var/crash"
mounted 254:1 /data /srv ext4 /dev/vda1
planned '"Directory":"/data/dumps"'
rm "$root/var/crash"

# btrfs has no device numbers of its own, and paths from the top.
mounted 0:40 /@ / btrfs /dev/vda1
btrfs='"FileSystem":"btrfs","Options":"subvolid=5,skip_balance"'
planned "$btrfs" '"Directory":"/@/var/crash"'
packed btrfs
# On several devices, of which another one has the link: all of them are needed.
device sys/devices/pci0000:00/0000:00:06.0/block/sdc 8:32
driver sys/devices/pci0000:00/0000:00:06.0 pci other
mkdir -p "$root/sys/fs/btrfs/2222-aaaa/devices/sdx" "$root/sys/fs/btrfs/3333-bbbb/devices" \
    "$root/sys/fs/btrfs/features"
ln -s ../../../../class/block/vda1 "$root/sys/fs/btrfs/3333-bbbb/devices/vda1"
ln -s ../../../../class/block/sdc "$root/sys/fs/btrfs/3333-bbbb/devices/sdc"
planned '"Device":{"By":"uuid","Value":"3333-bbbb"}' '"Label":"/var/crash on /dev/vda1"'
packed btrfs bus disk other
rm -r "$root/sys/fs/btrfs"

# Not mounted yet: the wrong place for dumps. Mounted, or not to be mounted: as it is.
mounted 254:1 / / ext4 /dev/vda1
mkdir -p "$root/var/crash"
echo "/dev/vdb1 /var/crash ext4 defaults,nofail 0 2" >"$root/etc/fstab"
refused "Path=/var/crash is on what /etc/fstab mounts at /var/crash, and that is not mounted"
rmdir "$root/var/crash"
refused "Path=/var/crash is on what /etc/fstab mounts at /var/crash, and that is not mounted"
mkdir "$root/var/crash"
echo "/dev/vdb1 /var/crash ext4 noauto,nofail 0 2" >"$root/etc/fstab"
planned '"Directory":"/var/crash"'
echo "/dev/vdb1 /var/crash2 ext4 defaults 0 2" >"$root/etc/fstab"
planned '"Directory":"/var/crash"'
echo "/dev/vda1 /var/crash ext4 defaults 0 2" >"$root/etc/fstab"
mounted 254:1 / /var/crash ext4 /dev/vda1
planned '"Directory":"/"'
rm "$root/etc/fstab"

# --- devices that are named

mounted 254:1 / / ext4 /dev/vda1
device $pci/thing0/block/vda/vda2 254:2
echo 2 >"$root/$block/vda2/partition"
configure 'Target=/dev/vda2'
refused "the type of the file system on /dev/vda2 is not known"
link by-uuid 3333 vda2
link by-partuuid 3333-02 vda2
link by-label dumps vda2
echo "UUID=3333 /dumps xfs defaults 0 0" >"$root/etc/fstab"
for name in /dev/vda2 UUID=3333 PARTUUID=3333-02 LABEL=dumps; do
    configure "Target=$name"
    planned '"Value":"3333"' '"FileSystem":"xfs"' '"Directory":"/var/crash"'
done
# What a user mounts by FUSE is no device, whatever it calls itself.
echo "22 21 0:50 / /home/u rw - fuse /dev/vda2 rw,user_id=1000" >>"$root/proc/self/mountinfo"
configure 'Target=/dev/vda2'
planned '"FileSystem":"xfs"'
mounted 254:1 / / ext4 /dev/vda1
# The options of fstab are not the capture's.
echo "UUID=3333 /dumps btrfs compress=zstd,subvol=/@home 0 0" >"$root/etc/fstab"
configure 'Target=/dev/vda2'
planned "$btrfs"
echo "UUID=3333 /dumps xfs defaults 0 0" >"$root/etc/fstab"
configure 'Target=/dev/vda2
Path=/x//y/
FallbackTarget=/dev/vda1'
planned '"Directory":"/x/y"' '"Fallback":{"Type":"file-system","Device":{"By":"uuid","Value":"1111'
configure 'Target=raw:/dev/vda2'
refused "/etc/fstab has another use for /dev/vda2 (xfs)"
# By whatever name, and whatever for.
link by-path pci-0000:00:04.0-part2 vda2
link by-partlabel 'the\x20dumps' vda2
ln -sfn disk/by-uuid/3333 "$root/dev/chosen"
for name in UUID=3333 PARTUUID=3333-02 LABEL=dumps 'PARTLABEL="the\040dumps"' 'UUID="3333"' \
    /dev/disk/by-uuid/3333 /dev/disk/by-path/pci-0000:00:04.0-part2 /dev/disk/by-label/dumps \
    /dev/chosen /dev/../dev/vda2; do
    printf '/dev/nothing / ext4\n%s /dumps xfs defaults 0 0\n' "$name" >"$root/etc/fstab"
    refused "/etc/fstab has another use for /dev/vda2 (xfs)"
done
for option in logdev=/dev/vda2 rtdev=UUID=3333 journal_path=/dev/disk/by-uuid/3333 \
    noatime,device=/dev/vda9,device=/dev/chosen; do
    echo "UUID=1111-2222 /srv xfs $option 0 0" >"$root/etc/fstab"
    refused "/etc/fstab has another use for /dev/vda2 (xfs)"
done
printf '%s / ext4\n' UUID=1111-2222 UUID=4444 LABEL= 3333 vda2 server:/dev/vda2 >"$root/etc/fstab"
planned '"Type":"raw"'
rm "$root/etc/fstab"
mkdir -p "$root/$block/vda2/holders"
planned '"Type":"raw","Device":{"By":"partuuid","Value":"3333-02"}'
mkdir "$root/$block/vda2/holders/dm-7"
refused "a volume, an array or partitions are made of /dev/vda2"
rmdir "$root/$block/vda2/holders/dm-7"
printf 'Filename Type Size Used Priority\n/dev/disk/by-label/dumps partition 9 0 -2\n' \
    >"$root/proc/swaps"
refused "/dev/vda2 is used as swap"
rm "$root/proc/swaps"
mkdir -p "$root/sys/fs/btrfs/5555/devices/vda2"
refused "/dev/vda2 belongs to a btrfs that is mounted"
rm -r "$root/sys/fs/btrfs"
mounted 0:40 / /other btrfs /dev/vda2
refused "/dev/vda2 is mounted at /other"
mounted 254:1 / / ext4 /dev/vda1
echo "22 21 0:50 / /home/u rw - fuse /dev/vda2 rw,user_id=1000" >>"$root/proc/self/mountinfo"
planned '"Type":"raw"'
mounted 254:1 / / ext4 /dev/vda1
# No source, but the number.
mounted 0:50 / / ext4 /dev/vda1
configure ''
refused "is not among those of /sys/class/block"
mounted 254:1 / / ext4 /dev/vda1
configure 'Target=raw:/dev/vda'
refused "a volume, an array or partitions are made of /dev/vda"
configure 'Target=raw:/dev/vda2'
planned '"Type":"raw"'
rm "$root/dev/disk/by-partuuid/3333-02"
refused "/dev/vda2 has nothing by which it is found again"
echo "UUID=3333 /dumps xfs defaults 0 0" >"$root/etc/fstab"
configure 'Target=UUID=4444'
refused 'there is no device "UUID=4444"'
configure 'Target=/dev/disk/../../etc/fstab'
refused '"/dev/disk/../../etc/fstab" is no block device'
configure 'Target=/dev/console'
: >"$root/dev/console"
refused '"/dev/console" is no block device'
configure ''
rm "$root/dev/disk/by-uuid/1111-2222"
refused "/dev/vda1 has nothing by which it is found again"
link by-uuid 1111-2222 vda1

# --- logical volumes: on two disks, one partition and one whole

other=sys/devices/pci0000:00/0000:00:05.0
device $other/block/sda 8:0
driver $other pci other
link by-id lvm-pv-uuid-AAAA-aa sda
link by-id lvm-pv-uuid-BBBB-bb vda2
virtual=sys/devices/virtual/block

# mapper N NAME UUID SLAVE...
mapper() {
    device $virtual/dm-"$1" 253:"$1"
    mkdir -p "$root/$virtual/dm-$1/dm" "$root/$virtual/dm-$1/slaves"
    echo "$2" >"$root/$virtual/dm-$1/dm/name"
    echo "$3" >"$root/$virtual/dm-$1/dm/uuid"
    node=$virtual/dm-$1
    shift 3
    for slave; do
        ln -sfn "$slave" "$root/$node/slaves/$slave"
    done
}
tables() {
    mkdir -p "$root/run/kdumpd"
    echo "{\"Tables\":[$*]}" >"$root/run/kdumpd/tables.json"
}
table() {
    echo "{\"Name\":\"$1\",\"UUID\":\"$2\",\"Major\":253,\"Minor\":$3,\"Targets\":[$4]}"
}
target() {
    echo "{\"StartSectors\":$1,\"LengthSectors\":$2,\"Type\":\"$3\",\"Parameters\":\"$4\"}"
}

mapper 0 vg-dumps LVM-abc sda vda2
mounted 253:0 / / ext4 /dev/mapper/vg-dumps
refused 'run "kdump-mkinitramfs --note-tables"'
tables "$(table vg-dumps LVM-abc 0 "$(target 0 100 linear '8:0 2048'),$(target 100 200 striped \
    '2 128 8:0 99 254:2 100%')")"
planned '"By":"mapper","Value":"vg-dumps"' '"Label":"/var/crash on /dev/mapper/vg-dumps"' \
    '"Type":"mapper","Name":"vg-dumps","UUID":"LVM-abc"' \
    '"StartSectors":0,"LengthSectors":100,"Type":"linear","Parameters":"%0 2048"' \
    '"Devices":[{"By":"uuid","Value":"AAAA-aa"}]' \
    '"Type":"striped","Parameters":"2 128 %0 99 %1 100%%"' \
    '"Devices":[{"By":"uuid","Value":"AAAA-aa"},{"By":"uuid","Value":"BBBB-bb"}]'
packed dm-mod bus disk other ext4
# A note that is not true any more.
echo 300 >"$root/$virtual/dm-0/size"
planned '"Value":"vg-dumps"'
echo 308 >"$root/$virtual/dm-0/size"
refused "have changed since they were noted"
echo 300 >"$root/$virtual/dm-0/size"
mkdir -p "$root/etc/lvm/backup"
touch -d '2001-01-01' "$root/etc/lvm/backup/vg"
planned '"Value":"vg-dumps"'
touch -d '2101-01-01' "$root/etc/lvm/backup/vg"
refused "have changed since they were noted"
rm -r "$root/etc/lvm" "$root/$virtual/dm-0/size"
ln -sfn ../vda "$root/$virtual/dm-0/slaves/vda"
rm "$root/$virtual/dm-0/slaves/sda"
refused "have changed since they were noted"
rm "$root/$virtual/dm-0/slaves/vda"
ln -s sda "$root/$virtual/dm-0/slaves/sda"
# By any of its names, and where /dev/mapper has nodes instead of links.
mkdir -p "$root/dev/mapper" "$root/dev/vg"
: >"$root/dev/mapper/vg-dumps"
ln -s ../dm-0 "$root/dev/vg/dumps"
for name in /dev/mapper/vg-dumps /dev/vg/dumps /dev/dm-0; do
    configure "Target=$name"
    planned '"By":"mapper","Value":"vg-dumps"'
done
configure ''

# One on top of the other; both are in the plan, the lower one first, and each once.
mapper 1 vg-top LVM-top dm-0
tables "$(table vg-top LVM-top 1 "$(target 0 9 linear '253:0 0')"),$(table vg-dumps LVM-abc 0 \
    "$(target 0 100 linear '8:0 2048')")"
mounted 253:1 / / ext4 /dev/mapper/vg-top
: >"$root/dev/mapper/vg-top"
configure 'FallbackTarget=/dev/mapper/vg-top'
planned '"Devices":[{"By":"mapper","Value":"vg-dumps"}]'
order=$(grep -o '"Type":"mapper","Name":"[^"]*"' "$work/plan" | tr '\n' ' ')
[ "$order" = '"Type":"mapper","Name":"vg-dumps" "Type":"mapper","Name":"vg-top" ' ] ||
    fail "the devices are $order"
configure ''

# In a circle, which no kernel shows.
ln -s dm-1 "$root/$virtual/dm-0/slaves/dm-1"
refused "nested deeply"
rm "$root/$virtual/dm-0/slaves/dm-1"

mounted 253:0 / / ext4 /dev/mapper/vg-dumps
tables "$(table vg-dumps LVM-abc 0 "$(target 0 100 vdo 'V4 8:0')")"
refused '/dev/mapper/vg-dumps is a device-mapper device of the type "vdo", which is not carried'
has err "Target="
has err "Initrd="
tables "$(table vg-dumps LVM-abc 0 '')"
refused "the table of the device-mapper device dm-0 is not known"
echo '{"Tables":[{"Name":1}]}' >"$root/run/kdumpd/tables.json"
refused "the tables of those cannot be had"
rm "$root/dev/disk/by-id/lvm-pv-uuid-AAAA-aa"
tables "$(table vg-dumps LVM-abc 0 "$(target 0 100 linear '8:0 2048')")"
refused "sda has nothing by which it is found again"
link by-id lvm-pv-uuid-AAAA-aa sda

# Encrypted: said even where there are no tables. And a volume on top of such a device.
mapper 2 secret CRYPT-LUKS2-x sda
mounted 253:2 / / ext4 /dev/mapper/secret
refused "/dev/mapper/secret is encrypted"
mapper 0 vg-dumps LVM-abc dm-2
rm "$root/$virtual/dm-0/slaves/sda" "$root/$virtual/dm-0/slaves/vda2"
mounted 253:0 / / ext4 /dev/mapper/vg-dumps
tables "$(table vg-dumps LVM-abc 0 "$(target 0 100 linear '253:2 2048')")"
refused "is encrypted"
has err "Target="
has err "Initrd="

# --- volumes of other kinds, with their devices in the order in which they are to be made

# ordered NAME...: what the plan makes.
ordered() {
    order=$(grep -o '"Type":"mapper","Name":"[^"]*"' "$work/plan" | cut -d '"' -f 8 | tr '\n' ' ')
    [ "$order" = "$* " ] || fail "the devices are $order instead of $*"
}
# part N NAME: a linear volume on a disk, in $parts.
parts=
part() {
    mapper "$1" "$2" "LVM-$2" sda
    parts="$parts,$(table "$2" "LVM-$2" "$1" "$(target 0 9 linear '8:0 2048')")"
}
for number in 10 11 12 13; do
    part $number "vg-part$number"
done
mounted 253:5 / / ext4 /dev/mapper/vg-dumps
mapper 5 vg-dumps LVM-dumps dm-10 dm-11 dm-12 dm-13
# dumps TYPE PARAMETERS
dumps() {
    tables "$(table vg-dumps LVM-dumps 5 "$(target 0 9 "$1" "$2")")$parts$more"
}
more=

dumps raid 'raid1 5 0 rebuild 1 region_size 4096 2 253:10 253:11 253:12 253:13'
planned '"Type":"raid","Parameters":"raid1 3 0 region_size 4096 2 %0 %1 %2 %3"' \
    '"Devices":[{"By":"mapper","Value":"vg-part10"},{"By":"mapper","Value":"vg-part11"},'
packed dm-mod dm-raid raid1 raid456 other
ordered vg-part10 vg-part11 vg-part12 vg-part13 vg-dumps
dumps raid 'raid5_ls 3 128 region_size 4096 2 253:10 253:11 - -'
planned '"Parameters":"raid5_ls 3 128 region_size 4096 2 %0 %1 - -"'
dumps raid 'raid5_ls 5 128 delta_disks 1 region_size 4096 2 253:10 253:11 253:12 253:13'
refused 'the type "raid", which is being reshaped'
dumps raid 'raid10 3 128 region_size 4096 2 253:10 253:11 253:12 253:13'
refused '"md-raid10"'
dumps raid 'raid1 3 0 region_size 4096 2 253:10 253:11 253:12 253:99'
refused "have changed since they were noted"

dumps mirror 'disk 2 253:10 4096 2 253:11 0 253:12 0 1 handle_errors'
planned '"Parameters":"disk 2 %0 4096 2 %1 0 %2 0 1 handle_errors"'
packed dm-mirror
lacks dm-raid dm-cache dm-thin-pool dm-snapshot
dumps cache '253:10 253:11 253:12 128 2 metadata2 writeback smq 0'
planned '"Parameters":"%0 %1 %2 128 2 metadata2 writeback smq 0"'
packed dm-cache dm-cache-smq
dumps cache '253:10 253:11 253:12 128 2 metadata2 writeback other 0'
refused '"dm-cache-other"'
dumps writecache 's 253:10 253:11 4096 0'
planned '"Parameters":"s %0 %1 4096 0"'
packed dm-writecache

# A thin volume, its pool, and a leg of that which is lost.
rm "$root/$virtual"/dm-5/slaves/*
mapper 5 vg-dumps LVM-dumps dm-6
mapper 6 vg-pool-tpool LVM-pool dm-10 dm-11
more=",$(table vg-pool-tpool LVM-pool 6 "$(target 0 9 thin-pool '253:10 253:11 128 0 0 ')")"
dumps thin '253:6 1'
planned '"Type":"thin","Parameters":"%0 1","Devices":[{"By":"mapper","Value":"vg-pool-tpool"}]' \
    '"Type":"thin-pool","Parameters":"%0 %1 128 0 0 "'
packed dm-thin-pool
ordered vg-part10 vg-part11 vg-pool-tpool vg-dumps
rm "$root/$virtual/dm-11/slaves/sda"
parts=",$(table vg-part11 LVM-vg-part11 11 "$(target 0 9 error '')")$parts"
dumps thin '253:6 1'
planned '"Type":"error","Parameters":"","Devices":[]'
ln -s sda "$root/$virtual/dm-11/slaves/sda"
more=$(target 0 9 thin-pool '253:10 253:11 128 0 1 read_only ')
more=",$(table vg-pool-tpool LVM-pool 6 "$more")"
dumps thin '253:6 1'
refused '/dev/mapper/vg-pool-tpool is a device-mapper device of the type "thin-pool", which is re'

# An origin is made after all of its snapshots, and not without them.
rm "$root/$virtual"/dm-5/slaves/*
mapper 5 vg-dumps LVM-dumps dm-10
mapper 7 vg-snap LVM-snap dm-10 dm-12
mapper 8 vg-other LVM-other dm-13 dm-12
snapshots() {
    more=",$(table vg-snap LVM-snap 7 "$(target 0 9 snapshot "253:10 253:12 $1 8")")"
    more="$more,$(table vg-other LVM-other 8 "$(target 0 9 snapshot '253:13 253:12 P 8')")"
}
snapshots P
dumps snapshot-origin 253:10
planned '"Type":"snapshot-origin","Parameters":"%0"' \
    '"Devices":[{"By":"mapper","Value":"vg-part10"},{"By":"mapper","Value":"vg-snap"}]'
packed dm-snapshot
ordered vg-part10 vg-part12 vg-snap vg-dumps
mounted 253:7 / / ext4 /dev/mapper/vg-snap
planned '"Type":"snapshot","Parameters":"%0 %1 P 8"'
ordered vg-part10 vg-part12 vg-snap
mounted 253:5 / / ext4 /dev/mapper/vg-dumps
snapshots N
dumps snapshot-origin 253:10
refused '/dev/mapper/vg-snap is a device-mapper device of the type "snapshot", which does not out'
snapshots P
dumps snapshot-origin 253:10
rm "$root/sys/dev/block/253:7"
refused "have changed since they were noted"
device $virtual/dm-7 253:7
dumps snapshot-merge '253:10 253:12 P 8'
refused 'which is there only until its snapshot is merged'

# Data on the move.
mapper 9 vg-pvmove0 LVM-move dm-10 dm-12
rm "$root/$virtual"/dm-5/slaves/*
mapper 5 vg-dumps LVM-dumps dm-9
more=",$(table vg-pvmove0 LVM-move 9 "$(target 0 9 mirror 'core 1 1024 2 253:10 0 253:12 0')")"
dumps linear '253:9 0'
refused "is being moved by pvmove"

# Two ways to one disk, and a partition on it: nothing to put together, all drivers.
mapper 3 mpatha mpath-3600 sda vda
mapper 4 mpatha1 part1-mpath-3600 dm-3
link by-uuid 5555 dm-4
mounted 253:4 / / ext4 /dev/mapper/mpatha1
planned '"By":"uuid","Value":"5555"' '"Devices":[]'
packed bus disk other

# --- arrays

device $virtual/md0 9:0
mkdir -p "$root/$virtual/md0/md" "$root/$virtual/md0/slaves"
ln -s sda "$root/$virtual/md0/slaves/sda"
ln -s vda2 "$root/$virtual/md0/slaves/vda2"
echo 1.2 >"$root/$virtual/md0/md/metadata_version"
echo raid1 >"$root/$virtual/md0/md/level"
mounted 9:0 / / ext4 /dev/md0
refused "the UUID of the array md0 is not known"
echo 01234567-89ab-cdef-0123-456789abcdef >"$root/$virtual/md0/md/uuid"
planned '"UUID":"01234567:89abcdef:01234567:89abcdef"'
link by-id md-uuid-aaaaaaaa:bbbbbbbb:cccccccc:dddddddd md0
planned '"By":"md","Value":"aaaaaaaa:bbbbbbbb:cccccccc:dddddddd"' \
    '"Type":"md","Name":"md0","UUID":"aaaaaaaa:bbbbbbbb:cccccccc:dddddddd"' \
    '"MetadataMajor":1,"MetadataMinor":2,"Members":2'
packed md-mod raid1 bus disk other

# A volume on an array, and a partition on one.
mapper 0 vg-dumps LVM-abc md0
rm "$root/$virtual/dm-0/slaves/dm-2"
tables "$(table vg-dumps LVM-abc 0 "$(target 0 100 linear '9:0 2048')")"
mounted 253:0 / / ext4 /dev/mapper/vg-dumps
planned '"Devices":[{"By":"md","Value":"aaaaaaaa:bbbbbbbb:cccccccc:dddddddd"}]' '"Members":2'
device $virtual/md0/md0p1 259:0
echo 1 >"$root/$virtual/md0/md0p1/partition"
link by-uuid 6666 md0p1
mounted 259:0 / / ext4 /dev/md0p1
planned '"By":"uuid","Value":"6666"' '"Members":2'

echo external:imsm >"$root/$virtual/md0/md/metadata_version"
refused 'its metadata is "external:imsm"'
echo 1.2 >"$root/$virtual/md0/md/metadata_version"
echo raid7 >"$root/$virtual/md0/md/level"
refused '"md-raid7", for MD arrays of this level'

# --- disks of other kinds

device $virtual/loop0 7:0
link by-uuid 7777 loop0
mounted 7:0 / / ext4 /dev/loop0
refused "loop0 is no disk that is there after a panic"
device sys/devices/platform/host2/session1/target/block/sdb 8:16
link by-uuid 8888 sdb
mounted 8:16 / / ext4 /dev/sdb
refused "sdb is a disk on a network"
subsystem=sys/devices/virtual/nvme-subsystem/nvme-subsys0
device $subsystem/nvme0n1 259:1
link by-uuid 9999 nvme0n1
mounted 259:1 / / ext4 /dev/nvme0n1
refused "which controller nvme0n1 is on"
mkdir -p "$root/$other/nvme/nvme0"
ln -s "../../../../../$other/nvme/nvme0" "$root/$subsystem/nvme0"
planned '"Value":"9999"'
packed other
lacks bus

# A driver that is built into the running kernel, and may be a module of the other one.
mounted 254:1 / / ext4 /dev/vda1
rm "$root/sys/bus/fake/drivers/disk/module"
echo fake:disk >"$root/$pci/thing0/modalias"
planned '"Value":"1111-2222"'
packed disk bus
echo fake:unknown >"$root/$pci/thing0/modalias"
planned '"Value":"1111-2222"'
lacks disk

# --- what is wanted besides

dog=sys/devices/pci0000:00/0000:00:1f.0/dog
mkdir -p "$root/$dog/watchdog/watchdog0" "$root/sys/class/watchdog"
driver $dog platform dog
ln -s ../.. "$root/$dog/watchdog/watchdog0/device"
ln -s "../../../$dog/watchdog/watchdog0" "$root/sys/class/watchdog/watchdog0"
echo inactive >"$root/$dog/watchdog/watchdog0/state"
plan
lacks dog
echo active >"$root/$dog/watchdog/watchdog0/state"
mkdir -p "$root/sys/module/virtio_mem"
plan
packed dog virtio_mem
lacks hound
# One that does not say what it drives.
rm "$root/$dog/watchdog/watchdog0/device"
mkdir -p "$root/sys/module/hound" "$root/sys/module/softdog" "$root/sys/module/xfs"
plan
packed hound virtio_mem
lacks softdog xfs
configure 'ExtraModules=other  xfs'
plan
packed other xfs

exit $failed
