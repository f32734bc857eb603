# SPDX-License-Identifier: LGPL-2.1-or-later
"""README's first day: from the package to a dump in the list, word for word."""

import re

from vmtest.build import PACKAGE, SOURCE_ROOT
from vmtest.crash import crash
from vmtest.machine import Config
from vmtest.registry import Group
from vmtest.util import check

HEADING = "## The first day"
MOST_COMMANDS, MOST_REBOOTS = 5, 2

group = Group("day-one", Config(crashkernel="", captures=True, loader="grub"), tree="packages",
              default=("old",), full=("old",))


def commands():
    """The lines of the first block below that heading."""
    section = (SOURCE_ROOT / "README.md").read_text(encoding="utf-8").split(HEADING + "\n", 1)[1]
    block = re.search(r"(?:^    .*\n)+", section, re.MULTILINE).group(0)
    return [line.split("  #", 1)[0].strip() for line in block.splitlines()]


@group.case(kernels=("old",))
def readme(t):
    """The package, kdumpctl setup, a reboot, a crash test, and its dump."""
    lines = commands()
    check(len(lines) <= MOST_COMMANDS, f"{len(lines)} commands: {lines}")
    t.guest.run(f"cp /{PACKAGE} /root/kdumpd_0_amd64.deb")
    reboots, said = 0, ""
    for line in lines:
        if line == "reboot":
            reboots += 1
            t.vm.reboot()
            continue
        if "--crash" in line:
            reboots += 1
            t.kdumpd.wait(120, "kdumpd to be armed", State="armed", Armed=True)
            t.note(crash(t, line).describe())
            t.kdumpd.wait(120, "kdumpd to be armed again", State="armed", Armed=True)
            continue
        # As in a login of root.
        said = t.guest.text("cd /root; DEBIAN_FRONTEND=noninteractive "
                            + line.replace("apt install", "apt-get -q -y install"), 300)
        t.note(f"{line}: {said.splitlines()[-1]}")
    check(reboots <= MOST_REBOOTS, f"{reboots} reboots")
    check(re.search(r"\bcomplete\b", said), f"what the last command says:\n{said}")
    text = t.guest.text("kdumpctl setup", 120)
    check("Kdump is set up." in text, f"kdumpctl setup afterwards says:\n{text}")
    check("it gave a complete dump" in text, f"kdumpctl setup afterwards says:\n{text}")
