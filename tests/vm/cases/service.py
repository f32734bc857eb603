# SPDX-License-Identifier: LGPL-2.1-or-later
"""kdumpd as a service: what it survives, whom it obeys, what it notices."""

import time

from vmtest.registry import EVERY, Group
from vmtest.util import check, equal
from vmtest.watch import Sampler, Tracer

AS_NOBODY = "setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all --bounding-set=-all"
NOTICED = 35    # seconds within which a foreign load or unload has to be mended

group = Group("service", reset=lambda t: t.kdumpd.make_normal())


def check_follows(t):
    """Events still arrive and are decided upon."""
    with t.kdumpd.episode() as episode:
        t.vm.toggle_cpu()
    check(episode.delta("EventsReceived") >= 2, "events do not arrive any more")
    episode.check_switched(t.kernel.updates_itself)


def check_protected(t, disturb):
    """The image stays loaded, untouched, whatever `disturb` does; and events arrive afterwards."""
    with Tracer(t.guest) as tracer:
        with Sampler(t.guest) as sampler:
            disturb()
            t.kdumpd.wait(60, "kdumpd to be armed", State="armed", Armed=True, Foreign=False)
            t.kdumpd.quiet()
        equal([str(call) for call in tracer.calls()], [], "kexec system calls")
    equal(sampler.result["transitions"], 0, f"1 -> 0 transitions, {sampler.result}")
    t.note(f"{sampler.result['samples']} samples in {sampler.result['elapsed_usec'] / 1e6:.1f} s, "
           f"{sampler.result['zeros']} at 0")
    check_follows(t)


def wait_started(t, other_than):
    """Wait until systemd has started another process of kdumpd."""
    t.guest.until("[ \"$(systemctl show -P MainPID kdumpd)\" != 0 ] && "
                  f"[ \"$(systemctl show -P MainPID kdumpd)\" != {other_than} ] && "
                  "systemctl -q is-active kdumpd", 60, "systemd to start kdumpd again")


@group.case()
def killed(t):
    """kill -9: a new process takes over the image without a load."""
    before = t.kdumpd.pid()

    def disturb():
        t.guest.run("systemctl kill --kill-who=main -s KILL kdumpd")
        wait_started(t, before)

    check_protected(t, disturb)
    equal([one.decision for one in t.kdumpd.decisions()][:1], ["adopt"], "first decision")


@group.case()
def restarted(t):
    """systemctl restart: the same."""
    check_protected(t, lambda: t.guest.run("systemctl restart kdumpd", 60))


@group.case()
def udevd_restarted(t):
    """A restart of systemd-udevd loses neither image nor events."""
    check_protected(t, lambda: t.guest.run("systemctl restart systemd-udevd", 60))


# The hotplug of a whole machine, in a second: each event goes through udevd as those of hardware do.
STORM = "for i in $(seq {}); do echo change >/sys/devices/system/cpu/cpu1/uevent; done"


@group.case()
def slow(t):
    """Events that come while kdumpd cannot read them wait for it, as many as there are."""
    before = t.kdumpd.properties()
    t.guest.run("systemctl kill --kill-who=main -s STOP kdumpd")
    try:
        t.guest.run(f"{STORM.format(300)}; udevadm settle --timeout=30", 60)
    finally:
        t.guest.run("systemctl kill --kill-who=main -s CONT kdumpd")
    now = t.kdumpd.quiet()
    equal(now["EventsReceived"] - before["EventsReceived"], 300, "events that were received")
    equal(now["Overflows"], before["Overflows"], "overflows")
    check_follows(t)


@group.case()
def storm(t):
    """Killed and restarted while events come without a pause: no load, and the socket lives."""
    def disturb():
        events = t.guest.start(f"while :; do {STORM.format(10)}; sleep 0.1; done")
        for how in ("kill --kill-who=main -s KILL", "restart", "kill --kill-who=main -s KILL"):
            before = t.kdumpd.pid()
            t.guest.run(f"systemctl {how} kdumpd", 60)
            wait_started(t, before)
            t.guest.run("systemctl -q is-active kdumpd-uevent.socket")
        events.stop()

    check_protected(t, disturb)


@group.case()
def stop_is_final(t):
    """No event starts a kdumpd that somebody has stopped, nor one that never ran."""
    t.guest.run("systemctl stop kdumpd", 60)
    for start in ("true", "systemctl start kdumpd-uevent.socket"):
        t.guest.run(start)
        t.vm.toggle_cpu(times=4)
        t.guest.run("udevadm settle --timeout=30; sleep 2", 60)
        equal(t.guest.run("systemctl is-active kdumpd", check=False).out, "inactive\n", "the unit")
    t.guest.run("systemctl start kdumpd", 60)
    check_follows(t)


@group.case()
def socket_lost(t):
    """Whatever ends kdumpd-uevent.socket, kdumpd goes on, and its next start brings it back."""
    for how in ("kill --kill-who=main -s KILL", "restart"):
        t.guest.run("systemctl stop kdumpd-uevent.socket")
        check_follows(t)
        before = t.kdumpd.pid()
        t.guest.run(f"systemctl {how} kdumpd", 60)
        wait_started(t, before)
        t.guest.run("systemctl -q is-active kdumpd-uevent.socket")
        check_follows(t)


@group.case()
def dbus_restarted(t):
    """When the bus restarts, kdumpd comes back to it."""
    pid = t.kdumpd.pid()
    check_protected(t, lambda: t.guest.run("systemctl restart dbus", 60))
    equal(t.kdumpd.pid(), pid, "process of kdumpd")


@group.case()
def memory_while_away(t):
    """Memory plugged while kdumpd is not running: its start reloads if the kernel did nothing."""
    t.guest.run("systemctl stop kdumpd")
    t.vm.add_dimm()
    with Tracer(t.guest) as tracer:
        t.guest.run("systemctl start kdumpd", 60)
        t.kdumpd.wait(60, "kdumpd to be armed", State="armed", Armed=True)
        t.kdumpd.quiet()
        calls = [str(call) for call in tracer.calls()]
    equal(len(calls), 0 if t.kernel.updates_itself else 1, f"kexec system calls: {calls}")
    t.note("\n".join(map(str, t.kdumpd.decisions())))


@group.case(kernels=("new",))
def log_while_away(t):
    """What the kernel logged while kdumpd was not running counts at its start, if memory came."""
    t.guest.run("systemctl stop kdumpd")
    # A read of the attribute that meets a load makes the kernel log the line.
    t.guest.run("dmesg --clear; kdump-load & while kill -0 $! 2>/dev/null; do "
                "cat /sys/devices/system/memory/crash_hotplug; done >/dev/null; "
                "dmesg | grep -q 'crash hp:'", 60)
    t.vm.add_dimm()
    t.guest.run("systemctl start kdumpd", 60)
    t.kdumpd.wait(60, "kdumpd to be armed", State="armed", Armed=True)
    t.kdumpd.quiet()
    decisions = t.kdumpd.decisions()
    t.note("\n".join(map(str, decisions)))
    equal([one.decision for one in decisions], ["adopt", "reload"], "decisions")
    check("the kernel logged" in decisions[-1].reason, "the reload is for another reason")


@group.case(kernels=("new",))
def forged_log(t):
    """A line of the kernel's log begins as any user wants it to: nothing comes of that."""
    names = ("crash hp: boo", "crash hp: kexec", "crash hp: unabl", "crash hp: ", "crash hp: updat")
    reloads = t.kdumpd.properties()["Reloads"]
    known = len(t.kdumpd.decisions())
    t.guest.run("dmesg --clear")
    with Tracer(t.guest) as tracer:
        for name in names:
            t.guest.run(f"{AS_NOBODY} bash -c 'printf \"{name}\" >/proc/self/comm; "
                        "ulimit -c 0 -s 256; f() { f; }; f'", 60, check=False)
            time.sleep(2)
        t.kdumpd.quiet()
        calls = [str(call) for call in tracer.calls()]
    lines = t.guest.text("dmesg --notime | grep '^crash hp: ' || true").splitlines()
    t.note("\n".join(lines))
    equal(len(lines), len(names), "forged lines in the kernel's log")
    equal(calls, [], "kexec system calls")
    equal(t.kdumpd.properties()["Reloads"], reloads, "reloads")
    equal(len(t.kdumpd.decisions()), known, "decisions")
    check_follows(t)


@group.case()
def stop(t):
    """A stop leaves the image where it is."""
    with Sampler(t.guest) as sampler:
        t.guest.run("systemctl stop kdumpd", 60)
        check(t.kdumpd.is_loaded(), "stopping kdumpd unloaded the image")
    equal(sampler.result["zeros"], 0, "samples at 0")
    equal(t.guest.run("systemctl is-active kdumpd", check=False).out, "inactive\n", "the unit")


@group.case(kernels=("new",))
def unload_on_stop(t):
    """UnloadOnStop=yes unloads, and the next start loads."""
    t.kdumpd.configure("[Service]\nUnloadOnStop=yes")
    t.kdumpd.hangup()
    t.kdumpd.quiet()
    t.guest.run("systemctl stop kdumpd", 60)
    check(not t.kdumpd.is_loaded(), "UnloadOnStop=yes left the image")
    t.guest.run("systemctl start kdumpd", 60)
    check(t.kdumpd.is_loaded(), "the next start did not load")


@group.case()
def methods(t):
    """Load, Unload and Reload through kdumpctl do what they say before they return."""
    t.guest.run("kdumpctl unload", 60)
    check(not t.kdumpd.is_loaded(), "kdumpctl unload left the image")
    properties = t.kdumpd.properties()
    equal((properties["State"], properties["Armed"]), ("unloaded", False), "after unload")
    code, text = t.kdumpd.status_code()
    equal(code, 3, f"exit code of kdumpctl status:\n{text}")
    with t.kdumpd.episode() as episode:     # asked for: hotplug must not load it again
        t.vm.toggle_cpu()
    equal([str(call) for call in episode.calls], [], "kexec system calls while unloaded")
    t.guest.run("kdumpctl load", 120)
    check(t.kdumpd.is_loaded(), "kdumpctl load did not load")
    with Tracer(t.guest) as tracer:
        t.guest.run("kdumpctl reload", 120)
        calls = tracer.calls()
    check(len(calls) == 1 and calls[0].loads and calls[0].ok,
          f"kdumpctl reload made these calls: {list(map(str, calls))}")
    measured = t.kdumpd.properties()["LastUnprotectedUSec"] / 1e6
    exact = calls[0].end - calls[0].start
    check(exact * 0.9 < measured < exact * 1.1 + 0.05,
          f"LastUnprotectedUSec is {measured:.3f} s, the call took {exact:.3f} s")
    check("reload" in t.guest.text("kdumpctl events"), "kdumpctl events lacks the reload")
    t.note(f"unprotected {measured:.3f} s, traced {exact:.3f} s")


@group.case(kernels=("new",))
def dry_run(t):
    """kdump-load --dry-run and kdumpctl test say what would be loaded, and touch nothing."""
    with Tracer(t.guest) as tracer:
        helper = t.guest.text("PATH=$PATH:/usr/libexec:/usr/libexec/kdumpd:/usr/lib/kdumpd "
                              "kdump-load --dry-run", 60)
        tested = t.guest.text("kdumpctl test", 60)
        equal([str(call) for call in tracer.calls()], [], "kexec system calls")
    initrd = f"/boot/initrd-{t.kernel.release}-kdump"
    check(initrd in helper, f"kdump-load --dry-run does not name the initrd:\n{helper}")
    check(initrd in tested, f"kdumpctl test does not name the initrd:\n{tested}")


@group.case(kernels=("new",))
def unprivileged(t):
    """Everybody may read; only the privileged may load, unload, reload or own the name."""
    call = "busctl --system call org.kdumpd1 /org/kdumpd1"
    with Tracer(t.guest) as tracer:
        t.guest.run(f"{AS_NOBODY} busctl --system get-property org.kdumpd1 /org/kdumpd1 "
                    "org.kdumpd1.Manager State")
        t.guest.run(f"{AS_NOBODY} {call} org.kdumpd1.Manager ListDecisions u 5")
        equal(t.guest.run(f"{AS_NOBODY} kdumpctl status", check=False).code, 0,
              "exit code of kdumpctl status as nobody")
        for method in ("Load", "Unload", "Reload"):
            result = t.guest.run(f"{AS_NOBODY} {call} org.kdumpd1.Manager {method}", check=False)
            check(result.code != 0, f"nobody may call {method}()")
            check("denied" in result.err.lower(), f"{method}() as nobody: {result}")
        result = t.guest.run(f"{AS_NOBODY} kdumpctl unload", check=False)
        check(result.code != 0, "nobody may unload with kdumpctl")
        for name in ("org.kdumpd1", "org.kdumpd1.Other"):
            result = t.guest.run(f"{AS_NOBODY} busctl --system call org.freedesktop.DBus "
                                 f"/org/freedesktop/DBus org.freedesktop.DBus RequestName su "
                                 f"{name} 0", check=False)
            # A name that is merely taken would be no error.
            check(result.code != 0 and "denied" in result.err.lower(),
                  f"nobody may own {name}: {result}")
        equal([str(one) for one in tracer.calls()], [], "kexec system calls")
    check(t.kdumpd.is_loaded(), "the image is gone")


@group.case(kernels=("new",))
def stopped(t):
    """A kdumpd that root has stopped is started by nobody, whatever they send to its name."""
    t.guest.run("systemctl stop kdumpd", 60)
    # busctl lets the bus start whom it calls, kdumpctl needs somebody who is there.
    t.guest.run(f"{AS_NOBODY} busctl --system call org.kdumpd1 /org/kdumpd1 "
                "org.freedesktop.DBus.Peer Ping", check=False)
    result = t.guest.run(f"{AS_NOBODY} busctl --system call org.freedesktop.DBus "
                         "/org/freedesktop/DBus org.freedesktop.DBus StartServiceByName su "
                         "org.kdumpd1 0", check=False)
    check(result.code != 0, "the bus would start org.kdumpd1")
    result = t.guest.run(f"{AS_NOBODY} kdumpctl status", check=False)
    check("is not running" in result.err, f"kdumpctl status of a stopped kdumpd: {result}")
    equal(t.guest.run("systemctl is-active kdumpd", check=False).out.strip(), "inactive",
          "kdumpd after root has stopped it")
    t.guest.run("systemctl start kdumpd", 60)
    t.kdumpd.quiet()


@group.case(kernels=("new",))
def hangup(t):
    """SIGHUP reads the configuration again; what is wrong in it is named and does no harm."""
    pid = t.kdumpd.pid()
    t.kdumpd.configure("[Hotplug]\nSettle=700ms\nMaxDelay=nonsense\nUnheardOf=1")
    t.kdumpd.hangup()
    t.kdumpd.wait(20, "the new Settle=", SettleUSec=700000, MaxDelayUSec=10000000)
    equal(t.kdumpd.pid(), pid, "process of kdumpd")
    log = t.guest.text("journalctl -b -u kdumpd --no-pager")
    for line, word in ((3, "MaxDelay"), (4, "UnheardOf")):
        check(any("90-vmtest.conf:" + str(line) in entry and word in entry
                  for entry in log.splitlines()), f"no warning about {word} with file and line")
    t.kdumpd.configure("[Image]\nCommandLineAppend=vmtest.appended=1")
    t.kdumpd.hangup()
    properties = t.kdumpd.quiet()
    check("vmtest.appended=1" in properties["CommandLine"].split(),
          "the new command line is not loaded")
    equal(properties["SettleUSec"], 500000, "SettleUSec after the key is gone")


@group.case(kernels=("new",))
def kernel_source(t):
    """Source=kernel needs no udevd."""
    t.kdumpd.configure("[Hotplug]\nSource=kernel")
    t.guest.run("systemctl restart kdumpd", 60)
    t.kdumpd.quiet()
    units = "systemd-udevd.service systemd-udevd-control.socket systemd-udevd-kernel.socket"
    t.guest.run(f"systemctl stop {units}")
    try:
        check_follows(t)
    finally:
        t.guest.run(f"systemctl start {units}")


def check_mended(t, before, words):
    """kdumpd has noticed within the limit, says who it was, and has its own image loaded again."""
    t.guest.until("[ \"$(busctl get-property org.kdumpd1 /org/kdumpd1 org.kdumpd1.Manager "
                  f"LastLoadUSec)\" != 't {before['LastLoadUSec']}' ]", NOTICED,
                  "the foreign deed to be mended")
    t.kdumpd.wait(10, "kdumpd to be armed", State="armed", Armed=True, Foreign=False)
    check(t.kdumpd.is_loaded(), "the kernel has no image")
    # What the kernel has logged meanwhile may be decided upon after that.
    loads = [one for one in t.kdumpd.decisions() if one.decision in ("load", "reload")]
    reason = loads[-1].reason
    check(words in reason, f"the reason does not say that it was somebody else: {reason}")


@group.case(kernels=("old",))
def foreign_unload(t):
    """`kexec -p -u` by somebody else is noticed and mended."""
    before = t.kdumpd.properties()
    t.guest.run("kexec -p -u")
    check(not t.kdumpd.is_loaded(), "kexec -p -u unloaded nothing")
    check_mended(t, before, "somebody else")


@group.case(kernels=("new",))
def foreign_load(t):
    """An image that somebody else loads, without the flag, is noticed and replaced."""
    before = t.kdumpd.properties()
    release = t.kernel.release
    t.guest.run(f"kexec -p -c /boot/vmlinuz-{release} --initrd=/boot/initrd-{release}-kdump "
                "--command-line='console=ttyS0 nr_cpus=1'", 60)
    equal(t.guest.text("cat /sys/devices/system/memory/crash_hotplug"), "0",
          "crash_hotplug after the foreign load")
    check_mended(t, before, "somebody else")
    equal(t.guest.text("cat /sys/devices/system/memory/crash_hotplug"), "1",
          "crash_hotplug after kdumpd's load")


@group.case()
def cpu_remove(t):
    """A CPU is plugged, and unplugged again (last: memory must not change after this)."""
    number = t.vm.add_cpu()
    t.kdumpd.quiet()
    with t.kdumpd.episode() as episode:
        t.vm.remove_cpu(number)
    check(episode.delta("EventsReceived") >= 2, "no events of the removal")
    episode.check_hotplug(t.kernel.updates_itself)
    t.note(episode.describe())
