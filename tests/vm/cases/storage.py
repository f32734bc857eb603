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
PREPARE = """set -e
name() {
        for link in /dev/disk/by-id/*[-_]"$1"; do
                [ ! -e "$link" ] || { readlink -f "$link"; return; }
        done
        echo "no disk $1" >&2
        exit 1
}
modprobe xfs; modprobe btrfs; modprobe dm-mod; modprobe raid1
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
        echo "UUID=$uuid /crash/$1 $3 ${4-defaults},nofail 0 0" >>/etc/fstab
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


def check_on(t, name):
    """Crash with the dump going to what is mounted at /crash/NAME."""
    path = f"/crash/{name}"
    t.guest.run(f"mountpoint {path}")
    arm(t, f"[Capture]\nPath={path}")
    before = directories(t, path)
    result = crash(t, marks=MARKS)
    t.guest.until(f"mountpoint -q {path}", 30, f"{path} to be mounted again")
    directory = new_dump(t, before, path)
    now = check_complete(t, directory)
    t.note(f"{now['Target']}; {result.describe()}")
    check_listed(t, directory, "complete")


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
