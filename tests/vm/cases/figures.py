# SPDX-License-Identifier: LGPL-2.1-or-later
"""What kdumpd costs, measured; the limits are those that its users were promised."""

import statistics
import time

from vmtest.machine import GIB, Config
from vmtest.registry import Group
from vmtest.util import check, equal
from vmtest.watch import Executions

group = Group("figures", Config(), reset=lambda t: t.kdumpd.make_normal())

TICKS = 100             # of /proc/PID/stat in a second, as Linux has it everywhere
BURSTS = 5
IDLE_SECONDS = 60       # more than two of the watchdog's rounds


def cpu_seconds(t):
    """CPU time of kdumpd itself, without its children."""
    stat = t.guest.text(f"cat /proc/{t.kdumpd.pid()}/stat").rpartition(")")[2].split()
    return (int(stat[11]) + int(stat[12])) / TICKS


def wakeups(t):
    """How often any of its threads slept and was woken."""
    status = t.guest.text(f"cat /proc/{t.kdumpd.pid()}/status")
    return int(dict(line.split(":", 1) for line in status.splitlines())["voluntary_ctxt_switches"])


@group.case(kernels=("old",))
def burst(t):
    """128 events: one reload, nothing started by udev for it, armed soon after the last event."""
    before = cpu_seconds(t)
    with Executions(t.guest) as executions, t.kdumpd.episode() as episode:
        t.vm.add_dimm(8 * GIB)
    spent = cpu_seconds(t) - before
    check(episode.delta("EventsReceived") >= 128, "64 blocks gave less than 128 events")
    episode.check_reloaded()
    started = [line for line in executions.lines if "kdump" in line]
    equal(started, [], "programs that were started: a load is a fork of kdumpd-load@.service")
    t.note(f"128 events: {episode.delta('Reloads')} reload, {len(started)} programs started "
           f"for it, {spent * 1e3:.0f} ms of CPU time in kdumpd")


# A ratio of times is no test on a machine that others use, too: it runs when it is named.
benchmark = Group("rearming", Config(), reset=lambda t: t.kdumpd.make_normal(), benchmark=True)


@benchmark.case(kernels=("old",))
def rearmed(t):
    """From the last event to armed again: Settle and hardly more than the system call.

    With kexec_file_load, whose call is nearly all of a load; of kexec_load the window is told."""
    t.kdumpd.configure("[Image]\nLoader=kexec_file_load\n[Hotplug]\nCpu=yes")
    t.guest.run("systemctl restart kdumpd", 120)
    t.kdumpd.wait(60, "kdumpd to use the file call", State="armed", Loader="kexec_file_load")
    t.kdumpd.quiet()
    ratios = []
    for _ in range(BURSTS):
        with t.kdumpd.episode() as episode:
            t.vm.toggle_cpu(times=4)
        episode.check_reloaded()
        now = episode.properties
        call = episode.calls[0].end - episode.calls[0].start
        took = (now["LastLoadUSec"] - now["LastEventUSec"] - now["SettleUSec"]) / 1e6
        ratios.append(took / call)
        t.note(f"Settle + {took:.2f} s, of which the system call took {call:.2f} s")
    ratio = statistics.median(ratios)
    t.note(f"median of {BURSTS}: Settle + {ratio:.2f} times the system call")
    check(ratio <= 1.2, f"{ratio:.2f} times the system call is more than 1.2")


@group.case(kernels=("new",))
def idle(t):
    """Nothing happens: only the watchdog wakes it, and it is small."""
    pss = int(t.guest.text(f"awk '/^Pss:/ {{ print $2 }}' /proc/{t.kdumpd.pid()}/smaps_rollup"))
    before, started = wakeups(t), time.monotonic()
    t.guest.run(f"sleep {IDLE_SECONDS}", IDLE_SECONDS + 30)
    woken = wakeups(t) - before
    minutes = (time.monotonic() - started) / 60
    t.note(f"idle: {woken / minutes:.1f} wake-ups a minute, PSS {pss} KiB")
    check(pss <= 4096, f"{pss} KiB are more than 4 MiB")
    # One for each round of 25 s, and one that may begin or end here.
    check(woken <= IDLE_SECONDS / 25 + 2, f"{woken} wake-ups in {minutes * 60:.0f} s")
