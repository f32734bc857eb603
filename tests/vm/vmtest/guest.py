# SPDX-License-Identifier: LGPL-2.1-or-later
"""Commands run in the guest, through the agent on a virtio-serial port (guest/agent.c)."""

import dataclasses
import itertools
import re
import threading

from .qmp import connect
from .util import PATIENCE, Failure, Timeout, VmDied


@dataclasses.dataclass
class Result:
    code: int
    out: str
    err: str

    def __str__(self):
        return f"exit code {self.code}\n{self.out}{self.err}".rstrip()


class Job:
    """A command that was started in the guest."""

    def __init__(self, guest, number, script):
        self._guest = guest
        self._number = number
        self._out = {"out": bytearray(), "err": bytearray()}
        self._code = None
        self.script = script

    def _fed(self, stream, data):
        self._out[stream] += data

    def _ended(self, code):
        self._code = code

    @property
    def out(self):
        return self._out["out"].decode(errors="replace")

    @property
    def data(self):
        return bytes(self._out["out"])

    @property
    def err(self):
        return self._out["err"].decode(errors="replace")

    def signal(self, number):
        self._guest.send(f"signal {self._number} {number}\n".encode())

    def wait(self, limit=30):
        """The result; a command over its limit is killed and is a failure."""
        if not self._guest.wait_for(lambda: self._code is not None, limit):
            self.signal(9)
            raise Timeout(f"still running in the guest after {limit * PATIENCE:.0f} s:\n"
                          f"{self.script}\n{self.out}{self.err}")
        return Result(self._code, self.out, self.err)

    def wait_line(self, pattern, limit=30):
        """The match of the first line of output with this pattern, as soon as it is there."""
        expression = re.compile(pattern)
        found = []

        def look():
            for line in self.out.splitlines():
                match = expression.search(line)
                if match:
                    found.append(match)
                    return True
            return self._code is not None

        self._guest.wait_for(look, limit)
        if not found:
            raise Failure(f"no line with {pattern!r} from the guest's\n{self.script}\n"
                          f"{self.out}{self.err}")
        return found[0]

    def stop(self, limit=20):
        """Ask it to end, and give the result."""
        self.signal(15)
        return self.wait(limit)


def range_command(path, offset, size):
    """What prints some of the bytes of a file or device."""
    return f"tail -c +{offset + 1} {path} | head -c {size}"


class Guest:
    def __init__(self, path, alive):
        self._alive = alive
        self._socket = connect(path, 20, alive)
        self._numbers = itertools.count(1)
        self._jobs = {}
        self._changed = threading.Condition()
        self._sending = threading.Lock()
        self.gone = False
        self.is_there = False
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        stream = self._socket.makefile("rb")
        try:
            for line in stream:
                words = line.decode(errors="replace").split()
                # The first word may have junk before it: the port's buffer outlives a reboot.
                kind = words[0] if words else ""
                payload = stream.read(int(words[2])) if kind in ("out", "err") else b""
                with self._changed:
                    if kind.endswith("hello"):
                        self.is_there = True
                    elif kind in ("out", "err"):
                        self._jobs[int(words[1])]._fed(kind, payload)
                    elif kind == "exit":
                        self._jobs[int(words[1])]._ended(int(words[2]))
                    self._changed.notify_all()
        except (OSError, ValueError, IndexError, KeyError):
            pass
        with self._changed:
            self.gone = True
            self._changed.notify_all()

    def send(self, data):
        with self._sending:
            try:
                self._socket.sendall(data)
            except OSError:
                raise VmDied("the guest is gone") from None

    def wait_for(self, condition, limit):
        """Wait for a condition that only messages of the agent can make true."""
        with self._changed:
            reached = self._changed.wait_for(lambda: condition() or self.gone, limit * PATIENCE)
            if self.gone and not condition():
                raise VmDied("the guest went away while it was waited for")
            return reached

    def wait_agent(self, limit):
        """Wait until the agent has said hello."""
        if not self.wait_for(lambda: self.is_there, limit):
            raise Timeout(f"no word from the guest's agent within {limit * PATIENCE:.0f} s")

    def start(self, script):
        number = next(self._numbers)
        job = Job(self, number, script)
        with self._changed:
            self._jobs[number] = job
        data = script.encode()
        self.send(f"run {number} {len(data)}\n".encode() + data)
        return job

    def run(self, script, limit=30, check=True):
        result = self.start(script).wait(limit)
        if check and result.code != 0:
            raise Failure(f"in the guest: {script}\n{result}")
        return result

    def text(self, script, limit=30):
        """What a command prints, without the last newline."""
        return self.run(script, limit).out.rstrip("\n")

    def fetch(self, path, limit=120):
        """The bytes of a file."""
        return self._output_of(f"exec cat {path}", limit)

    def fetch_range(self, path, offset, size, limit=120):
        """Some of the bytes of a file or device."""
        return self._output_of(range_command(path, offset, size), limit)

    def _output_of(self, script, limit):
        job = self.start(script)
        result = job.wait(limit)
        if result.code != 0:
            raise Failure(f"in the guest: {script}\n{result.code}: {result.err}")
        return job.data

    def until(self, condition, limit, what):
        """Wait in the guest until a shell condition is true."""
        job = self.start(f"until {condition}; do sleep 0.05; done")
        try:
            job.wait(limit)
        except Timeout:
            raise Timeout(f"the guest: waited {limit * PATIENCE:.0f} s for {what}") from None

    def close(self):
        self._socket.close()
