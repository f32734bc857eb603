# SPDX-License-Identifier: LGPL-2.1-or-later
"""The bench itself, without kdumpd: what the kernels do when nobody reloads."""

from vmtest.machine import BLOCK, GIB, Config
from vmtest.registry import Group
from vmtest.scenarios import AIMS, PREEMPTIBLE, plug_within_load
from vmtest.util import Failure, check, equal
from vmtest.watch import Sampler, Tracer

CAPTURE_COMMAND_LINE = ("console=ttyS0,115200 nr_cpus=1 reset_devices irqpoll acpi_no_memhotplug "
                        "panic=10 mitigations=off no_timer_check random.trust_cpu=on")

group = Group("selftest", Config(virtio_mem=True), tree="", full=("new",))


def load_command(t):
    release = t.kernel.release
    return (f"kload load /boot/vmlinuz-{release} /boot/initrd-{release}-kdump "
            f"'{CAPTURE_COMMAND_LINE}'")


def load(t):
    return t.guest.text(load_command(t), 60)


@group.case()
def agent(t):
    """The agent gives back output, errors, exit codes and signals, and enforces limits."""
    result = t.guest.run("echo out; echo err >&2; exit 3", check=False)
    equal((result.code, result.out, result.err), (3, "out\n", "err\n"), "result of a command")
    result = t.guest.run("kill -9 $$", check=False)
    equal(result.code, 137, "exit code of a killed command")
    equal(len(t.guest.text("head -c 300000 /dev/zero | tr '\\0' x")), 300000, "long output")
    slow = t.guest.start("echo begun; sleep 100")
    slow.wait_line("^begun$")
    equal(t.guest.text("echo meanwhile"), "meanwhile", "second command at the same time")
    try:
        slow.wait(0.5)
    except Failure as failure:
        check("still running" in str(failure), f"wrong failure: {failure}")
    else:
        raise Failure("a command over its limit was not noticed")
    equal(slow.wait(10).code, 137, "exit code of a command that was over its limit")


@group.case()
def instruments(t):
    """Tracer and sampler see a load, a reload and an unload as what they are."""
    load(t)
    with Tracer(t.guest) as tracer:
        with Sampler(t.guest) as quiet:
            t.guest.run("sleep 1")
        equal((quiet.result["zeros"], quiet.result["transitions"]), (0, 0), "samples at rest")
        with Sampler(t.guest) as sampler:
            took = load(t)
        calls = tracer.calls()
        equal([call.loads and call.ok and call.file for call in calls], [True], "traced calls")
        span = calls[0].end - calls[0].start
        seen = sampler.result["total_usec"] / 1e6
        equal(sampler.result["transitions"], 1, "1 -> 0 transitions of a reload")
        check(0.5 * span < seen < 1.5 * span + 0.1,
              f"the trace says {span:.3f} s, the samples {seen:.3f} s")
        t.guest.run("kload unload")
        calls = tracer.calls()
        equal([call.unload for call in calls], [False, True], "traced calls with the unload")
    equal(t.guest.text("cat /sys/kernel/kexec_crash_loaded"), "0", "loaded after the unload")
    t.note(f"a reload takes {took}, sampler: {sampler.result}")


@group.case()
def reboot(t):
    """The guest restarts, keeps its disk, and the agent comes back."""
    identity = t.guest.text("cat /proc/sys/kernel/random/boot_id; touch /etc/kept")
    t.vm.reboot()
    check(t.guest.text("cat /proc/sys/kernel/random/boot_id") != identity, "it did not restart")
    t.guest.run("test -e /etc/kept")


@group.case()
def hotplug(t):
    """What is plugged and unplugged shows in the guest as that many blocks and CPUs."""
    vm = t.vm
    number = vm.add_cpu()
    equal(t.guest.text("cat /sys/devices/system/cpu/online"), f"0-{number}", "CPUs online")
    blocks = vm.memory_blocks()
    name, start, end = vm.add_dimm(8 * GIB)
    equal(vm.memory_blocks() - blocks, 64, "blocks of 8 GiB")
    vm.resize_virtio_mem(GIB // 2)
    equal(vm.memory_blocks() - blocks, 64 + GIB // 2 // BLOCK, "blocks with virtio-mem")
    vm.resize_virtio_mem(0)
    vm.remove_dimm(name)
    equal(vm.memory_blocks(), blocks, "blocks after everything was unplugged")


@group.case(panics=True)
def panic_after_hotplug(t):
    """Without a reload the new kernel's dump has what was hot-added, the old one's has not."""
    load(t)
    attribute = t.guest.text("cat /sys/devices/system/memory/crash_hotplug 2>/dev/null || echo no")
    equal(attribute, "1" if t.kernel.updates_itself else "no", "crash_hotplug after the load")
    t.vm.add_cpu()
    _, start, end = t.vm.add_dimm()
    address, marker = t.vm.put_marker(start, end)
    capture = t.vm.panic()
    t.note(capture.describe())
    equal(capture.release, t.kernel.release, "release of the capture kernel")
    check("acpi_no_memhotplug" in capture.cmdline, "the command line did not arrive")
    check(capture.memory_kib < 256 << 10, "the capture kernel took the machine's memory")
    check(capture.covers(1 << 20, (1 << 20) + 4096), "the dump lacks the first kernel's memory")
    if t.kernel.updates_itself:
        check(capture.covers(start, end), "the dump lacks the hot-added range")
        equal(t.vm.port.read(address, len(marker)), marker, "the marker in the dump")
        equal(capture.prstatus, t.vm.cpus, "CPUs in the dump")
    else:
        check(not capture.overlaps(start, end), "the dump has the new range without a reload")
        equal(t.vm.port.read(address, len(marker)), "no segment holds it", "reading the marker")
        equal(capture.prstatus, t.vm.cpus - 1, "CPUs in the dump")


lossy = Group("selftest-overlap", PREEMPTIBLE, tree="")


@lossy.case(kernels=("new",), panics=True)
def memory_lost_to_load(t):
    """Memory that comes during a load is lost without another one, crash_hotplug reads 1 or not."""
    load(t)
    seconds = float(load(t).split()[0]) / 1e3
    with Tracer(t.guest) as tracer:
        for aim in AIMS:
            found = plug_within_load(t, tracer, load_command(t), seconds, aim)
            if found:
                break
    check(found, "could not get a DIMM's events into a load")
    equal(t.guest.text("cat /sys/devices/system/memory/crash_hotplug"), "1", "crash_hotplug")
    capture = t.vm.panic()
    t.note(capture.describe())
    check(not capture.covers(*found), "the dump has the memory that the kernel missed")
