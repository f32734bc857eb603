# SPDX-License-Identifier: LGPL-2.1-or-later
"""The main job, for people to watch: install, enable, plug, ask, panic, look at the dump."""

import argparse
import pathlib
import tempfile
import time

from . import build, guesttools, kernels, rootfs
from .cache import Cache, default_directory
from .images import boot_initrd
from .kdumpd import Kdumpd
from .machine import GIB, Config, Machine
from .util import Failure, SetupError, note, say


def parse(argv):
    parser = argparse.ArgumentParser(
        prog="tests/vm/demo", description="Show kdumpd at work in a virtual machine.")
    parser.add_argument("--kernel", choices=("new", "old"), default="new",
                        help="new: 6.12, updates the image itself (default); old: 6.1, does not")
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
    kdumpd = Kdumpd(machine.guest)

    stage.tell(f"A machine with Linux {kernel.release}, systemd, and kdumpd installed")
    stage.type("kdumpctl test")
    stage.type("systemctl enable --now kdumpd")
    stage.type("kdumpctl status")

    stage.tell("Somebody plugs a CPU and 1 GiB of memory")
    machine.add_cpu()
    _, start, end = machine.add_dimm(GIB)
    kdumpd.quiet()
    stage.type("kdumpctl events")
    stage.type("busctl get-property org.kdumpd1 /org/kdumpd1 org.kdumpd1.Manager "
               "State Armed MemoryHotplug EventsReceived Reloads LastUnprotectedUSec")
    stage.type("systemctl status --no-pager --lines=4 kdumpd")

    stage.tell(f"A panic; {start:x}-{end - 1:x} is what was plugged")
    address, marker = machine.put_marker(start, end)
    stage.type("grep 'System RAM' /proc/iomem")
    capture = machine.panic()
    stage.tell(f"The capture kernel {capture.release} is up; its /proc/vmcore has")
    for low, high, _ in capture.loads:
        new = "   <- plugged" if low >= start and high <= end else ""
        say(f"{low:16x}-{high - 1:<16x} {(high - low) >> 20:6} MiB{new}")
    say(f"and the registers of {capture.prstatus} CPUs")
    found = machine.port.read(address, len(marker)) == marker
    say(f"A mark that was written to the plugged memory at {address:x} before the panic is "
        f"{'there' if found else 'NOT there'}")
    return found and capture.covers(start, end) and capture.prstatus == machine.cpus


def show(options, work):
    cache = Cache(default_directory())
    kernel = kernels.prepare(options.kernel, cache, note)
    tools = guesttools.prepare(cache, note)
    base = rootfs.prepare(cache, note)
    destdir = build.install(options.builddir or work / "build", note)
    machine = Machine(Config(), kernel, base, boot_initrd(kernel, tools, destdir), work / "logs")
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
