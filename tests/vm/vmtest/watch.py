# SPDX-License-Identifier: LGPL-2.1-or-later
"""Instruments: times of the kexec system calls, samples of crash_loaded, programs started."""

import dataclasses
import json
import re

from .util import Failure

TRACING = "/sys/kernel/tracing"
INSTANCE = f"{TRACING}/instances/vmtest"

_START = f"""set -e
mountpoint -q {TRACING} || mount -t tracefs tracefs {TRACING}
[ ! -d {INSTANCE} ] || rmdir {INSTANCE}
mkdir {INSTANCE}
cd {INSTANCE}
echo mono > trace_clock
for event in sys_enter_kexec_load sys_exit_kexec_load \\
             sys_enter_kexec_file_load sys_exit_kexec_file_load; do
        echo 1 > events/syscalls/$event/enable
done
echo watching
exec cat trace_pipe"""

_LINE = re.compile(r"^\s*(?P<comm>.+)-(?P<pid>\d+)\s+(?:\[\d+\]|\(.*?\)).*?\s(?P<time>\d+\.\d+): "
                   r"(?P<call>sys_kexec_(?:file_)?load)(?:\((?P<args>.*)\)| -> (?P<result>\S+))")


@dataclasses.dataclass
class Call:
    """One kexec_load() or kexec_file_load()."""
    comm: str               # who made it
    pid: int
    file: bool              # kexec_file_load
    unload: bool
    start: float            # seconds, CLOCK_MONOTONIC of the guest
    end: float = 0.0        # 0: it is still running
    result: int = 0         # as the kernel returned it

    @property
    def loads(self):
        return not self.unload

    @property
    def ok(self):
        return self.end > 0 and self.result == 0

    def __str__(self):
        name = "kexec_file_load" if self.file else "kexec_load"
        took = f"{(self.end - self.start) * 1e3:.1f} ms" if self.end else "running"
        return f"{self.comm}: {name}{' (unload)' if self.unload else ''} {took}, {self.result}"


class Tracer:
    """Follows the kexec system calls of the whole guest from now on."""

    def __init__(self, guest):
        self._guest = guest
        self._job = guest.start(_START)
        self._job.wait_line("^watching$", 60)

    def calls(self):
        found, running = [], {}
        for line in self._job.out.splitlines():
            match = _LINE.match(line)
            if not match:
                if "LOST" in line:
                    raise Failure(f"the trace has a hole: {line}")
                continue
            key = (match["pid"], match["call"])
            if match["args"] is not None:
                values = [int(value, 16) for value in re.findall(r": ([0-9a-fx]+)", match["args"])]
                is_file = match["call"] == "sys_kexec_file_load"
                # kexec_load(entry, nr_segments, segments, flags)
                unload = bool(values[4] & 1) if is_file else values[1] == 0
                call = Call(match["comm"], int(match["pid"]), is_file, unload,
                            float(match["time"]))
                running[key] = call
                found.append(call)
            elif key in running:
                call = running.pop(key)
                call.end = float(match["time"])
                call.result = int(match["result"], 16)
                if call.result >= 1 << 63:
                    call.result -= 1 << 64
        return found

    def wait_call(self, number, limit=30):
        """Return as soon as the number-th call (from 1) of any kind has begun."""
        if not self._guest.wait_for(lambda: len(self.calls()) >= number, limit):
            raise Failure(f"waited {limit} s for kexec system call {number}, "
                          f"saw {len(self.calls())}")
        return self.calls()[number - 1]

    def stop(self):
        """The calls up to now, and no more tracing."""
        # trace_pipe blocks when it is empty: what is in it has reached the job by then
        self._job.signal(15)
        self._job.wait(20)
        calls = self.calls()
        self._guest.run(f"rmdir {INSTANCE}")
        return calls

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Executions:
    """Lists the programs that are started in the guest; `lines` has them after the with block."""

    _START = f"""set -e
mountpoint -q {TRACING} || mount -t tracefs tracefs {TRACING}
instance={TRACING}/instances/vmexec
[ ! -d $instance ] || rmdir $instance
mkdir $instance
cd $instance
echo 1 > events/sched/sched_process_exec/enable
echo watching
exec cat trace_pipe"""

    def __init__(self, guest):
        self._guest = guest
        self.lines = None

    def __enter__(self):
        self._job = self._guest.start(self._START)
        self._job.wait_line("^watching$", 60)
        return self

    def __exit__(self, kind, value, trace):
        self._job.signal(15)
        self._job.wait(20)
        self.lines = [line for line in self._job.out.splitlines() if "filename=" in line]
        self._guest.run(f"rmdir {TRACING}/instances/vmexec")


class Sampler:
    """Samples kexec_crash_loaded; `result` has the counts after the with block."""

    def __init__(self, guest):
        self._guest = guest
        self.result = None

    def __enter__(self):
        self._job = self._guest.start("exec sampler")
        self._job.wait_line("^ready$", 20)
        return self

    def __exit__(self, kind, value, trace):
        result = self._job.stop()
        if kind is None:
            if result.code != 0:
                raise Failure(f"sampler: {result}")
            self.result = json.loads(result.out.splitlines()[-1])
            # A sampler that hardly ran has proved nothing.
            elapsed = self.result["elapsed_usec"] / 1e6
            if self.result["samples"] < 100 * elapsed:
                raise Failure(f"too few samples: {self.result}")
