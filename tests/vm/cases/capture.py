# SPDX-License-Identifier: LGPL-2.1-or-later
"""From a panic to a dump on disk, with the capture initramfs that kdumpd makes."""

import json
import re
import time

from vmtest.crash import (MARKS, PANIC, SYSRQ, ConsoleWatch, check_complete, check_facts,
                          check_listed, check_log, crash, directories, facts, new_dump,
                          wrap_log)
from vmtest.dumpfile import DumpFile
from vmtest.machine import GIB, Config, Disk
from vmtest.registry import EVERY, Group
from vmtest.util import check, equal

MIB = 1 << 20
ALL = ("capture-all",)

# No other software that handles crashes, and nothing configured.
group = Group("capture", Config(captures=True), suites=ALL)


def check_own_image(t):
    properties = t.kdumpd.wait(60, "kdumpd to be armed", State="armed", Armed=True)
    equal(properties["InitrdFile"], f"/var/lib/kdumpd/{t.kernel.release}/initramfs.img",
          "InitrdFile")
    return properties


def arm(t, text):
    """Configure kdumpd, and have an image of its own loaded that is made by it."""
    if t.loader and "Loader=" not in text:
        text = f"[Image]\nLoader={t.loader}\n{text}"
    t.kdumpd.configure(text)
    t.guest.run("systemctl enable kdumpd; systemctl restart kdumpd", 300)
    t.kdumpd.quiet()        # the image from before is adopted, while a new one is built
    properties = check_own_image(t)
    if f"Loader={t.loader}\n" in text:
        equal(properties["Loader"], t.loader, "Loader")
    check(properties["InitrdState"] in ("built", "fresh"),
          f"the initramfs is {properties['InitrdState']}: {properties['InitrdMessage']}")
    equal(t.guest.text("systemctl --failed --no-legend --plain"), "", "failed units")


def check_crash(t, path="/var/crash", **options):
    """Crash, and look at the dump that must come of it; (crash, directory, kdump.json)."""
    before = directories(t, path)
    result = crash(t, marks=MARKS, **options)
    directory = new_dump(t, before, path)
    now = check_complete(t, directory)
    size = int(t.guest.text(f"stat -c %s {directory}/vmcore"))
    t.note(f"{result.describe()}; vmcore {size / MIB:.1f} MiB")
    return result, directory, now


def check_told(t, directory):
    """After the restart kdumpd tells of the new dump: once in the journal, and on D-Bus."""
    t.kdumpd.wait(60, "kdumpd to tell of the crash", LastCrashDirectory=directory)
    entries = t.guest.text("journalctl -b -u kdumpd --no-pager -o json").splitlines()
    told = [entry for entry in map(json.loads, entries)
            if directory in str(entry.get("MESSAGE")) and entry.get("MESSAGE_ID")]
    equal(len([entry for entry in told if "left a complete dump" in entry["MESSAGE"]]), 1,
          f"lines of the journal about the new dump ({told})")
    t.note("\n".join(entry["MESSAGE"] for entry in told))


HOOKS = """mkdir -p /etc/kdumpd/crash.d
cd /etc/kdumpd/crash.d
printf '#!/bin/sh\\necho "first $# $1" >>/var/lib/hooks-ran\\n' >10-first
printf '#!/bin/sh\\necho "second $# $1" >>/var/lib/hooks-ran\\n' >20-second
echo 'echo readme >>/var/lib/hooks-ran' >README
chmod 755 10-first 20-second
sync
"""


def check_hooks(t, directory):
    """The programs in /etc/kdumpd/crash.d ran, each once, in their order, and nothing else."""
    unit = t.guest.text(f"systemd-escape --path --template=kdumpd-crash@.service {directory}")
    t.guest.until(f"journalctl -b --no-pager -u '{unit}' | grep -q 'Finished kdumpd-crash'", 60,
                  "the end of the programs that look at dumps")
    equal(t.guest.text("cat /var/lib/hooks-ran"), f"first 1 {directory}\nsecond 1 {directory}",
          "what the programs in crash.d wrote")
    t.guest.run("rm -r /etc/kdumpd/crash.d; sync")


# What makedumpfile of the guest's system makes of the kernel's pages: the level, and a word of why.
LEVELS = {"old": ("31", ""), "new": ("23", "PAGE_SLAB_MAPCOUNT_VALUE"),
          "trixie": ("31", "does not recognize free pages"), "newest": ("23", "page.compound_info")}


def check_level(t, directory):
    """The level that status, test and the dump tell is the right one for these two."""
    level, why = LEVELS[t.kernel.flavour]
    t.note(t.guest.text("cat /run/kdumpd/kernel-pages"))
    for command in ("kdumpctl status", "kdumpctl test"):
        text = t.guest.text(f"{command} || true", 60)
        lines = [line for line in text.splitlines() if "Dumps:" in line or "Level:" in line]
        check(f"(level {level})" in "".join(lines) and why in "".join(lines),
              f"{command} says:\n{text}")
        t.note("\n".join(lines))
    now = facts(t, directory)
    check(f"-d {level} " in now["Collector"], f"the dump was made by {now['Collector']}")
    check(why in now.get("LevelReason", ""), f"the reason is {now.get('LevelReason')}")
    check(not now["KernelUnknown"], "it was tried twice")


@group.case(kernels=EVERY)
def first_dump(t):
    """crashkernel= and `systemctl enable --now kdumpd` are all it takes; with kexec_load."""
    equal(directories(t), [], "dumps in a fresh guest")
    t.guest.run(HOOKS)
    t.kdumpd.configure("[Image]\nLoader=kexec_load")
    t.guest.run("systemctl enable --now kdumpd", 300)
    properties = check_own_image(t)
    equal(properties["Loader"], "kexec_load", "Loader")
    t.note(t.guest.text(f"stat -c 'initramfs: %s bytes' {properties['InitrdFile']}") +
           f", {properties['InitrdUnpackedBytes']} unpacked")
    _, directory, now = check_crash(t)
    t.note(json.dumps({name: value for name, value in now.items() if name != "Ranges"}))
    t.note(check_listed(t, directory, "complete"))
    check_told(t, directory)
    check_hooks(t, directory)
    check_own_image(t)
    check_level(t, directory)


@group.case()
def tested_crash(t):
    """kdumpctl test --crash with kexec_file_load and Keep=3 with 8 old dumps: its verdict.

    The log has wrapped by then."""
    arm(t, "[Image]\nLoader=kexec_file_load\n[Capture]\nKeep=3")
    equal(t.kdumpd.properties()["Loader"], "kexec_file_load", "Loader")
    old = [f"kdumpd-vm-2026-01-0{day}-10:00:00" for day in range(1, 9)]
    t.guest.run("set -e; mkdir -p /var/crash; cd /var/crash; rm -rf *; touch bystander; "
                f"for name in {' '.join(old)}; do mkdir -m 700 $name; "
                "echo '{\"Result\":\"complete\",\"Vmcore\":\"vmcore\"}' >$name/kdump.json; "
                "head -c 100000 /dev/urandom >$name/vmcore; done; sync")
    before = directories(t)
    wrapped = wrap_log(t)
    t.kdumpd.quiet()
    result = crash(t, "kdumpctl test --crash --yes", marks=MARKS)
    t.note(f"{result.describe()}; {wrapped} lines in the log")
    new = [name for name in directories(t) if name not in before]
    equal(len(new), 1, f"new directories ({new})")
    check_complete(t, f"/var/crash/{new[0]}", wrapped)
    equal(directories(t), sorted([*old[-2:], *new, "bystander"]), "what is left of Keep=3")
    check("kdumpd: crash test" in t.guest.text(f"cat /var/crash/{new[0]}/vmcore-dmesg.txt"),
          "the test left no mark in the log")
    check_told(t, f"/var/crash/{new[0]}")
    text = t.guest.text("kdumpctl status; kdumpctl test || true", 60)
    verdicts = [line for line in text.splitlines()
                if "Crash test:" in line and "it gave a complete dump, with this image" in line]
    equal(len(verdicts), 2, f"verdicts on the test in\n{text}")
    t.note(verdicts[0])


NEXT_KERNEL = """set -e
cp -al /usr/lib/modules/$1 /usr/lib/modules/$2
cp /boot/vmlinuz-$1 /boot/vmlinuz-$2
[ ! -e /boot/config-$1 ] || cp /boot/config-$1 /boot/config-$2
"""


@group.case(kernels=("new",))
def kernel_package(t):
    """The hooks of kernel packages make the initramfs of a kernel that comes, and remove it."""
    now, new = t.kernel.release, f"{t.kernel.release}-next"
    images = "/var/lib/kdumpd"
    t.guest.run(f"set -- {now} {new}\n{NEXT_KERNEL}", 120)
    for command in ("run-parts --exit-on-error --arg={0} --arg=/boot/vmlinuz-{0} /etc/kernel/{1}.d",
                    "kernel-install {2} {0} /boot/vmlinuz-{0}"):
        t.guest.run(command.format(new, "postinst", "add"), 180)
        size = t.guest.text(f"stat -c %s {images}/{new}/initramfs.img")
        t.note(f"{command.split()[0]}: {size} bytes")
        t.guest.run(command.format(new, "postrm", "remove").replace(
            f"remove {new} /boot/vmlinuz-{new}", f"remove {new}"), 60)
        equal(directories(t, images).count(new), 0, f"left by {command}")
        equal(directories(t, images).count(now), 1, "the image of the kernel that runs")
    t.guest.run(f"rm -r /usr/lib/modules/{new} /boot/*-{new}")
    check_own_image(t)


troubles = Group("capture-troubles", Config(
    captures=True, durable=True, root="root-storage", disks=(Disk("spare", 512 * MIB),)),
    long=True, full=("new",), suites=ALL)

SPARE = "/dev/disk/by-id/virtio-spare"


def script(t, name, text):
    """A program of the machine's owner, to be packed."""
    path = f"/usr/local/bin/{name}"
    t.guest.run(f"cat >{path} <<'END'\n#!/bin/sh\n{text}\nEND\nchmod 755 {path}")
    return path


def make_spare(t, size):
    """An ext4 of this size in MiB on the spare disk, and its UUID."""
    t.guest.run(f"umount {SPARE}; wipefs -aq {SPARE}; mke2fs -q -t ext4 {SPARE} {size}M; "
                "udevadm settle", 60)
    return t.guest.text(f"blkid -p -s UUID -o value {SPARE}")


def look_at_spare(t):
    t.guest.run(f"mkdir -p /spare; mountpoint -q /spare || mount {SPARE} /spare")


@troubles.case()
def scripts(t):
    """PreScript= and PostScript= run in the capture kernel, with what the manual promises."""
    arm(t, f"[Capture]\nPreScript={script(t, 'pre', 'echo $# >$1/pre')}\n"
           f"PostScript={script(t, 'post', 'echo $2 >$1/post')}")
    before = directories(t)
    t.note(crash(t, marks=MARKS).describe())
    directory = new_dump(t, before)
    check_facts(t, directory, "complete")
    equal(t.guest.text(f"cat {directory}/pre {directory}/post"), "1\ncomplete",
          "what the scripts wrote")


@troubles.case()
def collector_absent(t):
    """The core collector is gone: a plain copy, that tools can open."""
    pre = script(t, "pre", "rm -f /bin/makedumpfile /usr/bin/makedumpfile /sbin/makedumpfile "
                           "/usr/sbin/makedumpfile")
    arm(t, f"[Capture]\nPreScript={pre}\nExtraFiles=/bin/rm")
    check_copied(t)


@troubles.case()
def collector_dying(t):
    """The core collector writes something and dies: the same, and nothing of it is left."""
    collector = script(t, "collector", 'echo garbage >"$2"; kill -9 $$')
    arm(t, f"[Capture]\nCoreCollector={collector}")
    now = check_copied(t)
    equal(now["CollectorStatus"], 256 + 9, "CollectorStatus")


def check_copied(t):
    before = directories(t)
    result = crash(t, marks=MARKS)
    directory = new_dump(t, before)
    now = check_facts(t, directory, "copied")
    check(now["Message"], "kdump.json does not say why it is a copy")
    check_log(t, directory)
    check("vmcore.incomplete" not in directories(t, directory), "the incomplete file is left")
    t.guest.run(f"makedumpfile --dump-dmesg {directory}/vmcore /tmp/dmesg.$$ && "
                "grep -q 'sysrq triggered crash' /tmp/dmesg.$$", 300)
    equal(t.guest.text(f"head -c 4 {directory}/vmcore | od -An -c").split(),
          ["177", "E", "L", "F"], "beginning of the copy")
    sizes = t.guest.text(f"stat -c '%s bytes, %b blocks' {directory}/vmcore")
    t.note(f"{result.describe()}; {sizes}; {now['Message']}")
    check_listed(t, directory, "copied")
    t.guest.run(f"rm -r {directory}; sync", 60)
    return now


@troubles.case()
def target_full(t):
    """A target without room: log and summary stay, the dump goes, older dumps are whole."""
    uuid = make_spare(t, 24)
    old = "/spare/crash/kdumpd-vm-2026-01-01-10:00:00"
    look_at_spare(t)
    t.guest.run(f"mkdir -p {old}; echo '{{\"Result\":\"complete\",\"Vmcore\":\"vmcore\"}}' "
                f">{old}/kdump.json; head -c 9M /dev/urandom >{old}/vmcore; sync; umount /spare")
    arm(t, f"[Capture]\nTarget=UUID={uuid}\nPath=/crash")
    result = crash(t, marks=MARKS)
    look_at_spare(t)
    new = [name for name in directories(t, "/spare/crash") if f"/{name}" not in old]
    equal(len(new), 1, f"new directories ({new})")
    directory = f"/spare/crash/{new[0]}"
    equal(sorted(directories(t, directory)), ["kdump.json", "vmcore-dmesg.txt"], "files")
    now = check_facts(t, directory, "log-only")
    check_log(t, directory)
    equal(t.guest.text(f"stat -c %s {old}/vmcore"), str(9 * MIB), "size of the old dump")
    t.note(f"{result.describe()}; {now['Message']}")
    check_listed(t, directory, "log-only")
    t.guest.run("umount /spare")


@troubles.case()
def target_slow(t):
    """The target's disk appears 10 s after the capture began to look for it."""
    uuid = make_spare(t, 400)
    arm(t, f"[Capture]\nTarget=UUID={uuid}\nPath=/crash")
    t.vm.unplug_disk("spare")
    t.kdumpd.quiet()
    check_own_image(t)

    def plug(watch):
        watch.wait("Linux version", 60)
        watch.wait("kdump-capture: ", 60)
        time.sleep(10)
        t.vm.plug_disk("spare")

    result = crash(t, during=plug, marks=MARKS)
    t.guest.run("udevadm settle")
    look_at_spare(t)
    directory = new_dump(t, ["lost+found"], "/spare/crash")
    now = check_complete(t, directory)
    check(now["TargetUSec"] >= 8e6, f"it waited {now['TargetUSec'] / 1e6:.1f} s only")
    t.note(result.describe())
    t.guest.run("umount /spare")


@troubles.case()
def target_missing(t):
    """The target never appears: the dump goes to FallbackTarget=."""
    uuid = make_spare(t, 400)
    root = t.guest.text("findmnt -no UUID /")
    arm(t, f"[Capture]\nTarget=UUID={uuid}\nPath=/var/crash\nFallbackTarget=UUID={root}\n"
           "TargetTimeout=5s")
    t.vm.unplug_disk("spare")
    before = directories(t)
    result = crash(t, marks=MARKS)
    directory = new_dump(t, before)
    now = check_complete(t, directory, OnFallback=True)
    t.note(f"{result.describe()}; {now['Target']}")
    t.vm.plug_disk("spare")
    t.guest.until(f"[ -e {SPARE} ]", 30, "the spare disk")


@troubles.case()
def target_gone(t):
    """No target at all: the end of the log is on the console, and the machine comes back."""
    uuid = make_spare(t, 400)
    arm(t, f"[Capture]\nTarget=UUID={uuid}\nPath=/crash\nTargetTimeout=5s")
    t.vm.unplug_disk("spare")
    before = directories(t)
    result = crash(t, marks=MARKS)
    equal(directories(t), before, "dumps on the root")
    since = result.console.find("Linux version")
    check("sysrq triggered crash" in result.console[since:],
          f"the log is not on the console:\n{result.console[since:]}")
    t.note(result.describe())
    t.vm.plug_disk("spare")
    t.guest.until(f"[ -e {SPARE} ]", 30, "the spare disk")
    # Once the disk is there: until then, the dump might be on it.
    look_at_spare(t)
    t.guest.until("journalctl -b -u kdumpd | grep -q 'ended without a shutdown and left no dump:'",
                  60, "the line that tells of it")
    t.guest.run("umount /spare")


@troubles.case()
def second_panic(t):
    """The capture kernel panics itself in the middle: the machine comes back, nothing loops."""
    collector = script(t, "collector", 'echo begun >"$2"; echo c >/proc/sysrq-trigger')
    arm(t, f"[Capture]\nCoreCollector={collector}")
    before = directories(t)
    result = crash(t)
    equal(result.console.count("Linux version "), 1, "kernels that were started by the crash")
    equal(len(re.findall(r"\] Kernel panic - not syncing", result.console)), 2, "panics")
    directory = new_dump(t, before)
    check_log(t, directory)     # it was durable before the dump was begun
    equal(facts(t, directory)["Result"], "incomplete", "Result in kdump.json")
    check_listed_incomplete(t, directory)
    t.note(f"{result.describe()}; left: {directories(t, directory)}")
    check_own_image(t)


def check_listed_incomplete(t, directory):
    names = directories(t, directory)
    check("vmcore" not in names, f"an incomplete dump has a vmcore: {names}")
    text = t.guest.text("kdumpctl list", 60)
    row = next((line for line in t.guest.text("kdumpctl list --json", 60).split("}")
                if directory.rsplit("/", 1)[1] in line), "")
    check("incomplete" in text and (not row or "incomplete" in row),
          f"kdumpctl list does not say incomplete:\n{text}")


@troubles.case()
def power_cut(t):
    """The power fails while the dump is written: older dumps are whole, this one is incomplete."""
    arm(t, "")
    before = directories(t)
    if not before:
        crash(t)
        before = directories(t)
    sums = t.guest.text("cd /var/crash && find . -type f | sort | xargs sha256sum")
    t.guest.run("sync", 60)
    cut_while_writing(t)
    new = [name for name in directories(t) if name not in before]
    equal(len(new), 1, f"new directories ({new})")
    again = t.guest.text(f"cd /var/crash && find . -path ./{new[0]} -prune -o -type f -print | "
                         "sort | xargs sha256sum")
    equal(again, sums, "older dumps")
    directory = f"/var/crash/{new[0]}"
    t.note(t.guest.text(f"ls -l {directory}"))
    check_log(t, directory)     # it was durable before the dump was begun
    equal(facts(t, directory)["Result"], "incomplete", "Result in kdump.json")
    check_listed_incomplete(t, directory)


def cut_while_writing(t):
    watch = ConsoleWatch(t.vm)
    try:
        t.vm.limit_writes(4 * MIB)
        t.guest.start(SYSRQ)
        panic, _ = watch.wait(PANIC, 30)
        watch.wait(r"(?i)copying data", 120, panic)
        time.sleep(0.5)
        text = watch.text(panic)
        check("complete" not in text.rsplit("Copying", 1)[-1], f"too late:\n{text[-1000:]}")
    finally:
        watch.close()
    t.vm.cut_power()


loop = Group("capture-loop", Config(
    captures=True, durable=True, root="root-storage", disks=(Disk("spare", 512 * MIB),)),
    long=True, suites=ALL)

PANICS = 10
# MiB: several of the dumps of 40 to 60 are on it, but only one of those of 7.2, which are 80 to 105.
LOOP_DISK = {"new": 200, "newest": 150}


@loop.case(kernels=("new", "newest"))
def crash_loop(t):
    """Ten panics on a small disk, for four dumps or for one: the last one is there, and whole."""
    uuid = make_spare(t, LOOP_DISK[t.kernel.flavour])
    arm(t, f"[Capture]\nTarget=UUID={uuid}\nPath=/crash")
    seen, cut = set(), 0
    for number in range(1, PANICS + 1):
        crash(t, f"echo 'crash {number} of {PANICS}' >/dev/kmsg; {SYSRQ}", marks=MARKS)
        t.guest.run("udevadm settle")
        look_at_spare(t)
        new = set(directories(t, "/spare/crash")) - seen
        equal(len(new), 1, f"new directories ({new})")
        directory = f"/spare/crash/{new.copy().pop()}"
        now = check_complete(t, directory)
        check(f"crash {number} of" in t.guest.text(f"cat {directory}/vmcore-dmesg.txt"),
              "it is of another crash")
        if number == PANICS // 2:   # something that was cut off, and takes the last space
            cut_off = "/spare/crash/kdumpd-vm-2026-01-01-10:00:00"
            t.guest.run(f"mkdir -m 700 {cut_off}; echo '{{\"Result\":\"incomplete\"}}' "
                        f">{cut_off}/kdump.json; echo old >{cut_off}/vmcore-dmesg.txt; "
                        f"head -c 60M /dev/urandom >{cut_off}/vmcore.incomplete; true")
            cut = directories(t, cut_off)
        seen = set(directories(t, "/spare/crash"))
        whole = t.guest.text("ls -1 /spare/crash/*/vmcore").splitlines()
        t.note(f"{number}: {now['VmcoreBytes'] / MIB:.1f} MiB in {now['DumpUSec'] / 1e6:.1f} s; "
               f"{len(whole)} dumps, {t.guest.text('df -m --output=avail /spare | tail -1')} MiB")
        t.guest.run("umount /spare")
    check("vmcore.incomplete" in cut, f"the disk had no incomplete dump ({cut})")
    look_at_spare(t)
    equal(sorted(directories(t, cut_off)), ["kdump.json", "vmcore-dmesg.txt"],
          "what is left of the incomplete dump")
    # Of what did not go as a whole, the log is there, and its description tells of the dump.
    for name in directories(t, "/spare/crash"):
        left = directories(t, f"/spare/crash/{name}")
        check({"kdump.json", "vmcore-dmesg.txt"} <= set(left), f"{name} has {left} only")
        went = facts(t, f"/spare/crash/{name}").get("Message", "")
        check("vmcore" in left or cut_off.endswith(name) or "its dump went for that in" in went,
              f"{name} does not tell where its dump went: {went!r}")
    check("vmcore" in left, f"the last one, {name}, has only {left}")
    t.guest.run("umount /spare")


watched = Group("capture-watched", Config(captures=True, devices=("-device", "i6300esb")),
                long=True, full=("new",), suites=ALL)

WATCHDOG_SECONDS = 30       # the default of its driver


@watched.case()
def watchdog(t):
    """A hardware watchdog that was armed before the panic does not cut a long capture off."""
    t.guest.run("modprobe i6300esb && udevadm settle")
    t.guest.start("exec 3>/dev/watchdog; while :; do echo >&3; sleep 1; done")
    t.guest.until("[ \"$(cat /sys/class/watchdog/watchdog0/state)\" = active ]", 30, "the watchdog")
    pre = script(t, "pre", f"sleep {2 * WATCHDOG_SECONDS}")
    arm(t, f"[Capture]\nPreScript={pre}\nExtraFiles=/bin/sleep")
    known = len(t.vm.events)
    before = directories(t)
    result = crash(t, marks=MARKS)
    t.note(result.describe())
    bites = [event for event in t.vm.events[known:] if event["event"] == "WATCHDOG"]
    equal(bites, [], "what the watchdog did")
    check_complete(t, new_dump(t, before))
    check(result.marks["complete"] > 2 * WATCHDOG_SECONDS, "it was too fast for this to matter")


hugepages = Group("capture-hugepages", Config(captures=True, crashkernel="128M",
                                              cmdline="sysctl.vm.nr_hugepages=128"),
                  default=("new",), suites=ALL)


@hugepages.case()
def huge_pages(t):
    """Huge pages by a sysctl on the command line, twice what is reserved: not in the capture."""
    equal(t.guest.text("cat /proc/sys/vm/nr_hugepages"), "128", "huge pages of the guest")
    arm(t, "")
    report = json.loads(t.guest.text("kdump-load --dry-run --json", 60))
    words = [word for word in report["CommandLineWords"] if "nr_hugepages" in word["Word"]]
    equal(len(words), 1, f"entries about it among {report['CommandLineWords']}")
    t.note(f"{words[0]['Word']}: {words[0]['Meaning']}: {words[0]['Reason']}")
    check("nr_hugepages" not in report["CommandLine"], f"it is in {report['CommandLine']}")
    check_crash(t)


plugged = Group("capture-plugged", Config(captures=True), long=True, full=("old",), suites=ALL)


@plugged.case()
def memory(t):
    """Memory that was plugged in after the image was loaded is in the dump, and a plugged CPU."""
    arm(t, "[Capture]\nCoreCollector=makedumpfile -c -d 23")
    t.vm.add_cpu()
    _, start, end = t.vm.add_dimm(GIB)
    t.kdumpd.quiet()
    address, marker = t.vm.put_marker(start, end)
    result, directory, now = check_crash(t)
    check(any(low <= start and end <= low + size for low, size in now["Ranges"]),
          f"kdump.json does not list {start:x}-{end:x}: {now['Ranges']}")
    dump = DumpFile(t.guest.fetch(f"{directory}/vmcore", 300))
    t.note(f"{dump.pages} pages, level {dump.level}, {dump.release}")
    equal(dump.release, t.kernel.release, "release in the dump")
    equal(dump.read(address, len(marker)), marker, "the marker in the dump")
    check("Linux version" in result.console, "no second kernel")


# The image fits into what is reserved; to run, the capture kernel needs what programs are lent.
cma = Group("capture-cma", Config(captures=True, crashkernel="80M crashkernel=512M,cma"), default=(),
            full=("newest",), suites=ALL)


def check_cma(t, loader):
    arm(t, f"[Image]\nLoader={loader}")
    properties = t.kdumpd.properties()
    equal((properties["Loader"], properties["ReservationBytes"], properties["ReservationCmaBytes"]),
          (loader, 80 * MIB, 512 * MIB), "Loader, ReservationBytes and ReservationCmaBytes")
    text = t.guest.text("kdumpctl status; kdumpctl test", 60)
    t.note("\n".join(line for line in text.splitlines() if re.match(" *Reserv|Fit", line)))
    check("512 MiB of CMA for the capture kernel" in text and "512 MiB are CMA" in text,
          f"kdumpctl status and test do not tell of what programs are lent:\n{text}")
    check_crash(t)


@cma.case(kernels=("newest",))
def cma_with_kexec_load(t):
    """crashkernel=SIZE,cma: with an image of ours the capture runs in that, and gives a dump."""
    check_cma(t, "kexec_load")


@cma.case(kernels=("newest",))
def cma_with_kexec_file_load(t):
    """The same of the kernel's own loader."""
    check_cma(t, "kexec_file_load")
