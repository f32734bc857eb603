# SPDX-License-Identifier: LGPL-2.1-or-later
"""QEMU's machine protocol: commands, and the events that come between."""

import json
import queue
import socket
import threading

from .util import PATIENCE, Failure, Timeout, VmDied, wait_until


def connect(path, limit, alive):
    """A connected UNIX socket; alive() says whether it still makes sense to wait for one."""
    def attempt():
        if not alive():
            raise VmDied("QEMU ended before it listened")
        client = socket.socket(socket.AF_UNIX)
        try:
            client.connect(str(path))
            return client
        except OSError:
            client.close()
            return None
    return wait_until(attempt, limit, f"QEMU to listen on {path}", interval=0.05)


# Arguments older than QEMU's rule that there are none with an underscore.
UNDERSCORED = ("bps_rd", "bps_wr", "iops_rd", "iops_wr")


class QmpError(Failure):
    """QEMU refused a command."""


class Qmp:
    def __init__(self, path, alive, events):
        """Events that come are added to the list."""
        self._socket = connect(path, 20, alive)
        self._lock = threading.Lock()
        self._replies = queue.Queue()
        self.events = events
        threading.Thread(target=self._read, daemon=True).start()
        self._next(20)                          # the greeting
        self.execute("qmp_capabilities")

    def _read(self):
        try:
            for line in self._socket.makefile("r", encoding="utf-8"):
                message = json.loads(line)
                if "event" in message:
                    self.events.append(message)
                else:
                    self._replies.put(message)
        except (OSError, ValueError):
            pass
        self._replies.put(None)

    def _next(self, limit):
        try:
            reply = self._replies.get(timeout=limit * PATIENCE)
        except queue.Empty:
            raise Timeout(f"QEMU did not answer within {limit * PATIENCE:.0f} s") from None
        if reply is None:
            self._replies.put(None)
            raise VmDied("QEMU is gone")
        return reply

    def execute(self, command, limit=30, **arguments):
        request = {"execute": command}
        if arguments:
            request["arguments"] = {key if key in UNDERSCORED else key.replace("_", "-"): value
                                    for key, value in arguments.items()}
        with self._lock:
            try:
                self._socket.sendall(json.dumps(request).encode() + b"\n")
            except OSError:
                raise VmDied("QEMU is gone") from None
            reply = self._next(limit)
        if "error" in reply:
            raise QmpError(f"{command}: {reply['error']['desc']}")
        return reply["return"]

    def wait_event(self, name, limit, since=0, **data):
        """Wait for an event that came after the first `since` ones and carries this data."""
        def find():
            for event in self.events[since:]:
                if event["event"] == name and data.items() <= event.get("data", {}).items():
                    return event
            return None
        return wait_until(find, limit, f"QEMU's event {name} {data or ''}", interval=0.05)

    def close(self):
        self._socket.close()
