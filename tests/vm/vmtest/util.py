# SPDX-License-Identifier: LGPL-2.1-or-later
"""Small things everybody needs: failures, limits on waiting, programs run on the host."""

import os
import subprocess
import sys
import threading
import time


class Failure(Exception):
    """A case did not see what it must see."""


class Skip(Exception):
    """A case cannot be tried here; the text says why."""


class Timeout(Failure):
    """Something was waited for longer than its limit."""


class VmDied(Failure):
    """QEMU or the guest went away although nobody asked it to."""


class SetupError(Exception):
    """The host lacks something, or a part of the test bench could not be built."""


# Limits are written for a quiet machine with two cores; a slow one multiplies them.
PATIENCE = float(os.environ.get("KDUMPD_VM_PATIENCE", "1"))

_print_lock = threading.Lock()


def say(text, stream=None):
    """Print whole lines, also when several virtual machines run at a time."""
    with _print_lock:
        print(text, file=stream or sys.stdout, flush=True)


def note(text):
    say("\n".join("# " + line for line in str(text).splitlines()))


def check(condition, text):
    if not condition:
        raise Failure(text)


def equal(actual, expected, what):
    if actual != expected:
        raise Failure(f"{what}: expected {expected!r}, got {actual!r}")


def wait_until(probe, limit, what, interval=0.2):
    """Call probe() until it returns something true, which is returned."""
    deadline = time.monotonic() + limit * PATIENCE
    while True:
        value = probe()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Timeout(f"waited {limit * PATIENCE:.0f} s for {what}")
        time.sleep(interval)


def run(argv, **options):
    """Run a program of the host; its output is shown only when it fails."""
    done = subprocess.run([str(a) for a in argv], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                          text=True, check=False, **options)
    if done.returncode != 0:
        raise SetupError(f"{' '.join(map(str, argv[:4]))} ... failed with {done.returncode}:\n"
                         + done.stdout[-4000:])
    return done.stdout
