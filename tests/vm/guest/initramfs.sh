#!/bin/busybox sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# First program of the guest: mounts the root, lays the tree to be tested over it, starts systemd.

bb=/bin/busybox
fail() {
        echo "vmtest: $*" >/dev/console
        $bb poweroff -f
        exec $bb sleep 1000
}

$bb mount -t proc proc /proc
$bb mount -t sysfs sys /sys
$bb mount -t devtmpfs dev /dev
while read -r module; do
        $bb insmod "/modules/$module.ko" || fail "cannot load $module"
done </modules/order

# A disk with a boot loader of its own has partitions, and what is laid over it is on the next disk.
root=/dev/vda
tree=
[ ! -e /partitioned ] || { root=/dev/vda2; tree=/dev/vdb; }
tries=0
for disk in $root $tree; do
        until [ -b $disk ]; do
                tries=$((tries + 1))
                [ $tries -lt 300 ] || fail "no $disk"
                $bb usleep 100000
        done
done
$bb mount -t ext4 -o rw,noatime $root /root || fail "cannot mount the root"

# Once only: after a reboot of the guest its disk has what the first boot left there.
if [ ! -e /root/etc/vmtest-overlay ]; then
        [ ! "$tree" ] || $bb cpio -id <"$tree" || fail "cannot unpack the tree"
        $bb cp -a /overlay/. /root/ || fail "cannot lay the tree over the root"
        # As a package would.
        if [ -e /root/usr/lib/sysusers.d/kdumpd.conf ]; then
                $bb chroot /root /usr/bin/systemd-sysusers kdumpd.conf || fail "no user kdumpd"
        fi
        : >/root/etc/vmtest-overlay
fi

$bb mount --move /dev /root/dev
$bb umount /proc /sys
exec $bb switch_root /root /sbin/init
