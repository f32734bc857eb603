# SPDX-License-Identifier: LGPL-2.1-or-later
"""The bench itself, without kdumpd: what the kernels do when nobody reloads."""

from vmtest.registry import Group
from vmtest.util import Failure, check, equal
from vmtest.watch import Sampler, Tracer

CAPTURE_COMMAND_LINE = ("console=ttyS0,115200 nr_cpus=1 reset_devices irqpoll acpi_no_memhotplug "
                        "panic=10 mitigations=off no_timer_check random.trust_cpu=on")

group = Group("selftest", kdumpd=False)


def load(t):
    release = t.kernel.release
    return t.guest.text(f"kload load /boot/vmlinuz-{release} /boot/initrd-{release}-kdump "
                        f"'{CAPTURE_COMMAND_LINE}'", 60)


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
