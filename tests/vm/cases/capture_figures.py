# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a capture costs, beside Debian's kdump-tools in the same guest; runs when it is named."""

import subprocess

from vmtest.crash import MARKS, crash, directories
from vmtest.machine import Config
from vmtest.registry import Group
from vmtest.util import check

ENOUGH = 256        # MiB of crashkernel=

# {kernel: {what: figure}}, so that the second group can compare.
theirs = {}

MAGIC = {b"\x1f\x8b": ["gzip", "-dc"], b"\x28\xb5\x2f\xfd": ["zstd", "-dcq"],
         b"\xfd7zXZ\0": ["xz", "-dc"]}


def sizes_of(data):
    """(packed, unpacked) bytes of an initrd."""
    for magic, command in MAGIC.items():
        if data.startswith(magic):
            done = subprocess.run(command, input=data, stdout=subprocess.PIPE, check=False)
            return len(data), len(done.stdout)
    return len(data), len(data)


def has_dump(t, before):
    """Whether a complete dump is there that was not there before."""
    new = set(directories(t)) - set(before)
    return any(t.guest.run(f"ls /var/crash/{name} | grep -qx 'vmcore\\|dump\\.[0-9]*'",
                           check=False).code == 0 for name in new)


def smallest(t, arm, sizes):
    """The smallest crashkernel= of these, in MiB, with which a panic leaves a dump."""
    good = None
    for size in sizes:
        t.vm.restart_with(crashkernel=f"{size}M")
        if not arm():
            t.note(f"crashkernel={size}M: nothing can be loaded")
            break
        before = directories(t)
        result = crash(t)
        captured = has_dump(t, before)
        t.note(f"crashkernel={size}M: {'captured' if captured else 'no dump'}; "
               f"{result.describe()}")
        if not captured:
            break
        good = size
        t.guest.run("rm -rf /var/crash/*; sync", 60)
    return good


def measure(t, arm, initrd, marks, sizes):
    figures = {}
    packed, unpacked = sizes_of(t.guest.fetch(initrd))
    figures["packed MB"], figures["unpacked MB"] = packed / 1e6, unpacked / 1e6
    before = directories(t)
    result = crash(t, marks=marks)
    t.note(result.describe())
    check(has_dump(t, before), f"there is no dump:\n{result.console[-3000:]}")
    figures.update({f"{name} s": seconds for name, seconds in result.marks.items()})
    t.guest.run("rm -rf /var/crash/*; sync", 60)
    figures["crashkernel MiB"] = smallest(t, arm, sizes)
    return figures


def tell(t, figures):
    t.note(", ".join(f"{name} {value:.1f}" if isinstance(value, float) else f"{name} {value}"
                     for name, value in figures.items()))


debian = Group("capture-figures-debian", Config(crashkernel=f"{ENOUGH}M", captures=True,
                                                root="root-debian"),
               tree="", benchmark=True, suites=("capture-figures",))

DEBIAN_MARKS = (("collector", r"running makedumpfile -F"),
                ("complete", r"(?i)saved vmcore"))


@debian.case(kernels=("old",))
def of_kdump_tools(t):
    """Debian's kdump-tools: sizes, the smallest reservation, seconds after the panic."""
    release = t.kernel.release
    t.guest.run("sed -i s/^USE_KDUMP=.*/USE_KDUMP=1/ /etc/default/kdump-tools; "
                "systemctl unmask kdump-tools; systemctl enable kdump-tools")
    t.guest.run(f"/etc/kernel/postinst.d/kdump-tools {release}", 600)

    def arm():
        t.guest.run("systemctl restart kdump-tools", 120, check=False)
        return t.guest.text("cat /sys/kernel/kexec_crash_loaded") == "1"

    check(arm(), "kdump-tools has not loaded anything:\n" + t.guest.text("kdump-config status; "
          "journalctl -b -u kdump-tools --no-pager"))
    t.note(t.guest.text("kdump-config show || true"))
    figures = measure(t, arm, f"/var/lib/kdump/initrd.img-{release}", DEBIAN_MARKS,
                      (192, 176, 160, 144, 128))
    tell(t, figures)
    theirs[t.kernel.flavour] = figures


ours = Group("capture-figures-kdumpd", Config(crashkernel=f"{ENOUGH}M", captures=True),
             benchmark=True, suites=("capture-figures",))

GOALS = {"unpacked MB": 1 / 3, "complete s": 1 / 4}


@ours.case(kernels=("old",))
def of_kdumpd(t):
    """kdumpd: the same, and what share of Debian's it is."""
    t.guest.run("systemctl enable --now kdumpd", 300)

    def arm():
        return t.kdumpd.wait(60, "kdumpd to have tried", State="armed")["Armed"]

    arm()
    figures = measure(t, arm, t.kdumpd.properties()["InitrdFile"], MARKS,
                      (128, 112, 96, 88, 80, 72, 64))
    tell(t, figures)
    others = theirs.get(t.kernel.flavour)
    if not others:
        return
    for name, value in figures.items():
        if others.get(name) and value:
            t.note(f"{name}: {value / others[name]:.2f} of Debian's")
    for name, goal in GOALS.items():
        check(figures[name] <= goal * others[name],
              f"{name}: {figures[name]:.1f} is more than {goal:.2f} of {others[name]:.1f}")
