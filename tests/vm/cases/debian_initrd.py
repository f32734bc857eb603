# SPDX-License-Identifier: LGPL-2.1-or-later
"""kdumpd with the kdump initrd of Debian's kdump-tools."""

import json

from vmtest.crash import check_listed, crash, directories, new_dump
from vmtest.machine import Config
from vmtest.registry import Group
from vmtest.util import check, equal

WORD = "systemd.unit=kdump-tools-dump.service"
MARKS = (("collector", r"running makedumpfile -F"), ("complete", r"(?i)saved vmcore"))

group = Group("debian-initrd", Config(crashkernel="256M", captures=True, root="root-debian"),
              long=True, suites=("capture-all",))


def install(t):
    """As after its installation, and not started. Returns the path of its initrd."""
    release = t.kernel.release
    t.guest.run("systemctl unmask kdump-tools; systemctl disable kdump-tools; "
                "sed -i s/^USE_KDUMP=.*/USE_KDUMP=1/ /etc/default/kdump-tools; "
                f"/etc/kernel/postinst.d/kdump-tools {release}; sync", 600)
    return f"/var/lib/kdump/initrd.img-{release}"


@group.case()
def first_dump(t):
    """From panic to Debian's dump, to the machine that is back and kdumpd's list."""
    initrd = install(t)
    t.kdumpd.configure(f"[Image]\nInitrd={initrd}")
    t.guest.run("systemctl enable --now kdumpd", 300)
    properties = t.kdumpd.wait(60, "kdumpd to be armed", State="armed", Armed=True)
    equal(properties["InitrdFile"], initrd, "InitrdFile")
    check(WORD in properties["CommandLine"].split(), f"command line: {properties['CommandLine']}")
    text = t.guest.text("kdumpctl test", 60)
    check(WORD in text, f"kdumpctl test says:\n{text}")
    before = directories(t)
    result = crash(t, marks=MARKS)
    t.note(result.describe())
    directory = new_dump(t, before)
    stamp = directory.rsplit("/", 1)[1]
    equal(sorted(t.guest.text(f"ls -1 {directory}").split()), [f"dmesg.{stamp}", f"dump.{stamp}"],
          f"files in {directory}")
    # Its makedumpfile writes into a pipe, in the format for that.
    t.guest.run(f"makedumpfile -R /tmp/vmcore <{directory}/dump.{stamp} && "
                "makedumpfile --dump-dmesg /tmp/vmcore /tmp/dmesg", 240)
    check("sysrq triggered crash" in t.guest.text("cat /tmp/dmesg"),
          "the dump's log has no panic")
    t.note(check_listed(t, directory, "complete"))
    t.note(json.dumps(t.kdumpd.wait(60, "kdumpd to be armed again", State="armed")["Armed"]))


@group.case()
def kdump_config(t):
    """Debian's own script unloads ours to load its own, and is seen: ours is there in the end."""
    install(t)
    t.guest.run("systemctl enable --now kdumpd", 300)
    t.kdumpd.wait(120, "kdumpd to be armed", State="armed", Armed=True, LoadsWatched=True)
    t.kdumpd.quiet()
    # It loads over nothing, and leaves ours alone.
    said = t.guest.run("kdump-config load", 120, check=False)
    check(said.code != 0 and "when kdump is loaded" in said.out + said.err,
          f"kdump-config load says:\n{said}")
    known = len(t.kdumpd.decisions())
    # Whether its load finds ours there again depends on who is faster.
    said = t.guest.run("kdump-config reload", 600, check=False)    # it may build its initrd
    t.note(f"kdump-config reload: {said.code}, {(said.out + said.err).splitlines()[-1]}")
    t.kdumpd.wait(60, "kdumpd to be armed", State="armed", Armed=True, Foreign=False)
    t.kdumpd.quiet()
    t.kdumpd.wait(60, "kdumpd to be armed", State="armed", Armed=True, Foreign=False)
    check(t.kdumpd.is_loaded(), "there is no image")
    seen = t.kdumpd.decisions()[known:]
    check(seen and seen[-1].result == "ok", f"decisions after it: {seen}")
    t.note("; ".join(f"{decision.reason}: {decision.details}" for decision in seen))
