# SPDX-License-Identifier: LGPL-2.1-or-later
"""Images that others load and unload, seen by what the kernel notes of kexec calls; or found by the
mark in the command line of ours."""

import time

from vmtest.registry import Group
from vmtest.util import PATIENCE, check, equal

KERNELS = ("new", "old", "newest")
SOON = 15               # seconds, under emulation; the watch that sees less comes every 25


def make_normal(t):
    t.guest.run("sysctl -q kernel.ftrace_enabled=1; kexec -u || true")
    t.kdumpd.make_normal()
    t.kdumpd.wait(40, "kdumpd to see foreign loads", LoadsWatched=True)


group = Group("foreign-watch", reset=make_normal, default=("old",), full=("newest",))


def files(t):
    release = t.kernel.release
    return f"/boot/vmlinuz-{release}", f"/boot/initrd-{release}-kdump"


def by_file(t):
    """kexec_file_load(2): an image that the kernel updates as it does ours."""
    kernel, initrd = files(t)
    t.guest.run(f"kload load {kernel} {initrd} 'console=ttyS0 nr_cpus=1'", 60)


def by_segments(t):
    """kexec_load(2)."""
    kernel, initrd = files(t)
    t.guest.run(f"kexec -p -c {kernel} --initrd={initrd} --command-line='console=ttyS0'", 60)


def by_fedora(t):
    """kexec_file_load(2) as the kdumpctl of kdump-utils calls it."""
    kernel, initrd = files(t)
    t.guest.run(f"kexec -s -d -p --command-line='console=ttyS0' --initrd={initrd} {kernel}", 60)


def by_32_bits(t):
    """kexec_load(2) by int 0x80."""
    t.guest.run("kload32 $(awk '/Crash kernel/ { split($1, a, \"-\"); printf \"%8s\", a[1]; exit }' "
                "/proc/iomem | tr ' ' 0)")


def last_decision(t):
    return t.kdumpd.decisions()[-1]


def check_replaced(t, load, asks=False):
    """Something loads; kdumpd sees it at once, or when it is asked for its state, and loads its own
    image over it."""
    known = len(t.kdumpd.decisions())
    begun = time.monotonic()
    load(t)
    while len(t.kdumpd.decisions()) == known:
        check(time.monotonic() < begun + SOON * PATIENCE,
              f"nothing was decided within {SOON} s: {last_decision(t)}")
        if asks:
            t.kdumpd.properties()
        time.sleep(0.1)
    took = time.monotonic() - begun
    t.kdumpd.wait(60, "kdumpd to be armed", State="armed", Armed=True, Foreign=False)
    decision = last_decision(t)
    check("somebody else" in decision.reason, f"another reason: {decision}")
    equal(decision.result, "ok", "its result")
    t.note(f"{load.__name__}: {took:.1f} s until it was loaded over; {decision.details}")


@group.case(kernels=KERNELS)
def attached(t):
    """What is attached stays; kdump-watch has ended, and nobody else gets in."""
    t.guest.run("test -e /sys/fs/bpf/kdumpd/link")
    equal(t.guest.text("stat -c '%a %u' /sys/fs/bpf/kdumpd"), "700 0", "mode of the pins")
    equal(t.guest.text("systemctl list-units --all --no-legend 'kdumpd-watch@*' | wc -l"), "0",
          "instances that are left")
    t.note(t.guest.text("systemd-analyze security kdumpd-watch@x.service 2>/dev/null | tail -1; "
                        "journalctl -b --no-pager -t kdump-watch"))


@group.case(kernels=KERNELS)
def own_loads(t):
    """A load of our own is no foreign one, and the kernel's notes of it tell how long it took."""
    t.guest.run("kdumpctl reload", 120)
    t.kdumpd.quiet()
    decision = last_decision(t)
    check("asked for" in decision.reason, f"another reason: {decision}")
    check("the kernel notes" in decision.details, f"the window is missing: {decision}")
    t.note(decision.details)
    t.guest.run("kdumpctl unload", 60)
    t.guest.run("kdumpctl load", 120)
    known = len(t.kdumpd.decisions())
    t.kdumpd.quiet()
    equal(len(t.kdumpd.decisions()), known, "decisions")
    equal(t.kdumpd.properties()["LoadsWatched"], True, "LoadsWatched")


@group.case(kernels=KERNELS)
def file_load(t):
    """kexec_file_load(2) over ours: sysfs says the same before and after."""
    check_replaced(t, by_file)
    check_replaced(t, by_fedora)


@group.case(kernels=KERNELS)
def load(t):
    """kexec_load(2) over ours."""
    check_replaced(t, by_segments)


@group.case(kernels=KERNELS)
def load_of_32_bits(t):
    """kexec_load(2) of a program of 32 bits."""
    check_replaced(t, by_32_bits)


@group.case(kernels=KERNELS)
def unload(t):
    """An unload is mended at once."""
    check_replaced(t, lambda t: t.guest.run("kexec -p -u"))


@group.case(kernels=KERNELS)
def adopt(t):
    """Foreign=adopt: it stays, and is called foreign at once."""
    t.kdumpd.configure("[Service]\nForeign=adopt")
    t.kdumpd.hangup()
    t.kdumpd.quiet()
    by_file(t)
    t.kdumpd.wait(SOON, "the image to be called foreign", Foreign=True, Armed=True)
    equal(last_decision(t).decision, "adopt", "decision")


@group.case(kernels=KERNELS)
def other_kernel(t):
    """`kexec -l` and `kexec -u` of a kernel to be started are not ours to mind."""
    kernel, initrd = files(t)
    known = len(t.kdumpd.decisions())
    loads = t.kdumpd.properties()["LastLoadUSec"]
    for command in (f"kexec -l {kernel} --initrd={initrd} --command-line=quiet",
                    f"kexec -l {kernel} --initrd={initrd} --command-line=quiet", "kexec -u"):
        t.guest.run(command, 60)
        time.sleep(1)
    t.kdumpd.quiet()
    equal(len(t.kdumpd.decisions()), known, "decisions")
    equal(t.kdumpd.properties()["LastLoadUSec"], loads, "LastLoadUSec")


@group.case(kernels=KERNELS)
def cpus(t):
    """CPUs that go offline and come back are heard, and those that are plugged."""
    online = "/sys/devices/system/cpu/cpu1/online"
    t.guest.run(f"echo 0 >{online}; echo 1 >{online}")
    kernel, initrd = files(t)
    for cpu in 1, t.vm.add_cpu():
        t.kdumpd.quiet()
        check_replaced(t, lambda t, cpu=cpu: t.guest.run(
            f"taskset -c {cpu} kload load {kernel} {initrd} 'console=ttyS0 nr_cpus=1'", 60))


@group.case(kernels=KERNELS)
def ftrace(t):
    """kernel.ftrace_enabled=0 makes it deaf, which status says; 1, and it hears again."""
    t.guest.run("sysctl kernel.ftrace_enabled=0")
    t.guest.run("kdumpctl reload", 120)
    reason = t.kdumpd.wait(30, "status to say so", LoadsWatched=False)["LoadsWatchedReason"]
    check(reason.startswith("kernel.ftrace_enabled=0"), reason)
    _, text = t.kdumpd.status_code()
    check("foreign loads cannot be seen on this kernel" in text, text)
    t.guest.run("sysctl kernel.ftrace_enabled=1")
    t.guest.run("kdumpctl reload", 120)
    t.kdumpd.wait(30, "kdumpd to see foreign loads", LoadsWatched=True)
    t.kdumpd.quiet()
    check_replaced(t, by_file)


@group.case(kernels=KERNELS)
def away(t):
    """What was loaded while kdumpd did not run is seen at its start; and that nothing was."""
    for command in ("restart kdumpd", "kill -s KILL --kill-who=main kdumpd"):
        loads = t.kdumpd.properties()["LastLoadUSec"]
        check(loads > 0 or command.startswith("kill"), "there was no load")
        t.guest.run(f"systemctl {command}", 60)
        t.kdumpd.wait(60, "kdumpd to see foreign loads", State="armed", LoadsWatched=True)
        t.kdumpd.quiet()
        equal(t.kdumpd.properties()["LastLoadUSec"], 0, f"LastLoadUSec after {command}")
    t.guest.run("systemctl stop kdumpd", 60)
    by_file(t)
    t.guest.run("systemctl start kdumpd", 120)
    t.kdumpd.wait(60, "kdumpd to see foreign loads", State="armed", LoadsWatched=True)
    t.kdumpd.quiet()
    check("somebody else" in last_decision(t).reason, f"another reason: {last_decision(t)}")
    check(t.kdumpd.properties()["LastLoadUSec"] > 0, "it was not loaded over")


# Where calls are not noted. On one kernel by itself, as the ways do not differ.
MARK = "its mark tells which image is loaded"


def make_blind(t):
    """Nothing notes calls; what asks for the state has the mark read."""
    t.guest.run("[ -e /run/systemd/system/kdumpd-watch.socket ] || { systemctl mask --runtime "
                "--now kdumpd-watch.socket; systemctl try-restart kdumpd; }", 120)
    t.kdumpd.make_normal()
    t.kdumpd.wait(60, "kdumpd to be armed", State="armed", LoadsWatched=False)


marks = Group("foreign-mark", reset=make_blind, default=("old",), full=("old",))


@marks.case(kernels=KERNELS)
def told(t):
    """What status says, and that the mark is nobody's word: not shown, not compared."""
    t.guest.run("systemctl restart kdumpd", 120)
    loads = t.kdumpd.properties()["LastLoadUSec"]
    properties = t.kdumpd.wait(60, "kdumpd to be armed", State="armed", LoadsWatched=False)
    check(MARK in properties["LoadsWatchedReason"], properties["LoadsWatchedReason"])
    t.guest.run("kdumpctl reload", 120)
    t.kdumpd.quiet()
    properties = t.kdumpd.properties()
    check(MARK in properties["LoadsWatchedReason"], properties["LoadsWatchedReason"])
    check("kdumpd.mark" not in properties["CommandLine"], properties["CommandLine"])
    known = len(t.kdumpd.decisions())
    t.kdumpd.hangup()
    t.kdumpd.quiet()
    time.sleep(6)
    t.kdumpd.quiet()
    decisions = t.kdumpd.decisions()[known:]
    equal([d.decision for d in decisions], ["keep"], "decisions")
    t.note(f"{loads}; {properties['LoadsWatchedReason']}")


@marks.case(kernels=KERNELS)
def file_load_marked(t):
    """kexec_file_load(2) over ours."""
    check_replaced(t, by_file, asks=True)


@marks.case(kernels=KERNELS)
def load_marked(t):
    """kexec_load(2) over ours, and over an image of ours by the other call."""
    check_replaced(t, by_segments, asks=True)
    loader = t.kdumpd.properties()["Loader"]
    other = "kexec_load" if loader == "kexec_file_load" else "kexec_file_load"
    t.kdumpd.configure(f"[Image]\nLoader={other}")
    t.kdumpd.hangup()
    t.kdumpd.wait(60, "kdumpd to use the other call", State="armed", Loader=other)
    t.kdumpd.quiet()
    check(MARK in t.kdumpd.properties()["LoadsWatchedReason"], "the mark is not found")
    check_replaced(t, by_segments, asks=True)


@marks.case(kernels=KERNELS)
def adopt_marked(t):
    """Foreign=adopt: it stays, and is called foreign."""
    t.kdumpd.configure("[Service]\nForeign=adopt")
    t.kdumpd.hangup()
    t.kdumpd.quiet()
    by_file(t)
    t.kdumpd.wait(SOON, "the image to be called foreign", Foreign=True, Armed=True)
    equal(last_decision(t).decision, "adopt", "decision")


@marks.case(kernels=KERNELS)
def away_marked(t):
    """What was loaded while kdumpd did not run is found at its start; and that nothing was."""
    t.guest.run("systemctl restart kdumpd", 60)
    t.kdumpd.quiet()
    equal(t.kdumpd.properties()["LastLoadUSec"], 0, "LastLoadUSec")
    t.guest.run("systemctl stop kdumpd", 60)
    by_file(t)
    t.guest.run("systemctl start kdumpd", 120)
    t.kdumpd.wait(60, "our image", State="armed", Foreign=False)
    deadline = time.monotonic() + SOON * PATIENCE
    while t.kdumpd.properties()["LastLoadUSec"] == 0:
        check(time.monotonic() < deadline, f"it was not loaded over: {last_decision(t)}")
    t.kdumpd.quiet()
    check("somebody else" in last_decision(t).reason, f"another reason: {last_decision(t)}")


@marks.case(kernels=KERNELS)
def deaf_marked(t):
    """Where what is attached does not hear: status says why, and the mark tells."""
    t.guest.run("systemctl unmask --runtime kdumpd-watch.socket; systemctl restart kdumpd", 120)
    t.kdumpd.wait(60, "kdumpd to see foreign loads", State="armed", LoadsWatched=True)
    t.guest.run("sysctl -q kernel.ftrace_enabled=0")
    try:
        t.guest.run("kdumpctl reload", 120)
        t.kdumpd.quiet()
        reason = t.kdumpd.wait(30, "status to say so", LoadsWatched=False)["LoadsWatchedReason"]
        check(reason.startswith("kernel.ftrace_enabled=0; ") and MARK in reason, reason)
        check_replaced(t, by_file, asks=True)
    finally:
        t.guest.run("sysctl -q kernel.ftrace_enabled=1")
