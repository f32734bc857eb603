# SPDX-License-Identifier: LGPL-2.1-or-later
"""Courses of events that several cases need."""

import time

from .machine import BLOCK, Config
from .util import check, equal


# A file load makes the elfcorehdr in its first half and computes its digest in the second. Memory
# that comes in between is lost; this is where to aim, as parts of the load's duration. Hotplug waits
# for every CPU to pass through the scheduler, which one that computes a digest does only in a
# preemptible kernel.
AIMS = (0.5, 0.6, 0.4, 0.7, 0.3)
PREEMPTIBLE = Config(cmdline="preempt=full")


def plug_within_load(t, tracer, load_command, load_seconds, aim):
    """Plug a DIMM so that its events fall into the second half of the load that the command makes.

    Returns its range, or None if it came too late this time. Only for kernels that update the image
    themselves: that the updates were dropped is known from their log."""
    size = 2 * BLOCK
    known = len(tracer.calls())
    loading = None

    def load_is_at_work():
        nonlocal loading
        loading = t.guest.start(load_command)
        tracer.wait_call(known + 1)
        time.sleep(aim * load_seconds)

    t.guest.run("dmesg --clear")
    _, start, end = t.vm.add_dimm(size, load_is_at_work)
    result = loading.wait(60)
    equal(result.code, 0, f"{load_command}: {result}")
    # One line for each block whose event met the load; the last one that did not mends it all.
    dropped = t.guest.text("dmesg | grep -c 'crash hp: kexec_trylock() failed' || true")
    t.note(f"aimed at {aim:.0%} of the load: {dropped} of {size // BLOCK} updates were dropped")
    return (start, end) if int(dropped) >= size // BLOCK else None


def panic_and_check(t, start, end):
    """Panic, and find a marker of this range and all CPUs in the dump."""
    address, marker = t.vm.put_marker(start, end)
    capture = t.vm.panic()
    t.note(capture.describe())
    equal(capture.release, t.kernel.release, "release of the capture kernel")
    check(capture.covers(start, end), f"the dump lacks {start:x}-{end - 1:x}")
    equal(t.vm.port.read(address, len(marker)), marker, "the marker in the dump")
    equal(capture.prstatus, t.vm.cpus, "CPUs in the dump")
    return capture
