# SPDX-License-Identifier: LGPL-2.1-or-later
"""The main job, for people to watch: install, enable, plug, panic, and a dump on disk."""

import argparse
import pathlib
import tempfile
import time

from . import build, guesttools, kernels, rootfs
from .cache import Cache, default_directory
from .crash import MARKS, crash, directories, facts, new_dump
from .images import boot_initrd
from .machine import GIB, Config, Machine
from .registry import EVERY, Context
from .util import Failure, SetupError, note, say


def parse(argv):
    parser = argparse.ArgumentParser(
        prog="tests/vm/demo", description="Show kdumpd at work in a virtual machine.")
    parser.add_argument("--kernel", choices=EVERY, default="new",
                        help="new: 6.12, updates the image itself (default); old: 6.1, does not; "
                        "trixie: that of Debian 13; newest: of sid")
    parser.add_argument("--builddir", type=pathlib.Path,
                        help="where to build kdumpd (default: a directory that is removed again)")
    return parser.parse_args(argv)


class Stage:
    """Runs commands in the guest as if they were typed there."""

    def __init__(self, machine):
        self._machine = machine
        self._started = time.monotonic()

    def tell(self, text):
        say(f"\n### {text} [{time.monotonic() - self._started:.0f} s]")

    def type(self, command):
        result = self._machine.guest.run(command, limit=120, check=False)
        say(f"# {command}")
        say((result.out + result.err).rstrip())


def play(machine, kernel):
    stage = Stage(machine)
    t = Context(machine)

    stage.tell(f"A machine with Linux {kernel.release}, crashkernel= and systemd; "
               "kdumpd is installed, and no other kdump software")
    stage.type("systemctl enable --now kdumpd")
    stage.type("kdumpctl status")
    stage.type("kdumpctl test")

    stage.tell("Somebody plugs a CPU and 1 GiB of memory")
    machine.add_cpu()
    _, start, end = machine.add_dimm(GIB)
    t.kdumpd.quiet()
    stage.type("kdumpctl events")
    stage.type("systemctl status --no-pager --lines=4 kdumpd")
    stage.type("kdumpctl list")

    stage.tell(f"A panic; {start:x}-{end - 1:x} is what was plugged")
    before = directories(t)
    result = crash(t, marks=MARKS)
    say("\n".join(line for line in result.console.splitlines() if "kdump-capture" in line))
    stage.tell(f"The machine is up again; {result.describe()}")
    stage.type("kdumpctl list")
    stage.type("kdumpctl info")
    stage.type("kdumpctl log | tail -n 12")
    stage.type("journalctl -b -u kdumpd --no-pager --output=cat | grep -i crash")
    return look(t, new_dump(t, before), start, end)


def look(t, directory, start, end):
    """Whether the dump has what it must have."""
    now = facts(t, directory)
    low, size = max(range_ for range_ in now["Ranges"] if range_[0] <= start)
    say(f"The dump lists {low:x}-{low + size - 1:x} and the registers of {now['Cpus']} CPUs: "
        f"what was plugged is {'there' if end <= low + size else 'NOT there'}")
    return now["Result"] == "complete" and end <= low + size and now["Cpus"] == t.vm.cpus


def show(options, work):
    cache = Cache(default_directory())
    kernel = kernels.prepare(options.kernel, cache, note)
    tools = guesttools.prepare(cache, note)
    base = rootfs.prepare(cache, kernel.root, note)
    destdir = build.install(options.builddir or work / "build", note)
    machine = Machine(Config(captures=True), kernel, base,
                      boot_initrd(kernel, tools, destdir, captures=True), work / "logs")
    note(f"booting Linux {kernel.release} under emulation")
    try:
        machine.boot()
        return play(machine, kernel)
    finally:
        machine.stop()


def main(argv):
    options = parse(argv)
    with tempfile.TemporaryDirectory(prefix="kdumpd-demo-", dir="/var/tmp") as work:
        try:
            if show(options, pathlib.Path(work)):
                return 0
        except (Failure, SetupError) as error:
            say(f"tests/vm/demo: {error}")
    return 1
