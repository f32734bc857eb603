# SPDX-License-Identifier: LGPL-2.1-or-later
"""Dumps on what machines keep them on: file systems, partitions, LVM, MD, other controllers."""

import json
import struct

from vmtest.crash import (MARKS, check_complete, check_listed, crash, directories, listed,
                          new_dump)
from vmtest.guest import range_command
from vmtest.machine import Config, Disk
from vmtest.registry import Group
from vmtest.util import check, equal

from .capture import ALL, MIB, arm, check_told

DISKS = (Disk("part", 1024 * MIB), Disk("xfs", 512 * MIB, "ahci"), Disk("btrfs", 512 * MIB, "scsi"),
         Disk("pv1", 256 * MIB), Disk("pv2", 256 * MIB, "scsi"),
         Disk("md1", 384 * MIB), Disk("md2", 384 * MIB, "ahci"))

# udev's names for the disks, by their serial numbers.
NAME = """set -e
name() {
        for link in /dev/disk/by-id/*[-_]"$1"; do
                [ ! -e "$link" ] || { readlink -f "$link"; return; }
        done
        echo "no disk $1" >&2
        exit 1
}
"""

PREPARE = NAME + """modprobe xfs; modprobe btrfs; modprobe dm-mod; modprobe raid1
mkdir -p /crash
printf 'label: gpt\\n,300M\\n,300M\\n,\\n' | sfdisk -q "$(name part)"
udevadm settle
mke2fs -q -t ext4 "$(name part)1"
mkfs.xfs -q "$(name xfs)"
mkfs.btrfs -q "$(name btrfs)"
vgcreate -q vg "$(name pv1)" "$(name pv2)"
lvcreate -q -y -Wn -Zn -l 100%FREE -n lv vg
mkfs.xfs -q /dev/vg/lv
mdadm --quiet --create /dev/md/both --run --level=1 --metadata=1.2 --raid-devices=2 \\
        "$(name md1)" "$(name md2)"
mke2fs -q -t ext4 /dev/md/both
mdadm --detail --scan >>/etc/mdadm/mdadm.conf
udevadm settle
mkdir -p /mnt/top
mount "$(name btrfs)" /mnt/top
btrfs -q subvolume create /mnt/top/dumps
umount /mnt/top
line() {
        mkdir -p "/crash/$1"
        uuid=$(blkid -p -s UUID -o value "$2")
        options=${4-defaults},nofail,x-systemd.device-timeout=10min
        echo "UUID=$uuid /crash/$1 $3 $options 0 0" >>/etc/fstab
}
line partition "$(name part)1" ext4
line xfs "$(name xfs)" xfs
line btrfs "$(name btrfs)" btrfs subvol=dumps
line lvm /dev/vg/lv xfs
line md /dev/md/both ext4
systemctl daemon-reload
mount -a
sync
"""


def prepare(t):
    """Make the file systems, once for each machine."""
    if t.guest.run("test -e /etc/vmtest-prepared", check=False).code != 0:
        t.guest.run(PREPARE, 180)
        t.guest.run("touch /etc/vmtest-prepared; sync")


group = Group("storage", Config(captures=True, root="root-storage", disks=DISKS), reset=prepare,
              long=True, suites=ALL)


def check_on(t, name, more=""):
    """Crash with the dump going to what is mounted at /crash/NAME."""
    path = f"/crash/{name}"
    t.guest.until(f"mountpoint -q {path}", 120, f"{path} to be mounted")
    arm(t, f"[Capture]\nPath={path}\n{more}")
    before = directories(t, path)
    result = crash(t, marks=MARKS)
    t.guest.until(f"mountpoint -q {path}", 120, f"{path} to be mounted again")
    directory = new_dump(t, before, path)
    now = check_complete(t, directory)
    t.note(f"{now['Target']}; {result.describe()}")
    check_listed(t, directory, "complete")
    return result


@group.case()
def partition(t):
    """ext4 on a partition of a GPT disk, virtio-blk."""
    check_on(t, "partition")


@group.case()
def xfs(t):
    """xfs on a whole disk, AHCI."""
    check_on(t, "xfs")


@group.case()
def btrfs(t):
    """A subvolume of btrfs on a whole disk, virtio-scsi."""
    check_on(t, "btrfs")


@group.case()
def lvm(t):
    """xfs on a logical volume over a virtio-blk and a virtio-scsi disk."""
    check_on(t, "lvm")


@group.case()
def md(t):
    """ext4 on a RAID 1 over a virtio-blk and an AHCI disk."""
    check_on(t, "md")


def read_device(t, device):
    """Flags, description, log and where the dump lies, from a device that was written over."""
    header = t.guest.fetch_range(device, 0, 128)
    check(header.startswith(b"KDUMPD-RAW-DUMP\0"), f"the device begins with {header[:16]!r}")
    version, flags, *parts = struct.unpack_from("<8Q", header, 16)
    equal(version, 1, "version of the header")
    info, log, dump = zip(parts[0::2], parts[1::2])
    return (flags, json.loads(t.guest.fetch_range(device, *info)),
            t.guest.fetch_range(device, *log).decode(errors="replace"), dump)


@group.case()
def raw(t):
    """A raw partition: after the boot the dump is in a file, and told of like any other."""
    device = t.guest.text("readlink -f /dev/disk/by-id/virtio-part") + "2"
    uuid = t.guest.text(f"blkid -p -s PART_ENTRY_UUID -o value {device}")
    t.guest.run(f"dd if=/dev/zero of={device} bs=1M count=1 status=none")
    arm(t, f"[Capture]\nTarget=raw:PARTUUID={uuid}\nPath=/var/raw")
    result = crash(t, "kdumpctl test --crash --yes", marks=MARKS)
    t.note(result.describe())
    t.guest.until("[ -n \"$(ls /var/raw 2>/dev/null)\" ]", 60, "the dump in /var/raw")
    directory = new_dump(t, [], "/var/raw")
    check_complete(t, directory)
    check_listed(t, directory, "complete")
    check_told(t, directory)
    t.kdumpd.wait(60, "the verdict on the test", LastTestResult="complete")
    equal(len(listed(t)), 1, "dumps in the list")
    equal(t.guest.text("systemctl --failed --no-legend --plain"), "", "failed units")
    flags, facts, log, dump = read_device(t, device)
    equal(flags & ~2, 1 | 4, "the flags for a complete dump that was recovered")
    equal((facts["Result"], facts["KernelRelease"]), ("complete", t.kernel.release), "result")
    check("sysrq triggered crash" in log, "the log lacks the panic")
    unpack = "makedumpfile -R /tmp/raw.vmcore" if flags & 2 else "cat >/tmp/raw.vmcore"
    t.guest.run(f"rm -f /tmp/raw.*; {range_command(device, *dump)} | {unpack}; "
                f"cmp /tmp/raw.vmcore {directory}/vmcore", 180)


# File systems that take more than their driver and their device. What they ask the kernel for is a
# module in other kernels than in the newest one.
MODULAR = ("new", "old", "newest")
NEEDY = (Disk("quota", 512 * MIB), Disk("jdata", 512 * MIB), Disk("journal", 64 * MIB, "ahci"),
         Disk("hash", 512 * MIB), Disk("xdata", 512 * MIB), Disk("xlog", 128 * MIB, "scsi"))

PREPARE_NEEDY = NAME + """modprobe xfs; modprobe btrfs; modprobe quota_v2
options=nofail,x-systemd.device-timeout=10min
line() {
        mkdir -p "/crash/$1"
        echo "UUID=$(blkid -p -s UUID -o value "$2") /crash/$1 $3 $options$4 0 0" >>/etc/fstab
}
# The boot waits for a part as long as for the file system, which says so in /etc/fstab.
late() {
        unit=/etc/systemd/system/$(systemd-escape -p --suffix=device "$1").d
        mkdir -p "$unit"
        printf '[Unit]\\nJobRunningTimeoutSec=10min\\n' >"$unit/late.conf"
}
mke2fs -q -t ext4 -O quota "$(name quota)"
mke2fs -q -b 4096 -O journal_dev "$(name journal)"
mke2fs -q -b 4096 -t ext4 -J device="$(name journal)" "$(name jdata)"
modprobe xxhash_generic 2>/dev/null || :
mkfs.btrfs -q --csum xxhash "$(name hash)"
printf 'label: gpt\\n,\\n' | sfdisk -q "$(name xlog)"
udevadm settle
log=$(name xlog)1
mkfs.xfs -q -l logdev="$log" "$(name xdata)"
line quota "$(name quota)" ext4 ''
# Its number may be another at the next boot, as mount(8) does not know.
part=/dev/disk/by-uuid/$(blkid -p -s UUID -o value "$(name journal)")
late "$part"
line journal "$(name jdata)" ext4 ",journal_path=$part,x-systemd.requires=$part"
line hash "$(name hash)" btrfs ''
part=/dev/disk/by-partuuid/$(blkid -p -s PART_ENTRY_UUID -o value "$log")
late "$part"
line log "$(name xdata)" xfs ",logdev=$part,x-systemd.requires=$part"
systemctl daemon-reload
mount -a
sync
"""


def prepare_needy(t):
    """Make the file systems, once for each machine."""
    if t.guest.run("test -e /etc/vmtest-prepared", check=False).code != 0:
        t.guest.run(PREPARE_NEEDY, 180)
        t.guest.run("touch /etc/vmtest-prepared; sync")


needy = Group("storage-needs", Config(captures=True, root="root-storage", disks=NEEDY),
              reset=prepare_needy, long=True, suites=ALL)


@needy.case(kernels=MODULAR)
def quota(t):
    """ext4 with quota, for which the kernel asks for a module by name."""
    check_on(t, "quota")


@needy.case(kernels=MODULAR)
def external_journal(t):
    """ext4 with its journal on another disk, behind another controller."""
    check_on(t, "journal")
    t.guest.run("umount /crash/journal && e2fsck -f -n $(findmnt -s -n -o SOURCE /crash/journal | "
                "sed 's,UUID=,/dev/disk/by-uuid/,') && mount /crash/journal", 120)


@needy.case(kernels=MODULAR)
def checksum(t):
    """btrfs with checksums by xxhash, a module of the kernels up to 6.12."""
    check_on(t, "hash")


@needy.case(kernels=MODULAR)
def external_log(t):
    """xfs with its log on a partition of another disk."""
    check_on(t, "log")


# Volumes of each kind: what they have twice is on different disks.
VOLUMES = (Disk("lv1", 1536 * MIB), Disk("lv2", 1536 * MIB, "scsi"),
           Disk("lv3", 1536 * MIB, "ahci"))

PREPARE_VOLUMES = NAME + """set -- "$(name lv1)" "$(name lv2)" "$(name lv3)"
vgcreate -q vg "$@"
plain='lvcreate -q -y -Wn -Zn'
$plain --type raid1 -m 1 -L 300M -n raid1 vg "$1" "$2"
$plain --type raid5 -i 2 -L 300M -n raid5 vg "$@"
$plain --type mirror -m 1 --mirrorlog disk -L 200M -n mirror vg "$@"
lvcreate -q -y --type thin-pool -L 400M -n pool vg "$2"
lvcreate -q -y -V 900M --thinpool vg/pool -n thin
$plain -L 300M -n cached vg "$3"
lvcreate -q -y --type cache-pool -L 64M -n fast vg "$1"
lvconvert -q -y --type cache --cachemode writeback --cachepool vg/fast vg/cached
$plain -L 300M -n buffered vg "$3"
$plain -L 64M -n quick vg "$1"
lvchange -q -y -an vg/buffered vg/quick
lvconvert -q -y --type writecache --cachevol quick --cachesettings 'block_size=4096' vg/buffered
lvchange -q -ay vg/buffered
$plain -L 300M -n origin vg "$3"
udevadm settle
options=nofail,x-systemd.device-timeout=10min
for volume in raid1 raid5 mirror thin cached buffered origin; do
        mke2fs -q -t ext4 "/dev/vg/$volume"
        mkdir -p "/crash/$volume"
        echo "/dev/vg/$volume /crash/$volume ext4 $options 0 0" >>/etc/fstab
done
systemctl daemon-reload
mount -a
head -c 20M /dev/urandom >/crash/origin/kept
sync /crash/origin/kept
lvcreate -q -y -s -L 200M -n before vg/origin "$2"
sync
"""

SUMS = "cd /crash/{0} && find . -xdev -type f -exec sha256sum {{}} + | sort"


def prepare_volumes(t):
    """Make the volumes, once for each machine."""
    if t.guest.run("test -e /etc/vmtest-prepared", check=False).code != 0:
        t.guest.run(PREPARE_VOLUMES, 180)
        t.guest.run("touch /etc/vmtest-prepared; sync")


volumes = Group("storage-lvm", Config(captures=True, root="root-storage", disks=VOLUMES),
                reset=prepare_volumes, long=True, suites=ALL)


def report(t, fields, volume):
    """What LVM says of a volume, as a list."""
    return t.guest.text(f"lvs -a --noheadings --separator '|' -o {fields} vg/{volume}").strip(
        ).split("|")


def check_volume(t, name, more=""):
    """A dump to a volume of its own kind, with which LVM and the file system are content then."""
    result = check_on(t, name, more)
    check("be taken apart" not in result.console, "a device could not be taken apart")
    active, health, failed = report(t, "lv_active,lv_health_status,lv_check_needed", name)
    equal((active, health), ("active", ""), f"what LVM says of {name}")
    check(failed != "check needed", f"LVM wants {name} checked")
    before = t.guest.text(SUMS.format(name), 60)
    t.guest.run(f"umount /crash/{name} && vgck vg && e2fsck -f -n /dev/vg/{name} && "
                f"mount /crash/{name}", 120)
    equal(t.guest.text(SUMS.format(name), 60), before, "the files, after unmounting")
    return result


def wait_synced(t, name):
    t.guest.until(f"[ $(lvs --noheadings -o sync_percent vg/{name}) = 100.00 ]", 120,
                  f"{name} to be in sync")


def check_legs(t, name):
    """That the kernel finds no difference between what the copies, or data and parity, hold."""
    wait_synced(t, name)
    t.guest.run(f"umount /crash/{name} && dmesg -C && lvchange --syncaction check vg/{name}", 60)
    t.guest.until("dmesg | grep -q 'mdX: .*check done'", 120, f"the check of {name}")
    equal(report(t, "raid_mismatch_count", name), ["0"], "mismatches")
    t.guest.run(f"mount /crash/{name}")


@volumes.case()
def raid1(t):
    """A RAID 1 volume: complete, in sync, and both legs are the same afterwards."""
    check_volume(t, "raid1")
    check_legs(t, "raid1")


@volumes.case()
def raid1_degraded(t):
    """A RAID 1 volume one disk of which is not there after the panic: used without, and mended."""
    result = check_volume(
        t, "raid1", "TargetTimeout=20s\n[Image]\nCommandLineAppend=module_blacklist=virtio_scsi")
    check("active with 1 out of 2 mirrors" in result.console, "the RAID had both of its disks")
    check_legs(t, "raid1")


@volumes.case()
def raid5(t):
    """A RAID 5 volume over three disks: complete, in sync, and the parity is right."""
    check_volume(t, "raid5")
    check_legs(t, "raid5")


@volumes.case()
def mirror(t):
    """A volume mirrored in the old way, with a log on disk."""
    check_volume(t, "mirror")
    wait_synced(t, "mirror")


@volumes.case()
def thin(t):
    """A thin volume, larger than its pool, whose metadata is sound afterwards."""
    check_volume(t, "thin")
    check_needed, health, size = report(
        t, "lv_check_needed,lv_health_status,lv_metadata_size", "pool")
    equal((check_needed, health), ("", ""), "what LVM says of the pool")
    check(size == "4.00m", f"the metadata of the pool has {size}")
    # LVM has the metadata checked by thin_check(8) with each start of the pool.
    t.guest.run("umount /crash/thin && lvchange -q -an vg/thin && lvchange -q -an vg/pool && "
                "lvchange -q -ay vg/thin && mount /crash/thin", 60)


@volumes.case()
def cached(t):
    """A volume behind a cache that writes back: nothing bypasses it."""
    check_volume(t, "cached")
    before = t.guest.text(SUMS.format("cached"), 60)
    t.guest.run("umount /crash/cached && lvconvert -q -y --uncache vg/cached && "
                "mount /crash/cached", 180)
    equal(t.guest.text(SUMS.format("cached"), 60), before, "the files, without the cache")


@volumes.case()
def buffered(t):
    """A volume behind a cache for writes."""
    check_volume(t, "buffered")


@volumes.case()
def origin(t):
    """A volume with a snapshot, which does not see the dump."""
    check_volume(t, "origin")
    t.guest.run("mkdir -p /mnt/before; mount -o ro,noload /dev/vg/before /mnt/before")
    equal(t.guest.text("ls /mnt/before"), "kept\nlost+found", "the snapshot's files")
    equal(t.guest.text("sha256sum </mnt/before/kept", 60),
          t.guest.text("sha256sum </crash/origin/kept", 60), "the file in the snapshot")
    t.guest.run("umount /mnt/before")
    equal(report(t, "lv_snapshot_invalid", "before"), [""], "whether the snapshot is invalid")
