# SPDX-License-Identifier: LGPL-2.1-or-later
"""kexec_load: images of our own, with and without the flag that lets the kernel update them."""

import json
import re
import statistics

from vmtest.kdumpd import DROPIN
from vmtest.machine import GIB, Config, NoCapture
from vmtest.registry import Group
from vmtest.scenarios import panic_and_check
from vmtest.util import Failure, Timeout, check, equal
from vmtest.watch import Sampler, Tracer

OWN = "[Image]\nLoader=kexec_load"
CRASH_HOTPLUG = "cat /sys/devices/system/memory/crash_hotplug 2>/dev/null || echo absent"
DAMAGED = "kdumpd: the crash kernel image in memory is damaged"
HALTED = "kdumpd: stopped, as OnDamage=halt asks for"
HALTED_SECONDS = 45     # several times what a reset, or a capture kernel, would take


def make_own(t, more=""):
    """kdumpd runs with Loader=kexec_load, in its sandbox, and has armed the machine so."""
    t.kdumpd.configure(f"{OWN}\n{more}")
    t.guest.run("systemctl enable kdumpd; systemctl restart kdumpd", 120)
    properties = t.kdumpd.wait(60, "kdumpd to be armed", State="armed", Armed=True)
    equal(properties["Loader"], "kexec_load", "Loader")
    t.kdumpd.quiet()


def load_by_hand(t, options="", more=""):
    """kdump-load alone: nobody mends what comes after."""
    t.kdumpd.configure(f"{OWN}\n{more}")
    t.guest.run("systemctl disable --now kdumpd", 60)
    text = t.guest.text(f"kdump-load {options}", 60)
    check("kexec_load" in text, f"kdump-load did not use kexec_load:\n{text}")
    return text


def check_refused(t):
    """Panic: the purgatory says that the image is damaged, and resets the machine."""
    try:
        t.vm.panic()
    except NoCapture:
        check(DAMAGED in t.vm.console(), "the machine restarted, but not for a damaged image")
        return
    raise Failure("a damaged image was started")


def check_boots(t, more=""):
    """Loaded with kexec_load, the capture kernel comes up and has the machine's memory."""
    t.note(load_by_hand(t, more=more).splitlines()[-1])
    t.note(t.guest.text("grep 'Crash kernel' /proc/iomem"))
    capture = t.vm.panic()
    t.note(capture.describe())
    equal(capture.release, t.kernel.release, "release of the capture kernel")
    check(capture.covers(1 << 20, (1 << 20) + 4096), "the dump lacks the first kernel's memory")


group = Group("loader", Config(), reset=make_own)


@group.case()
def auto(t):
    """Loader=auto: the file call where the kernel updates images, else ours; and says why."""
    t.kdumpd.unconfigure()
    t.guest.run("systemctl restart kdumpd; kdumpctl reload", 60)
    properties = t.kdumpd.wait(60, "kdumpd to be armed", State="armed", Armed=True)
    t.note(f"{properties['Loader']}: {properties['LoaderReason']}")
    equal(properties["Loader"], "kexec_file_load" if t.kernel.updates_itself else "kexec_load",
          "Loader")
    test = t.guest.text("kdumpctl test", 60)
    check(properties["LoaderReason"] in test, f"kdumpctl test does not say why:\n{test}")
    check("kernel-addresses" not in t.guest.text("find /run/kdumpd -perm /077 -type f"),
          "everybody may read the kernel's addresses")


@group.case(panics=True)
def flagged_then_panic(t):
    """Image with the flag where there is one: a CPU and memory cost a reload, or not; the dump."""
    updates = t.kernel.updates_itself
    equal(t.guest.text(CRASH_HOTPLUG), "1" if updates else "absent", "crash_hotplug")
    with t.kdumpd.episode() as episode:
        t.vm.add_cpu()
    episode.check_hotplug(updates)
    with t.kdumpd.episode() as episode:
        _, start, end = t.vm.add_dimm(GIB)
    episode.check_hotplug(updates)
    check(all(not call.file for call in episode.calls), "a reload used the other system call")
    t.note(episode.describe())
    panic_and_check(t, start, end)


@group.case(panics=True)
def over_old_data(t):
    """The capture kernel unpacks itself in memory that no segment claims, and that is not zero."""
    # The initrd of the first image lies where the kernel of the second will work.
    t.guest.run("systemctl disable --now kdumpd; head -c 100M /dev/urandom >/boot/large", 60)
    load_by_hand(t, more="Initrd=/boot/large")
    check_boots(t)


@group.case(kernels=("new",), panics=True)
def unflagged_then_panic(t):
    """Image without the flag on a kernel that would update it: as on an old kernel, a reload."""
    load_by_hand(t, "--spoil=flag")
    equal(t.guest.text(CRASH_HOTPLUG), "0", "crash_hotplug")
    t.kdumpd.configure(f"{OWN}\n[Service]\nForeign=adopt")
    t.guest.run("systemctl start kdumpd", 60)
    with t.kdumpd.episode() as episode:
        _, start, end = t.vm.add_dimm(GIB)
    episode.check_reloaded()
    equal(t.guest.text(CRASH_HOTPLUG), "1", "crash_hotplug after kdumpd's own load")
    with t.kdumpd.episode() as episode:
        t.vm.add_cpu()
    episode.check_skipped()
    panic_and_check(t, start, end)


@group.case(kernels=("new",), panics=True)
def nobody_reloads(t):
    """Image without the flag, and no kdumpd: the new memory is not in the dump (the control)."""
    load_by_hand(t, "--spoil=flag")
    _, start, end = t.vm.add_dimm(GIB)
    capture = t.vm.panic()
    check(not capture.overlaps(start, end), "the dump has the new range without a reload")


@group.case(kernels=("new",), panics=True)
def digest_over_elfcorehdr(t):
    """Flag, and a digest over the elfcorehdr: after a hotplug the image is taken for damaged."""
    load_by_hand(t, "--spoil=digest")
    t.vm.add_dimm(GIB)
    check_refused(t)


@group.case(kernels=("new",), panics=True)
def damaged_segment(t):
    """A byte of the kernel that changed after the digest was made: the image is not started."""
    load_by_hand(t, "--spoil=segment")
    check_refused(t)


@group.case(kernels=("new",), panics=True)
def damaged_and_halted(t):
    """OnDamage=halt: the purgatory says so and stops; nothing is started, nothing is reset."""
    load_by_hand(t, "--spoil=segment", "OnDamage=halt")
    try:
        t.vm.panic(limit=HALTED_SECONDS)
    except NoCapture:
        raise Failure("the machine was reset") from None
    except Timeout:
        pass
    else:
        raise Failure("a damaged image was started")
    check(DAMAGED in t.vm.console() and HALTED in t.vm.console(),
          "the purgatory did not say that it stops")
    check("reset in about" not in t.vm.console(), "the purgatory announced a reset")
    equal(t.vm.qmp.execute("query-status")["status"], "running", "state of the virtual machine")


# No CPUs but the present ones: then the kernel's header, which lists all possible ones, has the
# same size as ours.
oracle = Group("loader-oracle", Config(cmdline="possible_cpus=2"), reset=make_own)


@oracle.case(kernels=("new",), panics=True)
def identical(t):
    """The header that the kernel writes is ours, byte for byte: a digest over it still holds."""
    load_by_hand(t, "--spoil=digest")
    t.guest.run("echo 0 >/sys/devices/system/cpu/cpu1/online")
    capture = t.vm.panic()
    t.note(capture.describe())
    equal(capture.release, t.kernel.release, "release of the capture kernel")


figures = Group("loader-figures", Config(), benchmark=True)

REPETITIONS = 20


def milliseconds(values):
    return f"{statistics.median(values):.1f} ({min(values):.1f}-{max(values):.1f})"


@figures.case(kernels=("new",))
def beside_others(t):
    """Whole time, system call and window of both loaders and of kexec(8): medians of 20."""
    release = t.kernel.release
    initrd = "/boot/large"
    t.guest.run("systemctl disable --now kdumpd; head -c 20M /dev/urandom >/boot/large", 60)
    kexec = (f"/boot/vmlinuz-{release} --initrd={initrd} "
             "--command-line='console=ttyS0 nr_cpus=1'")
    commands = {
        "kdump-load, kexec_load": "kdump-load",
        "kdump-load, kexec_file_load": "kdump-load",
        "kexec -p -s": f"kexec -p -s {kexec}",
        "kexec -p -c": f"kexec -p -c {kexec}",
    }
    configure = {name: f"rm -f {DROPIN}; printf '[Image]\\nInitrd={initrd}\\nLoader=%s\\n' "
                       f"{name.rsplit()[-1]} >{DROPIN}" for name in ("kdump-load, kexec_load",
                                                                     "kdump-load, kexec_file_load")}
    whole = {name: [] for name in commands}
    call = {name: [] for name in commands}
    window = {name: [] for name in commands}
    t.kdumpd.configure("")
    t.guest.run("kdump-load", 60)
    # In turn, so that what else the host does hits all of them alike.
    for _ in range(REPETITIONS):
        for name, command in commands.items():
            t.guest.run(configure.get(name, "true"))
            with Tracer(t.guest) as tracer:
                text = t.guest.text(f"a=$(date +%s%N); {command} >/dev/null; b=$(date +%s%N); "
                                    "echo $(((b - a) / 1000))", 60)
                calls = tracer.calls()
            equal(len(calls), 1, f"system calls of {name}")
            whole[name].append(int(text) / 1e3)
            call[name].append((calls[0].end - calls[0].start) * 1e3)
            with Sampler(t.guest) as sampler:
                t.guest.run(command, 60)
            window[name].append(sampler.result["total_usec"] / 1e3)
    for name in commands:
        t.note(f"{name}: whole {milliseconds(whole[name])} ms, system call "
               f"{milliseconds(call[name])} ms, window {milliseconds(window[name])} ms")
    for what, values, other, goal in (("window", window, "kexec -p -s", 0.033),
                                      ("window", window, "kexec -p -c", 0.8),
                                      ("whole time", whole, "kexec -p -c", 0.7)):
        share = (statistics.median(values["kdump-load, kexec_load"]) /
                 statistics.median(values[other]))
        t.note(f"{what}: {share:.3f} of {other} (goal {goal})")


# ACPI tells of memory that can be plugged above 4 GiB, for which Linux sets 64 MiB aside.
NO_SWIOTLB = "CommandLineAppend=swiotlb=512"

small = Group("loader-small", Config(crashkernel="80M"))


@small.case(kernels=("new",), panics=True)
def small_reservation(t):
    """80 MiB are enough for a small initrd."""
    check_boots(t, NO_SWIOTLB)


tiny = Group("loader-tiny", Config(crashkernel="70M"))


@tiny.case(kernels=("new",), panics=True)
def tiny_reservation(t):
    """So are 70 MiB (6.1 runs out of memory in them)."""
    check_boots(t, NO_SWIOTLB)


high = Group("loader-high", Config(crashkernel="100M,high crashkernel=256M,low", memory="5G"))


@high.case(panics=True)
def above_4g(t):
    """crashkernel=X,high and Y,low: the image has to fit above 4 GiB; the kernel runs in both."""
    make_own(t)     # in its sandbox, which does not see addresses
    t.note(t.guest.text("cat /sys/kernel/kexec_crash_size"))
    equal(t.kdumpd.properties()["ReservationBytes"], 100 << 20, "ReservationBytes")
    # It may not read the bench's initrd either, which ends the dry run.
    text = t.guest.run("setpriv --reuid=65534 --clear-groups kdumpctl test", 60, check=False).out
    t.note("\n".join(line for line in text.splitlines() if re.match("Reservation|Fit", line)))
    check("only root sees" in text, f"without privileges kdumpctl test says:\n{text}")
    check_boots(t)


CMA = 512 << 20

cma = Group("loader-cma", Config(crashkernel="160M crashkernel=512M,cma"), default=(),
            full=("newest",))


def check_cma(t, loader):
    """Armed, with what programs are lent counted; a panic, and the capture kernel has that."""
    t.kdumpd.configure(f"[Image]\nLoader={loader}")
    t.guest.run("systemctl enable kdumpd; systemctl restart kdumpd", 120)
    properties = t.kdumpd.wait(60, "kdumpd to be armed", State="armed", Armed=True)
    equal((properties["Loader"], properties["ReservationBytes"], properties["ReservationCmaBytes"]),
          (loader, 160 << 20, CMA), "Loader, ReservationBytes and ReservationCmaBytes")
    text = t.guest.text("kdumpctl status; kdumpctl test", 60)
    t.note("\n".join(line for line in text.splitlines() if re.match(" *Reserv|Fit", line)))
    check("512 MiB of CMA for the capture kernel" in text and "512 MiB are CMA" in text,
          f"kdumpctl status and test do not tell of what programs are lent:\n{text}")
    t.kdumpd.quiet()
    lent = [tuple(int(number, 16) for number in line.split("-"))
            for line in t.guest.text("cat /sys/kernel/kexec/crash_cma_ranges").splitlines()]
    _, start, end = t.vm.add_dimm(GIB)
    t.kdumpd.quiet()
    capture = panic_and_check(t, start, end)
    check(capture.memory_kib << 10 > CMA, f"the capture kernel has {capture.memory_kib >> 10} MiB")
    check(not any(capture.overlaps(first, last + 1) for first, last in lent),
          f"the dump has what is the capture kernel's memory: {lent}")


@cma.case(kernels=("newest",), panics=True)
def cma_with_kexec_load(t):
    """crashkernel=SIZE,cma: an image of ours has that memory and leaves it out of the dump."""
    check_cma(t, "kexec_load")


@cma.case(kernels=("newest",), panics=True)
def cma_with_kexec_file_load(t):
    """The same of the kernel's own loader."""
    check_cma(t, "kexec_file_load")


# What a firmware can keep for itself, in more pieces than have room in boot_params.
MANY = ",".join(f"4K${start}M" for start in range(256, 256 + 140 * 4, 4))

many = Group("loader-many", Config(cmdline=f"memmap={MANY}"), default=(), full=("new",))


@many.case(kernels=("new",), panics=True)
def many_firmware_ranges(t):
    """140 ranges that the firmware keeps: an image of ours, though the kernel updates its own."""
    t.guest.run("systemctl enable kdumpd; systemctl restart kdumpd", 120)
    properties = t.kdumpd.wait(60, "kdumpd to be armed", State="armed", Armed=True)
    t.note(f"{properties['Loader']}: {properties['LoaderReason']}")
    equal(properties["Loader"], "kexec_load", "Loader")
    t.kdumpd.configure("[Image]\nLoader=kexec_file_load")
    result = t.guest.run("kdump-load", 60, check=False)
    check(result.code != 0 and "firmware's memory map" in result.err,
          f"kdump-load with kexec_file_load: {result}")
    t.kdumpd.unconfigure()
    t.kdumpd.quiet()
    _, start, end = t.vm.add_dimm(GIB)
    t.kdumpd.quiet()
    equal(t.guest.text(CRASH_HOTPLUG), "1", "crash_hotplug")
    panic_and_check(t, start, end)


@many.case(kernels=("new",), panics=True)
def many_firmware_ranges_control(t):
    """The kernel's own loader takes such a machine, and its image hangs: the control."""
    release = t.kernel.release
    t.guest.run("systemctl disable --now kdumpd", 60)
    t.guest.run(f"kexec -p -s /boot/vmlinuz-{release} --initrd=/boot/initrd-{release}-kdump "
                "--command-line='console=ttyS0 nr_cpus=1 earlyprintk=ttyS0'", 60)
    try:
        t.vm.panic(limit=HALTED_SECONDS)
    except (NoCapture, Timeout) as error:
        t.note(str(error))
    else:
        raise Failure("the capture kernel came up")


limited = Group("loader-limit", Config())

LIMIT = "/proc/sys/kernel/kexec_load_limit_panic"


@limited.case(kernels=("new",))
def three_at_once(t):
    """Three loads at once wait for each other without using kernel.kexec_load_limit_panic up."""
    t.guest.run("systemctl disable --now kdumpd", 60)
    t.kdumpd.configure("[Image]\nLoader=kexec_file_load")
    t.guest.run(f"echo 40 >{LIMIT}")
    t.guest.run("for i in 1 2 3; do (kdump-load --json >/tmp/load-$i 2>/dev/null; "
                "echo $? >/tmp/code-$i) & done; wait", 120)
    left = int(t.guest.text(f"cat {LIMIT}"))
    reports = [json.loads(t.guest.text(f"cat /tmp/load-{i}")) for i in (1, 2, 3)]
    t.note(f"{left} of 40 are left; the lock was found taken "
           f"{[report['BusyTries'] for report in reports]} times; "
           f"{t.guest.text('cat /tmp/code-?').split()}")
    # They wait for each other by a lock of their own, so none meets the kernel's.
    equal(t.guest.text("cat /tmp/code-?").split(), ["0"] * 3, "exit codes")
    equal([report["BusyTries"] for report in reports], [0] * 3, "times that the lock was taken")
    equal(left, 40 - 3, "calls that are left")


vmlinux = Group("loader-vmlinux", Config(vmlinux=True))


@vmlinux.case(panics=True)
def elf_kernel(t):
    """A vmlinux, as it is built: Loader=auto takes kexec_load for it; memory hotplug; a panic."""
    file = f"/boot/vmlinux-{t.kernel.release}"
    t.guest.run(f"head -c {t.kernel.vmlinux.stat().st_size} /dev/vdb >{file}", 60)
    t.kdumpd.configure(f"[Image]\nKernel={file}")
    t.guest.run("systemctl enable kdumpd; systemctl restart kdumpd", 120)
    properties = t.kdumpd.wait(60, "kdumpd to be armed", State="armed", Armed=True)
    t.note(f"{properties['Loader']}: {properties['LoaderReason']}")
    equal(properties["KernelFile"], file, "KernelFile")
    equal(properties["Loader"], "kexec_load", "Loader")
    t.kdumpd.quiet()
    with t.kdumpd.episode() as episode:
        _, start, end = t.vm.add_dimm(GIB)
    episode.check_hotplug(t.kernel.updates_itself)
    panic_and_check(t, start, end)


unified = Group("loader-unified", Config(efi=True, unified=True))


@unified.case(panics=True)
def unified_kernel(t):
    """Started by UEFI from a unified kernel image, and there is no other kernel: out of it."""
    file = "/boot/efi/EFI/Linux/debian.efi"
    t.guest.run(f"mkdir -p {file.rsplit('/', 1)[0]}; cat /dev/vdb >{file}; rm /boot/vmlinuz-*", 60)
    check("BOOT_IMAGE" not in t.guest.text("cat /proc/cmdline"), "a boot loader was in between")
    t.guest.run("systemctl enable --now kdumpd", 120)
    properties = t.kdumpd.wait(60, "kdumpd to be armed", State="armed", Armed=True)
    t.note(f"{properties['Loader']}: {properties['LoaderReason']}")
    equal(properties["KernelFile"], file, "KernelFile")
    equal(properties["Loader"], "kexec_file_load" if t.kernel.updates_itself else "kexec_load",
          "Loader")
    t.kdumpd.quiet()
    _, start, end = t.vm.add_dimm(GIB)
    t.kdumpd.quiet()
    panic_and_check(t, start, end)


RUNTIME_MAP = "cd /sys/firmware/efi/runtime-map && grep '' */*"


def panic_under_efi(t):
    """Hotplug and panic; what the capture kernel shows of EFI, and its console.

    It has to find the ACPI tables, which UEFI keeps where no BIOS has them."""
    _, start, end = t.vm.add_dimm(GIB)
    t.kdumpd.quiet()
    before = len(t.vm.console())
    capture = panic_and_check(t, start, end)
    said = t.vm.console()[before:]
    check("Linux version" in said and "ACPI: RSDP 0x" in said,
          "the capture kernel has not found the ACPI tables")
    return capture, said


efi = Group("loader-efi", Config(efi=True), reset=make_own)


@efi.case(panics=True)
def runtime_services(t):
    """Started by UEFI: the capture kernel has the runtime services, where this kernel put them."""
    lines = t.guest.text(RUNTIME_MAP).splitlines()
    expected = dict(line.split(":", 1) for line in lines)
    check("0/virt_addr" in expected, f"the guest has no runtime services:\n{lines}")
    capture, said = panic_under_efi(t)
    t.note(f"{len(expected) // 5} ranges of EFI runtime services")
    equal(capture.efi, expected, "the EFI runtime map of the capture kernel")
    check("efi: EFI v" in said, "the capture kernel does not know that there is EFI")


@efi.case(panics=True)
def efi_withheld(t):
    """The control: told where the ACPI tables are and nothing else, it has no runtime services."""
    load_by_hand(t, "--spoil=efi")
    before = len(t.vm.console())
    capture = t.vm.panic()
    said = t.vm.console()[before:]
    t.note(capture.describe())
    equal(capture.release, t.kernel.release, "release of the capture kernel")
    check(capture.covers(1 << 20, (1 << 20) + 4096), "the dump lacks the first kernel's memory")
    equal(capture.efi, {}, "the EFI runtime map of the capture kernel")
    check("Linux version" in said and "ACPI: RSDP 0x" in said,
          "the capture kernel has not found the ACPI tables")


no_runtime = Group("loader-efi-noruntime", Config(efi=True, cmdline="efi=noruntime"),
                   reset=make_own)


@no_runtime.case(kernels=("new",), panics=True)
def without_runtime(t):
    """A kernel that leaves the runtime services alone: so does the capture kernel."""
    check("runtime-map" not in t.guest.text("ls /sys/firmware/efi"), "efi=noruntime did nothing")
    capture, _ = panic_under_efi(t)
    equal(capture.efi, {}, "the EFI runtime map of the capture kernel")


debug = Group("loader-efi-debug", Config(efi=True, cmdline="efi=debug"), reset=make_own)


@debug.case(kernels=("new",), panics=True)
def debug_map(t):
    """efi=debug lists far more than what the firmware works in: only that is handed over."""
    lines = t.guest.text(RUNTIME_MAP).splitlines()
    attributes = [int(line.split(":")[1], 16) for line in lines if "/attribute:" in line]
    expected = sorted(value for value in attributes if value >> 63)
    check(0 < len(expected) < len(attributes), f"efi=debug did nothing: {lines}")
    capture, _ = panic_under_efi(t)
    t.note(f"{len(expected)} of {len(attributes)} ranges")
    equal(sorted(int(value, 16) for name, value in capture.efi.items() if "attribute" in name),
          expected, "attributes in the EFI runtime map of the capture kernel")


locked = Group("loader-lockdown", Config(cmdline="lockdown=integrity"))


@locked.case(kernels=("new",))
def lockdown(t):
    """Under lockdown, Loader=auto never takes kexec_load, and Loader=kexec_load is told why."""
    result = t.guest.run("kdump-load --dry-run", 60, check=False)
    check(result.code == 1 and "takes only signed images" in result.err,
          f"Loader=auto under lockdown: {result}")
    t.kdumpd.configure(OWN)
    result = t.guest.run("kdump-load --dry-run", 60, check=False)
    check(result.code == 1 and "locked down (integrity), which forbids kexec_load" in result.err,
          f"Loader=kexec_load under lockdown: {result}")
    t.note(result.err)
