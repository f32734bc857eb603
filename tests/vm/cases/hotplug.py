# SPDX-License-Identifier: LGPL-2.1-or-later
"""CPUs and memory come and go: skip where the kernel updates the image, else one reload a burst."""

from vmtest.machine import GIB, Config
from vmtest.registry import EVERY, Group
from vmtest.scenarios import AIMS, PREEMPTIBLE, panic_and_check, plug_within_load
from vmtest.util import check, equal

group = Group("hotplug", Config(virtio_mem=True), reset=lambda t: t.kdumpd.make_normal())


@group.case(kernels=EVERY)
def cpu_add(t):
    """A CPU is plugged and brought online."""
    with t.kdumpd.episode() as episode:
        t.vm.add_cpu()
    episode.check_hotplug(t.kernel.updates_itself)
    t.note(episode.describe())


@group.case(kernels=EVERY)
def memory_add(t):
    """1 GiB is plugged."""
    with t.kdumpd.episode() as episode:
        t.vm.add_dimm(GIB)
    check(episode.delta("EventsReceived") >= 16, "8 blocks gave less than 16 events")
    episode.check_hotplug(t.kernel.updates_itself)
    t.note(episode.describe())


@group.case(kernels=EVERY)
def memory_add_large(t):
    """8 GiB are plugged: 64 blocks, 128 events, one decision."""
    with t.kdumpd.episode() as episode:
        t.vm.add_dimm(8 * GIB)
    check(episode.delta("EventsReceived") >= 128, "64 blocks gave less than 128 events")
    equal(episode.delta("Overflows"), 0, "overflows")
    episode.check_hotplug(t.kernel.updates_itself)
    t.note(episode.describe())


@group.case(kernels=EVERY)
def memory_remove(t):
    """A DIMM is unplugged again."""
    name, _, _ = t.vm.add_dimm(GIB)
    t.kdumpd.quiet()
    with t.kdumpd.episode() as episode:
        t.vm.remove_dimm(name)
    check(episode.delta("EventsReceived") >= 16, "8 blocks gave less than 16 events")
    # Taking a block offline moves what is in it: on a busy host the pauses exceed Settle.
    episode.check_hotplug(t.kernel.updates_itself, bursts=3)
    t.note(episode.describe())


@group.case(kernels=EVERY)
def virtio_mem(t):
    """A virtio-mem device grows by 512 MiB and shrinks again."""
    for size in (GIB // 2, 0):
        with t.kdumpd.episode() as episode:
            t.vm.resize_virtio_mem(size)
        # Shrinking moves what is in the blocks, as removing a DIMM does.
        episode.check_hotplug(t.kernel.updates_itself, bursts=1 if size else 4)
        t.note(episode.describe())


@group.case(kernels=EVERY)
def cpu_toggles(t):
    """A CPU goes offline and online 16 times in a hurry: one decision."""
    with t.kdumpd.episode() as episode:
        t.vm.toggle_cpu(times=16)
    check(episode.delta("EventsReceived") >= 32, "32 changes gave less than 32 events")
    episode.check_switched(t.kernel.updates_itself)
    equal(len([one for one in episode.decisions if one.events]), 1, "decisions")
    t.note(episode.describe())


# On a machine of its own: the marker has to get a page of the one DIMM.
panic = Group("panic", Config(), reset=lambda t: t.kdumpd.make_normal())


@panic.case(kernels=EVERY, panics=True)
def panic_after_hotplug(t):
    """The dump has a CPU and memory that were not there when the image was first loaded."""
    t.vm.add_cpu()
    _, start, end = t.vm.add_dimm(GIB)
    t.kdumpd.quiet()
    panic_and_check(t, start, end)


stale = Group("stale", Config(), reset=lambda t: t.kdumpd.make_normal())


def remove_what_was_added(t):
    """Plug a DIMM and unplug it: its range, and kdumpd's properties."""
    name, start, end = t.vm.add_dimm(GIB)
    t.kdumpd.quiet()
    t.vm.remove_dimm(name)
    return start, end, t.kdumpd.quiet()


@stale.case(kernels=("new",), panics=True)
def removed_memory_stays_listed(t):
    """The kernel updates the image too early at a removal: it is told, and the dump shows it."""
    start, end, now = remove_what_was_added(t)
    equal((now["Reloads"], now["Stale"]), (0, True), "reloads and staleness")
    check("8 memory blocks" in now["StaleReason"], f"the reason is {now['StaleReason']}")
    check("Stale: 8 memory blocks" in t.kdumpd.status_code()[1], "kdumpctl status says nothing")
    capture = t.vm.panic()
    check(capture.overlaps(start, end), "the removed range is not listed, so it is not stale")


@stale.case(kernels=("new",), panics=True)
def reload_when_stale(t):
    """ReloadWhenStale=yes: one reload, and the dump lists nothing that is gone."""
    t.kdumpd.configure("[Hotplug]\nReloadWhenStale=yes")
    t.kdumpd.hangup()
    start, end, now = remove_what_was_added(t)
    equal((now["Reloads"], now["Stale"]), (1, False), "reloads and staleness")
    capture = t.vm.panic()
    check(not capture.overlaps(start, end), "the removed range is still listed")


overlap = Group("overlap", PREEMPTIBLE, reset=lambda t: t.kdumpd.make_normal())


@overlap.case(kernels=("new",), panics=True)
def memory_during_load(t):
    """Memory that comes while a load runs, which the kernel then misses, is loaded for again."""
    t.kdumpd.call("Reload")
    for aim in AIMS:
        with t.kdumpd.episode() as episode:
            found = plug_within_load(t, episode.tracer, "kdumpctl reload",
                                     episode.before["LastUnprotectedUSec"] / 1e6, aim)
        if found:
            break
    check(found, "could not get a DIMM's events into a load")
    episode.check_armed()
    equal(t.guest.text("cat /sys/devices/system/memory/crash_hotplug"), "1", "crash_hotplug")
    check(len(episode.calls) == 2 and all(call.loads and call.ok for call in episode.calls),
          f"not exactly one more load after the one that was met:\n{episode.describe()}")
    again = [one for one in episode.decisions if one.decision == "reload" and one.events]
    check(again and "met a load" in again[-1].reason,
          f"no decision names the reason:\n{episode.describe()}")
    t.note(episode.describe())
    panic_and_check(t, *found)
