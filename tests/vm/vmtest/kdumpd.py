# SPDX-License-Identifier: LGPL-2.1-or-later
"""kdumpd in the guest, seen from outside: D-Bus, kdumpctl, its configuration."""

import dataclasses
import json
import time

from .util import PATIENCE, Failure, Timeout, VmDied, check, equal
from .watch import Tracer

NAME = "org.kdumpd1"
PATH = "/org/kdumpd1"
INTERFACE = "org.kdumpd1.Manager"
DROPIN = "/etc/kdumpd/kdumpd.conf.d/90-vmtest.conf"

# What changes while kdumpd has something to do; equal twice in a row: it is done.
MOVING = ("State", "Armed", "EventsReceived", "Batches", "BatchesSkipped", "Reloads",
          "LoadFailures", "LastLoadUSec", "NextRetryUSec", "InitrdState")
QUIET_SECONDS = 1.5     # well over the default Settle=


@dataclasses.dataclass(frozen=True)
class Decision:
    """One of ListDecisions()."""
    time_usec: int
    subsystems: str
    events: int
    decision: str
    reason: str
    result: str
    details: str

    def __str__(self):
        return (f"{self.decision}: {self.reason} ({self.events} events of "
                f"{self.subsystems or 'nothing'}) -> {self.result} {self.details}")


class Kdumpd:
    def __init__(self, guest):
        self._guest = guest

    def _busctl(self, words, limit=30, check_code=True):
        return self._guest.run(f"busctl --system --json=short --timeout=120 {words}", limit,
                               check=check_code)

    def properties(self):
        answer = self._busctl(f"call {NAME} {PATH} org.freedesktop.DBus.Properties GetAll s "
                              f"{INTERFACE}")
        return {name: value["data"] for name, value in json.loads(answer.out)["data"][0].items()}

    def decisions(self):
        """All that it remembers, oldest first."""
        answer = self._busctl(f"call {NAME} {PATH} {INTERFACE} ListDecisions u 1000")
        return sorted((Decision(*row) for row in json.loads(answer.out)["data"][0]),
                      key=lambda decision: decision.time_usec)

    def call(self, method, limit=120, check_code=True):
        """Load, Unload or Reload; returns when it is done."""
        return self._busctl(f"call {NAME} {PATH} {INTERFACE} {method}", limit, check_code)

    def is_loaded(self):
        """What the kernel says."""
        return self._guest.text("cat /sys/kernel/kexec_crash_loaded") == "1"

    def status_code(self):
        """Exit code and output of `kdumpctl status`."""
        result = self._guest.run("kdumpctl status", check=False)
        return result.code, result.out

    def pid(self):
        return int(self._guest.text("systemctl show -P MainPID kdumpd"))

    # Waiting

    def wait(self, limit, what, **expected):
        """Wait until these properties have these values; returns all properties."""
        deadline = time.monotonic() + limit * PATIENCE
        while True:
            try:
                now = self.properties()
            except (Timeout, VmDied):
                raise
            except Failure:     # not on the bus (yet)
                now = {}
            if now and all(now[name] == value for name, value in expected.items()):
                return now
            if time.monotonic() > deadline:
                seen = {name: now.get(name) for name in expected}
                raise Timeout(f"waited {limit * PATIENCE:.0f} s for {what}: {seen}, "
                              f"{now.get('StateReason')}")
            time.sleep(0.3)

    def quiet(self, limit=90):
        """Wait until all events have arrived and nothing moves any more; the properties then."""
        self._guest.run("udevadm settle --timeout=60 || true", 70)
        deadline = time.monotonic() + limit * PATIENCE
        before = self.properties()
        while True:
            self._guest.run(f"sleep {QUIET_SECONDS}")
            now = self.properties()
            busy = now["State"] == "loading" or now["InitrdState"] == "building"
            if not busy and all(now[name] == before[name] for name in MOVING):
                return now
            if time.monotonic() > deadline:
                raise Timeout(f"kdumpd was not quiet within {limit * PATIENCE:.0f} s: "
                              f"{ {name: now[name] for name in MOVING} }")
            before = now

    # Configuration

    def configure(self, text):
        """Lay a drop-in over the configuration; a reload or restart is up to the caller."""
        directory = DROPIN.rsplit("/", 1)[0]
        self._guest.run(f"mkdir -p {directory} && cat >{DROPIN} <<'END'\n{text}\nEND\n")

    def unconfigure(self):
        self._guest.run(f"rm -f {DROPIN}")

    def hangup(self):
        self._guest.run("systemctl kill --kill-who=main -s HUP kdumpd")

    def make_normal(self):
        """Default configuration, running, armed by kdumpd itself and with nothing left to do."""
        self._guest.run(f"if [ -e {DROPIN} ]; then rm {DROPIN}; systemctl stop kdumpd; fi;"
                        "systemctl -q is-enabled kdumpd || systemctl enable kdumpd;"
                        "systemctl start kdumpd", 120)
        self.wait(60, "kdumpd to be armed", State="armed", Armed=True, Foreign=False)
        self.quiet()

    def episode(self):
        return Episode(self, self._guest)


class Episode:
    """What kdumpd makes of what happens within the with block, once it is quiet again.

    calls: the kexec system calls of the whole guest; decisions: those that are new;
    properties: afterwards; delta(): by how much a counter grew."""

    def __init__(self, kdumpd, guest):
        self._kdumpd = kdumpd
        self._guest = guest
        self.calls = self.decisions = self.properties = self.before = None

    def __enter__(self):
        self.before = self._kdumpd.properties()
        self._known = max((one.time_usec for one in self._kdumpd.decisions()), default=0)
        self.tracer = Tracer(self._guest)
        return self

    def __exit__(self, kind, value, trace):
        try:
            if kind is None:
                self.properties = self._kdumpd.quiet()
        finally:
            self.calls = self.tracer.stop()
        if kind is None:
            self.decisions = [one for one in self._kdumpd.decisions()
                              if one.time_usec > self._known]

    def delta(self, counter):
        return self.properties[counter] - self.before[counter]

    def describe(self):
        counters = ", ".join(f"{name} +{self.delta(name)}" for name in
                             ("EventsReceived", "Batches", "BatchesSkipped", "Reloads"))
        return "\n".join([counters, *map(str, self.decisions), *map(str, self.calls)])

    def check_armed(self):
        equal((self.properties["State"], self.properties["Armed"]), ("armed", True),
              "state afterwards")
        check(self._kdumpd.is_loaded(), "the kernel has no crash kernel image afterwards")

    def check_skipped(self, because="crash_hotplug reads 1"):
        """The image covers the machine as it is: not one system call, and the reason is told."""
        self.check_armed()
        equal([str(call) for call in self.calls], [], "kexec system calls")
        equal(self.delta("Reloads"), 0, "reloads")
        check(self.delta("EventsReceived") > 0, "no event was received")
        check(self.delta("BatchesSkipped") > 0, f"no skip was counted:\n{self.describe()}")
        skips = [one for one in self.decisions if one.decision == "skip"]
        check(skips and all(because in one.reason for one in skips),
              f"no skip has the reason:\n{self.describe()}")

    def check_switched(self, updates_itself):
        """What must come of CPUs going online and offline: nothing of the image changes by it."""
        self.check_skipped("crash_hotplug reads 1" if updates_itself else "online or not")

    def check_reloaded(self, bursts=1):
        """One reload for each burst, of which there are some: each one system call that loads."""
        self.check_armed()
        check(1 <= len(self.calls) <= bursts and all(one.loads and one.ok for one in self.calls),
              f"not one load to each of {bursts} bursts at most:\n{self.describe()}")
        equal(self.delta("Reloads"), len(self.calls), "reloads")
        equal(self.delta("BatchesSkipped"), 0, "skipped batches")
        equal([one.decision for one in self.decisions if one.events], ["reload"] * len(self.calls),
              "decisions about events")

    def check_hotplug(self, updates_itself, bursts=1):
        """What must come of hotplug on a kernel that updates the image itself, or does not."""
        if updates_itself:
            self.check_skipped()
        else:
            self.check_reloaded(bursts)
            reason = next(one.reason for one in self.decisions if one.events)
            check("absent" in reason, f"the reason does not name the absent attribute: {reason}")
