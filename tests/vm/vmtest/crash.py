# SPDX-License-Identifier: LGPL-2.1-or-later
"""A crash whose dump the guest saves itself: panic, capture, restart, and what was left behind."""

import dataclasses
import json
import re
import shlex
import threading
import time

from .util import PATIENCE, Failure, Timeout, check, equal

POLL_SECONDS = 0.02
LIMIT = 240         # from a panic to the next boot's first words
SYSRQ = "sync; echo c > /proc/sysrq-trigger"

# What the console shows.
PANIC = r"sysrq: Trigger a crash|Kernel panic - not syncing"
KERNEL = r"Linux version "
EARLY_DEATH = r"int3: |Oops: |Kernel panic - not syncing"


class ConsoleWatch:
    """Notes when each line of the console came, from now on."""

    def __init__(self, machine):
        self._machine = machine
        self._changed = threading.Condition()
        self._lines = []            # (time.time(), text)
        self._ended = False
        self._file = open(machine.logs / "console", "rb")
        self._file.seek(0, 2)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        rest = b""
        while not self._ended:
            data = self._file.read()
            if not data:
                time.sleep(POLL_SECONDS)
                continue
            now = time.time()
            # Progress is shown by writing over the same line.
            *lines, rest = re.split(rb"[\r\n]+", rest + data)
            with self._changed:
                self._lines += [(now, line.decode(errors="replace")) for line in lines if line]
                self._changed.notify_all()

    def find(self, pattern, since=0.0):
        """(time, text) of the first line with this pattern after that time, or None."""
        expression = re.compile(pattern)
        with self._changed:
            return next((line for line in self._lines
                         if line[0] > since and expression.search(line[1])), None)

    def wait(self, pattern, limit, since=0.0):
        deadline = time.monotonic() + limit * PATIENCE
        while True:
            found = self.find(pattern, since)
            if found:
                return found
            if time.monotonic() > deadline or not self._machine.is_alive():
                raise Timeout(f"waited {limit * PATIENCE:.0f} s for {pattern!r} on the console:\n"
                              + "\n".join(text for _, text in self._lines[-25:]))
            with self._changed:
                self._changed.wait(0.2)

    def text(self, start=0.0, end=float("inf")):
        with self._changed:
            return "\n".join(text for when, text in self._lines if start <= when < end)

    def close(self):
        self._ended = True
        self._thread.join()
        self._file.close()


@dataclasses.dataclass
class Crash:
    """What was seen of one; times are seconds since the panic."""
    console: str            # from the panic to the reset
    marks: dict             # kernel, collector, complete, reset, next: what there was of them

    def describe(self):
        return "after the panic: " + ", ".join(f"{name} {seconds:.1f} s"
                                               for name, seconds in self.marks.items())


class NoDump(Failure):
    """The capture kernel died on its own."""


def crash(t, trigger=SYSRQ, during=None, limit=LIMIT, marks=()):
    """Panic, let the capture kernel do its work, and wait until the machine is up again.

    during(watch) is called after the panic; marks are (name, pattern) of lines on the console."""
    t.vm.save_journal()
    (t.vm.logs / f"journal-before-crash-{t.vm.boots}").write_text(t.vm.journal)
    watch = ConsoleWatch(t.vm)
    try:
        with t.vm.restarting(limit):
            job = t.guest.start(trigger)
            panic = _wait_panic(watch, job)
            if during:
                during(watch)
        when = t.vm.reset_event["timestamp"]
        reset = when["seconds"] + when["microseconds"] / 1e6
        return _describe(watch, panic, reset, marks)
    finally:
        watch.close()


def _wait_panic(watch, job):
    """When it panicked; a trigger that ends instead says why."""
    try:
        return watch.wait(PANIC, 30)[0]
    except Timeout as error:
        raise Timeout(f"no panic from {job.script}:\n{job.out}{job.err}\n{error}") from None


def _describe(watch, panic, reset, marks):
    seen = {}
    for name, pattern in (("kernel", KERNEL), *marks):
        found = watch.find(pattern, panic)
        if found and found[0] < reset:
            seen[name] = found[0] - panic
    seen["reset"] = reset - panic
    after = watch.find(KERNEL, reset)
    if after:
        seen["next"] = after[0] - panic
    return Crash(watch.text(panic, reset), seen)


CALLER = re.compile(r"^(\[ *\d+\.\d+\] )\[ *[TC]\d+\] ")

# What kdump-capture says.
MARKS = (("collector", r"kdump-capture: running "),
         ("complete", r"kdump-capture: the dump is complete"))


def listed(t):
    """The dumps as kdumpctl lists them, oldest first."""
    return json.loads(t.guest.text("kdumpctl list --json", 60))


def directories(t, path="/var/crash"):
    return t.guest.text(f"ls -1 {path} 2>/dev/null || true").split()


def new_dump(t, before, path="/var/crash"):
    """The directory of the one dump that was not there before."""
    new = [f"{path}/{name}" for name in directories(t, path) if name not in before]
    equal(len(new), 1, f"new directories in {path} ({new})")
    return new[0]


def facts(t, directory):
    """What kdump.json says."""
    return json.loads(t.guest.text(f"cat {directory}/kdump.json"))


# The oldest record has the number 0 until the ring has no more room; then a few more.
WRAP = """sysctl -qw kernel.printk_devkmsg=on
oldest() {
        dd if=/dev/kmsg bs=8192 count=1 iflag=nonblock 2>/dev/null | head -n 1 | cut -d, -f2
}
n=0
write() {
        for i in $(seq 50); do
                echo "<7>vmtest: line $n of a log that is to wrap" >/dev/kmsg
                n=$((n + 1))
        done
}
while [ "$(oldest)" = 0 ] && [ $n -lt 20000 ]; do
        write
done
write
echo $n
"""


def wrap_log(t):
    """Write to the kernel's log until it has just wrapped for the first time: how many lines."""
    return int(t.guest.text(WRAP, 120))


def check_log(t, directory, wrapped=0):
    """The log of the crashed kernel is there from its first line to the panic; if it has wrapped,
    all of so many lines are."""
    log = t.guest.text(f"cat {directory}/vmcore-dmesg.txt")
    for words in ("sysrq: Trigger a crash", "Kernel panic - not syncing: sysrq triggered crash"):
        check(words in log, f"the log lacks {words!r}: {log[-2000:]}")
    equal(f"Linux version {t.kernel.release}" in log, not wrapped, "the first line is there")
    lines = [int(number) for number in re.findall(r"vmtest: line (\d+) of", log)]
    lacks = sorted(set(range(wrapped)) - set(lines))
    check(not lacks, f"the log lacks {len(lacks)} of {wrapped} lines: {lacks[:5]}")
    return log


def check_facts(t, directory, result, **expected):
    """kdump.json has the result and what is known of any crash of the bench."""
    now = facts(t, directory)
    expected = {"Result": result, "KernelRelease": t.kernel.release, "Host": "kdumpd-vm",
                "CaptureRelease": t.kernel.release, **expected}
    equal({name: now.get(name) for name in expected}, expected, f"kdump.json ({now})")
    check("sysrq triggered crash" in now["PanicMessage"], f"PanicMessage: {now['PanicMessage']}")
    check("sysrq_handle_crash" in now["PanicWhere"], f"PanicWhere: {now.get('PanicWhere')}")
    equal(now["Cpus"], t.vm.cpus, "CPUs with registers")
    return now


def without_callers(log):
    """The lines of a log that say something, without who printed them."""
    return [CALLER.sub(r"\1", line) for line in log.splitlines() if line.strip()]


def check_openable(t, directory):
    """makedumpfile reads the dump: the log in it is the one beside it, from the panic's point."""
    t.guest.run(f"rm -f /tmp/dmesg; makedumpfile --dump-dmesg {directory}/vmcore /tmp/dmesg", 120)
    text = t.guest.text("cat /tmp/dmesg")
    # Both tell who said it, if makedumpfile is new enough, each with a width of its own.
    beside = "\n".join(without_callers(t.guest.text(f"cat {directory}/vmcore-dmesg.txt")))
    lines = without_callers(text)
    check("sysrq triggered crash" in text, "makedumpfile --dump-dmesg found no panic")
    lacks = [line for line in lines if line.strip() not in beside]
    check(not lacks, f"vmcore-dmesg.txt lacks {len(lacks)} of {len(lines)} lines: {lacks[:5]}")


def check_complete(t, directory, wrapped=0, **expected):
    """A complete dump by makedumpfile that tools can open, and nobody else can read."""
    names = t.guest.text(f"ls -1 {directory}").split()
    equal(sorted(names), ["kdump.json", "vmcore", "vmcore-dmesg.txt"], "files of the dump")
    open_ones = t.guest.text(f"find {directory} -perm /077")
    equal(open_ones, "", "what others may read")
    now = check_facts(t, directory, "complete", CollectorStatus=0, Vmcore="vmcore", **expected)
    equal(int(t.guest.text(f"stat -c %s {directory}/vmcore")), now["VmcoreBytes"], "VmcoreBytes")
    check_log(t, directory, wrapped)
    check_openable(t, directory)
    return now


def check_listed(t, directory, state):
    """kdumpctl list, info and log know it, and how it went."""
    name = directory.rsplit("/", 1)[1]
    row = next((row for row in listed(t) if name in json.dumps(row)), None)
    check(row, f"kdumpctl list does not have {name}:\n{t.guest.text('kdumpctl list')}")
    check(state in json.dumps(row), f"kdumpctl list does not call it {state}: {row}")
    text = t.guest.text(f"kdumpctl list; kdumpctl info {shlex.quote(name)}", 60)
    check(state in text and "sysrq triggered crash" in text, f"list and info say:\n{text}")
    check("sysrq triggered crash" in t.guest.text(f"kdumpctl log {shlex.quote(name)}", 60),
          "kdumpctl log does not have the panic")
    return text.partition("\n\n")[0]      # without the end of the log
