# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs the chosen cases, boot by boot, and tells how each went."""

import concurrent.futures
import itertools
import shutil
import threading
import time
import traceback

from .images import boot_initrd, overlay_disk
from .machine import Machine
from .registry import Context
from .util import Failure, Skip, note, say


class Bench:
    """Everything that the boots have in common."""

    def __init__(self, kernels, absent, tools, base_images, trees, results, loader=""):
        self.kernels = kernels          # {flavour: Kernel}
        self.absent = absent            # {flavour: why there is no such kernel}
        self.tools = tools
        self.base_images = base_images  # {(flavour, root, loader): path}
        self.trees = trees              # {Group.tree: directory}
        self.results = results
        self.loader = loader
        self._initrds = {}
        self._lock = threading.Lock()

    def initrd(self, flavour, tree, config):
        """What is laid over the root, with what does that unless the disk has it."""
        with self._lock:
            key = (flavour, tree, config.captures, bool(config.loader))
            destdir = self.trees.get(tree)
            if key not in self._initrds:
                self._initrds[key] = (
                    overlay_disk(self.tools, destdir) if config.loader else
                    boot_initrd(self.kernels[flavour], self.tools, destdir, config.captures))
            return self._initrds[key]


class Tally:
    """Counts the results and prints a line for each."""

    def __init__(self, planned):
        self.counts = {"passed": 0, "failed": 0, "skipped": 0}
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        say(f"1..{planned}")

    def report(self, name, outcome, seconds, text="", notes=()):
        with self._lock:
            self.counts[outcome] += 1
            lines = [f"{'not ok' if outcome == 'failed' else 'ok'} {next(self._numbers)} - {name}"
                     + (f" # SKIP {text}" if outcome == "skipped" else f" ({seconds:.1f} s)")]
            if outcome == "failed":
                notes = [*notes, *text.splitlines()]
            lines += [f"#   {line}" for line in notes]
            say("\n".join(lines))

    def closing_line(self):
        return ", ".join(f"{self.counts[kind]} {kind}" for kind in ("passed", "failed", "skipped"))


class Session:
    """One group on one kernel: boots as often as its panics make it necessary."""

    def __init__(self, bench, flavour, group, cases, tally):
        self._bench = bench
        self._flavour = flavour
        self._group = group
        self._cases = cases
        self._tally = tally
        self._logs = bench.results / f"{flavour}-{group.name}"
        self._boots = 0
        self._machine = None
        self._directory = None
        self._context = None
        self._no_boot = ""      # why the group cannot be booted

    def run(self):
        for case in self._cases:
            self._run_case(case)
        self._end(keep_logs=False)

    def _boot(self):
        self._boots += 1
        self._directory = self._logs.with_name(f"{self._logs.name}-{self._boots}")
        shutil.rmtree(self._directory, ignore_errors=True)
        config, kernel = self._group.config, self._bench.kernels[self._flavour]
        self._machine = Machine(config, kernel,
                                self._bench.base_images[self._flavour, config.root, config.loader],
                                self._bench.initrd(self._flavour, self._group.tree, config),
                                self._directory)
        try:
            self._machine.boot()
        except Failure as failure:
            self._no_boot = f"no boot: {failure}"
            raise
        self._context = Context(self._machine, self._bench.loader)
        self._context.note(f"boot took {self._machine.boot_seconds:.1f} s")

    def _end(self, keep_logs):
        """Stop the machine; logs of boots without a failure are not kept."""
        if not self._machine:
            return
        machine, self._machine = self._machine, None
        if keep_logs and machine.is_alive() and not machine.panicked:
            machine.save_journal()
        machine.stop()
        if keep_logs:
            (self._directory / "journal").write_text(machine.journal)
        elif not (self._directory / "failures").exists():
            shutil.rmtree(self._directory, ignore_errors=True)

    def _try_case(self, case):
        """(outcome, text) of one attempt."""
        try:
            if self._flavour in self._bench.absent:
                raise Skip(self._bench.absent[self._flavour])
            if self._no_boot:
                raise Failure(self._no_boot)
            if not self._machine or not self._machine.is_alive():
                self._end(keep_logs=False)
                self._boot()
            if self._group.reset:
                self._group.reset(self._context)
            case.function(self._context)
        except Skip as reason:
            return "skipped", str(reason)
        except Failure as failure:
            return "failed", str(failure)
        except Exception:
            return "failed", traceback.format_exc()
        return "passed", ""

    def _run_case(self, case):
        name = f"{self._flavour}/{self._group.name}/{case.name}"
        started = time.monotonic()
        self._context = self._context if self._machine else None
        outcome, text = self._try_case(case)
        crash = self._machine.crash_of_qemu() if self._machine else ""
        if outcome == "failed" and crash:
            note(f"{name}: {crash}; once more")
            self._end(keep_logs=False)
            outcome, text = self._try_case(case)
        context = self._context
        seconds = time.monotonic() - started
        notes = context.notes if context else []
        if self._machine and self._machine.panicked and self._machine.panic_seconds:
            notes.append(f"panic to capture took {self._machine.panic_seconds:.1f} s")
        if outcome == "failed" and self._directory:
            text += f"\nlogs: {self._directory}"
            with open(self._directory / "failures", "a", encoding="utf-8") as log:
                log.write(f"{name}\n{text}\n\n")
        self._tally.report(name, outcome, seconds, text, notes)
        if context:
            context.notes = []
        if case.panics or outcome == "failed":
            # What a failed case leaves behind must not spoil the next one.
            self._end(keep_logs=outcome == "failed")


def run(bench, plan, jobs):
    """plan: [(flavour, group, cases)]; returns the tally."""
    tally = Tally(sum(len(cases) for _, _, cases in plan))
    bench.results.mkdir(parents=True, exist_ok=True)
    sessions = [Session(bench, flavour, group, cases, tally) for flavour, group, cases in plan]
    with concurrent.futures.ThreadPoolExecutor(max_workers=jobs) as pool:
        for future in [pool.submit(session.run) for session in sessions]:
            future.result()
    return tally
