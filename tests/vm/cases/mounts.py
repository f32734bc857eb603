# SPDX-License-Identifier: LGPL-2.1-or-later
"""What fstab has and what is late or missing must not hold the first load back, nor others."""

from vmtest.machine import Config, Disk
from vmtest.registry import Group
from vmtest.util import check, equal

DISK_MIB = 192
group = Group("mounts", Config(root="root-storage", disks=(Disk("late", DISK_MIB << 20),)),
              long=True, full=("new",))   # two cases wait out systemd's 90 s for a disk

# Seconds from the start of kdumpd's unit to READY=1, which comes after the first load.
PATIENCE_SECONDS = 10           # MOUNTS_PATIENCE_USEC of daemon/daemon.c
SYSTEMD_SECONDS = 90            # what systemd waits for a disk

KEEP = ("[ -e /etc/fstab.kept ] || cp -p /etc/fstab /etc/fstab.kept; "
        "cp -p /etc/fstab.kept /etc/fstab")
MISSING = "LABEL=never"
DROPIN = "/etc/systemd/system/kdumpd.service.d/sysctl.conf"


def boot_with(t, line):
    """Restart with one more line of fstab."""
    t.guest.run(f"{KEEP}; mkdir -p /var/crash; echo '{line}' >>/etc/fstab; "
                "systemctl enable kdumpd")
    t.vm.reboot()


def seconds_to_ready(t):
    t.kdumpd.wait(60, "kdumpd to be armed", State="armed", Armed=True)
    begin, end = (int(t.guest.text(f"systemctl show -P {name} kdumpd")) for name in
                  ("InactiveExitTimestampMonotonic", "ActiveEnterTimestampMonotonic"))
    check(0 < begin <= end, "kdumpd is not active")
    return (begin / 1e6, (end - begin) / 1e6)


def check_no_cycle(t):
    cycles = t.guest.run("journalctl -b --no-pager | grep -i 'ordering cycle\\|deleted to break'",
                         check=False)
    equal(cycles.out, "", "ordering cycles")


@group.case()
def missing_boot(t):
    """A /boot with nofail on a disk that never appears: what is there is loaded, soon."""
    boot_with(t, f"{MISSING} /boot ext4 nofail 0 2")
    start, took = seconds_to_ready(t)
    check(took < SYSTEMD_SECONDS * 2 / 3, f"armed only after {took:.0f} s")
    check("Going on without" in t.guest.text("journalctl -b --no-pager -u kdumpd"),
          "it did not wait at all")
    check_no_cycle(t)
    t.note(f"started at {start:.0f} s, armed {took:.1f} s later, of which {PATIENCE_SECONDS} s "
           "were for /boot")


@group.case()
def missing_crash(t):
    """A /var/crash on a disk that never appears is not waited for."""
    boot_with(t, f"{MISSING} /var/crash ext4 nofail 0 2")
    start, took = seconds_to_ready(t)
    check(took < SYSTEMD_SECONDS * 2 / 3, f"armed only after {took:.0f} s")
    check("Waiting for" not in t.guest.text("journalctl -b --no-pager -u kdumpd"), "it waited")
    t.note(f"started at {start:.0f} s, armed {took:.1f} s later")


NETWORK = """[Unit]
Wants=network.target
Before=network.target network-online.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/true
[Install]
WantedBy=multi-user.target
"""


@group.case()
def sysctls_behind_kdumpd(t):
    """With the drop-in of kdumpd(8) and dumps on NFS: no cycle, and sysctls are set.

    That systemd finds the cycle of an order behind such a mount is in tests/check/check-units.sh."""
    before = "[Unit]\nBefore=systemd-sysctl.service"
    t.guest.run(f"mkdir -p {DROPIN.rsplit('/', 1)[0]} && echo '{before}' >{DROPIN}; "
                f"cat >/etc/systemd/system/net.service <<'END'\n{NETWORK}END\n"
                "systemctl unmask remote-fs.target; systemctl enable net.service remote-fs.target; "
                "echo kernel.kexec_load_disabled=1 >/etc/sysctl.d/kexec.conf")
    boot_with(t, "192.0.2.1:/crash /var/crash nfs4 defaults,x-systemd.mount-timeout=5 0 0")
    _, took = seconds_to_ready(t)
    check_no_cycle(t)
    equal(t.guest.text("systemctl show -P ActiveState systemd-sysctl"), "active",
          "systemd-sysctl.service")
    equal(t.guest.text("cat /proc/sys/kernel/kexec_load_disabled"), "1", "the sysctl")
    check(t.guest.text("systemctl show -P InactiveEnterTimestampMonotonic var-crash.mount") != "0",
          "nobody tried to mount /var/crash")
    t.guest.run(f"rm {DROPIN} /etc/sysctl.d/kexec.conf")
    t.note(f"armed {took:.1f} s after its start")


@group.case()
def late_boot(t):
    """A /boot that comes after the first load was given up is loaded from at once."""
    t.guest.run("set -e; disk=$(readlink -f /dev/disk/by-id/*late); mke2fs -q -t ext4 $disk; "
                "mount $disk /mnt; cp -a /boot/. /mnt/; umount /mnt; mkdir -p /boot.kept; "
                "mv /boot/* /boot.kept/", 60)
    boot_with(t, f"{MISSING} /boot ext4 nofail,x-systemd.device-timeout=5 0 2")
    t.kdumpd.wait(60, "the first load to fail", State="failed", Armed=False)
    # Not to meet a try that would have come anyway: these are 8 s apart and more by now.
    t.kdumpd.wait(60, "some tries", LoadFailures=4)
    t.guest.run("mount $(readlink -f /dev/disk/by-id/*late) /boot")
    t.kdumpd.wait(30, "kdumpd to be armed", State="armed", Armed=True)
    reasons = [(d.decision, d.reason) for d in t.kdumpd.decisions() if d.result == "ok"]
    check(any("a file system was mounted" in reason for _, reason in reasons),
          f"it was loaded for another reason: {reasons}")


@group.case()
def late_var(t):
    """The state's own file system comes late: the search for dumps has it in its sandbox, writable."""
    t.guest.run("umount /boot || true; mv /boot.kept/* /boot/ 2>/dev/null; rm -rf /var/lib/kdumpd; "
                "disk=$(readlink -f /dev/disk/by-id/*late); mke2fs -q -F -t ext4 $disk", 60)
    boot_with(t, f"{MISSING} /var/lib/kdumpd ext4 nofail,x-systemd.device-timeout=5 0 2")
    seconds_to_ready(t)
    # It is there from the first start on.
    t.guest.run("test -d /var/lib/kdumpd")
    t.guest.run("mount $(readlink -f /dev/disk/by-id/*late) /var/lib/kdumpd")
    t.guest.run("unit=$(systemctl list-units --plain --no-legend 'kdumpd-scan@*' | cut -d' ' -f1); "
                "pid=$(systemctl show -P MainPID $unit); for i in $(seq 100); do "
                "grep -q ' /var/lib/kdumpd rw.* ext4 ' /proc/$pid/mountinfo && break; "
                "sleep .1; done; nsenter -m -t $pid touch /var/lib/kdumpd/x && "
                "test -e /var/lib/kdumpd/x")
    t.guest.run("umount /var/lib/kdumpd; cp -p /etc/fstab.kept /etc/fstab")
