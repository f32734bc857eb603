# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who may do what: what is left to somebody who has taken over kdumpd, and of each process."""

import pathlib
import re

from vmtest.images import TOOLS
from vmtest.machine import GIB
from vmtest.registry import Group
from vmtest.util import check, equal
from vmtest.watch import Sampler, Tracer

group = Group("privileges", reset=lambda t: t.kdumpd.make_normal(), default=("old", "new"),
              full=("old", "newest"))
EACH = ("old", "new", "trixie", "newest")

DROPIN = "/run/systemd/system/kdumpd.service.d"
DUMP = "/var/crash/takeover/vmcore"
SECRETS = f"""set -e
mkdir -p {DUMP.rpartition("/")[0]} /etc/kdumpd /var/lib/kdumpd
chmod 700 {DUMP.rpartition("/")[0]}
echo secret >{DUMP}; echo secret >/var/lib/kdumpd/secret; touch /etc/shadow
echo x >>/etc/shadow
chmod 600 {DUMP} /var/lib/kdumpd/secret /etc/shadow"""

# As root without a sandbox, so that it is known that each of the attempts can succeed here. What
# this list has not is refused to root, too, or is nothing on this machine.
ROOT_CAN = ("read /etc/shadow", f"read {DUMP}", "read /proc/1/environ", "read /dev/kmsg",
            "read /var/lib/kdumpd/secret", "write /etc", "write /run/kdumpd",
            "write /usr/lib/kdumpd", "write /run/kdumpd-load", "write /dev/shm", "write /tmp",
            "change /etc/passwd", "change /run/kdumpd-load/image.json",
            "change /proc/sys/kernel/panic", "signal process 1", "signal a process of root's",
            "trace a process of root's", "connect the private socket of systemd",
            "call kexec_load", "call kexec_file_load", "call reboot", "call bpf", "call mount",
            "call chroot", "network IPv4", "network netlink", "network packets")


@group.case(kernels=EACH)
def taken_over(t):
    """A program in kdumpd's place reads no dump, writes nothing but its own, starts nothing."""
    program = f"/{TOOLS}/takeover"
    t.guest.run(SECRETS)
    kernel = t.kdumpd.properties()["KernelFile"]
    victim = t.guest.text("sleep 1000 >/dev/null 2>&1 & echo $!")
    said = t.guest.text(f"{program} {DUMP} {victim}; true", 60)
    lacks = [what for what in ROOT_CAN if f"DONE {what}" not in said.splitlines()]
    equal(lacks, [], f"what root cannot do, so that to try it shows nothing; it said {said}")

    t.guest.run(f"mkdir -p {DROPIN} && "
                "printf '[Service]\\nType=oneshot\\nRestart=no\\nExecStart=\\n"
                f"ExecStart={program} {DUMP} {victim}\\nWatchdogSec=0\\nTimeoutStartSec=60\\n' "
                f">{DROPIN}/takeover.conf && systemctl daemon-reload && systemctl stop kdumpd")
    try:
        with Tracer(t.guest) as tracer:
            t.guest.run("systemctl start kdumpd", 90)
            calls = tracer.calls()
        said = t.guest.text("journalctl -b -o cat -u kdumpd _COMM=takeover")
    finally:
        t.guest.run(f"rm -r {DROPIN}; systemctl daemon-reload; kill {victim}; "
                    "systemctl restart kdumpd", 90)
    equal([line for line in said.splitlines() if line.startswith(("DONE", "CANNOT"))], [],
          "what kdumpd can do that it must not be able to, or cannot that it must")
    check(said.count("refused ") >= 50, f"it has tried less than there is to try: {said}")
    # What it was given is one load, of what root has configured.
    equal([call.unload for call in calls if call.ok], [False], "calls that it has brought about")
    t.kdumpd.wait(60, "kdumpd to be armed as before", State="armed", Armed=True, Foreign=False,
                  KernelFile=kernel)
    t.note(f"{said.count('refused ')} attempts refused")


@group.case(kernels=EACH)
def no_tools(t):
    """Nor does it start a unit, or a program with more privileges, by way of others."""
    as_kdumpd = "setpriv --reuid=kdumpd --regid=kdumpd --clear-groups --inh-caps=-all"
    for command in ("busctl call org.freedesktop.systemd1 /org/freedesktop/systemd1 "
                    "org.freedesktop.systemd1.Manager StartUnit ss rescue.target replace",
                    "systemctl start rescue.target", "systemctl stop kdumpd", "systemd-run true",
                    "busctl call org.freedesktop.systemd1 /org/freedesktop/systemd1 "
                    "org.freedesktop.systemd1.Manager Reload"):
        done = t.guest.run(f"{as_kdumpd} {command}", 60, check=False)
        check(done.code != 0, f"{command} works as kdumpd: {done.out}")


@group.case(kernels=("old",))
def unreadable(t):
    """A file of the configuration that is root's alone: status says so, and what to do."""
    path = "/etc/kdumpd/kdumpd.conf.d/91-secret.conf"
    command = "kdumpctl status"
    t.guest.run(f"mkdir -p $(dirname {path}); printf '[Service]\\nUnloadOnStop=no\\n' >{path}; "
                f"chmod 600 {path}; systemctl kill -s HUP --kill-who=main kdumpd")
    try:
        t.guest.until(f"{command} | grep -q 'chgrp kdumpd'", 30, "status to say what to do")
        said = t.guest.text(command)
        check("Problem" in said and path in said, said)
        t.guest.run(f"chgrp kdumpd {path}; chmod 640 {path}")
        t.guest.until(f"! {command} | grep -q chgrp", 60, "kdumpd to read it")
    finally:
        t.guest.run(f"rm {path}; systemctl kill -s HUP --kill-who=main kdumpd")


# Units of ours that run as a process, and how to have one of them run.
def _units(t):
    sockets = t.guest.text("cd /run/kdumpd && ls *.socket").split()
    return [name.removesuffix(".socket") for name in sockets]


CAPABILITIES = {16: "SYS_MODULE", 17: "SYS_RAWIO", 21: "SYS_ADMIN", 22: "SYS_BOOT",
                2: "DAC_READ_SEARCH", 34: "SYSLOG", 38: "PERFMON", 39: "BPF"}


def _row(t, unit, pid):
    status = t.guest.text(f"cat /proc/{pid}/status")
    field = lambda name: re.search(rf"^{name}:\s+(.*)$", status, re.M)[1]
    bounding = int(field("CapBnd"), 16)
    names = [CAPABILITIES.get(bit, str(bit)) for bit in range(64) if bounding >> bit & 1]
    user = t.guest.text(f"stat -c %U /proc/{pid}")
    said = t.guest.text(f"systemd-analyze security {unit} 2>/dev/null | tail -n 1; true", 60)
    exposure = re.search(r"level for .*: ([0-9.]+)", said)
    network = "no" if t.guest.text(f"readlink /proc/{pid}/ns/net") != \
        t.guest.text("readlink /proc/1/ns/net") else "yes"
    return (unit.partition("@")[0] + ("@" if "@" in unit else ""), user, ", ".join(names) or "none",
            "filter" if field("Seccomp") == "2" else "none", network,
            exposure[1] if exposure else "?")


@group.case(kernels=("old", "newest"))
def table(t):
    """Each process that runs: its user, capabilities, filter and exposure, as HACKING.md says."""
    rows = [_row(t, "kdumpd.service", t.kdumpd.pid())]
    for name in _units(t):
        job = t.guest.start(f"exec /{TOOLS}/takeover --hold /run/kdumpd/{name}.socket")
        job.wait_line("^connected$", 30)
        listed = (f"systemctl list-units --plain --no-legend 'kdumpd-{name}@*.service' "
                  "--state=active,activating | tail -n 1 | cut -d' ' -f1")
        t.guest.until(f"[ -n \"$({listed})\" ] && "
                      f"[ \"$(systemctl show -P MainPID \"$({listed})\")\" != 0 ]", 30,
                      f"an instance of kdumpd-{name}@")
        unit = t.guest.text(listed)
        rows.append(_row(t, unit, t.guest.text(f"systemctl show -P MainPID '{unit}'")))
        job.stop()
    lines = ["| unit | user | capabilities | system calls | network | exposure |",
             "| --- | --- | --- | --- | --- | --- |"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    for line in lines[2:]:
        t.note(line)
    kept = (pathlib.Path(__file__).parents[3] / "HACKING.md").read_text()
    missing = [line for line in lines if line not in kept.splitlines()]
    equal(missing, [], "lines of the table that HACKING.md lacks")


# A quarter of an hour: by name only.
many = Group("killed-often", reset=lambda t: t.kdumpd.make_normal(), long=True, full=())
KILLS = 200


@many.case(kernels=("old",))
def killed_often(t):
    """SIGKILL, over and over, while memory comes and goes: armed but for loads, and few of them."""
    t.guest.run(f"mkdir -p {DROPIN} && printf '[Service]\\nRestartSec=100ms\\n' "
                f">{DROPIN}/kill.conf && systemctl daemon-reload")
    # Each pulls the carpet away somewhere else: before, in or after a load, which follows some
    # seconds after the start that the kill before has led to. No program is started for looking.
    procs = "/sys/fs/cgroup/system.slice/kdumpd.service/cgroup.procs"
    kill = (f"read pid <{procs}; kill -9 $pid; until {{ read next <{procs}; }} 2>/dev/null && "
            "[ \"$next\" != \"$pid\" ]; do sleep 0.05; done")
    plugged, dimm = 0, None
    try:
        with Tracer(t.guest) as tracer, Sampler(t.guest) as sampler:
            for i in range(KILLS):
                if i % 10 == 0:
                    plugged += 1
                    if dimm:
                        t.vm.remove_dimm(dimm)
                        dimm = None
                    else:
                        dimm = t.vm.add_dimm(GIB)[0]
                t.guest.run(f"{kill}; sleep {i * 37 % 300 / 100:.2f}", 60)
            t.kdumpd.wait(90, "kdumpd to be armed", State="armed", Armed=True, Foreign=False)
            t.kdumpd.quiet()
            calls = tracer.calls()
    finally:
        t.guest.run(f"rm -r {DROPIN}; systemctl daemon-reload; systemctl restart kdumpd", 90)
    loads = [call for call in calls if call.ok]
    t.note(f"{KILLS} kills, {plugged} hotplugs, {len(loads)} loads; {sampler.result['samples']} "
           f"samples, longest without an image {sampler.result['longest_usec'] / 1e3:.1f} ms")
    equal([str(call) for call in calls if not call.ok or call.unload], [], "calls that failed")
    check(plugged / 4 <= len(loads) <= plugged, f"{len(loads)} loads for {plugged} hotplugs")
    longest = max(call.end - call.start for call in loads)
    check(sampler.result["longest_usec"] / 1e6 <= longest + 0.05,
          "there was no image for longer than the longest load took")
