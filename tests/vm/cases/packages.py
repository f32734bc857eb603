# SPDX-License-Identifier: LGPL-2.1-or-later
"""The .deb from its installation beside kdump-tools to the last trace of it."""

import pathlib

from vmtest.build import NEWER, PACKAGE
from vmtest.machine import Config
from vmtest.registry import Group
from vmtest.util import check, equal
from vmtest.watch import Sampler, Tracer

APT = "DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Dpkg::Use-Pty=0"
DUMP = "/var/crash/202611220000/dump.202611220000"

group = Group("packages", Config(crashkernel="256M", captures=True, root="root-debian"),
              tree="packages", default=("new",), full=("new",))


def apt(t, words):
    """What apt says about it."""
    result = t.guest.run(f"{APT} {words}", 240)
    return result.out + result.err


def untouched(t, action):
    """What apt says of the action, during which nobody loads or unloads, and the image stays."""
    with Tracer(t.guest) as tracer:
        with Sampler(t.guest) as sampler:
            text = apt(t, action)
        equal([str(call) for call in tracer.calls()], [], f"kexec system calls of {action}")
    check(sampler.result["samples"] > 0, f"no sample: {sampler.result}")
    equal(sampler.result["zeros"], 0, f"samples without an image, of {sampler.result}")
    t.note(f"{action}: {sampler.result['samples']} samples in "
           f"{sampler.result['elapsed_usec'] / 1e6:.1f} s, all with an image")
    return text


@group.case(kernels=("new",))
def install(t):
    """Beside kdump-tools, whose image stays; after a reboot the machine is kdumpd's, and armed."""
    # Its own initrd takes minutes to build here, and is not what this is about.
    t.guest.run("systemctl unmask kdump-tools; systemctl enable kdump-tools; "
                "sed -i s/^USE_KDUMP=.*/USE_KDUMP=1/ /etc/default/kdump-tools; "
                "echo KDUMP_NUM_DUMPS=7 >>/etc/default/kdump-tools; "
                "mkdir -p /var/lib/kdump; echo | gzip >/var/lib/kdump/initrd.img-$(uname -r); "
                "systemctl start kdump-tools", 240)
    check(t.kdumpd.is_loaded(), "kdump-tools has not loaded anything:\n"
          + t.guest.text("journalctl -b --no-pager -u kdump-tools"))
    text = untouched(t, f"install /{PACKAGE}")
    check("kdump-tools.service, which is disabled" in text and "image that is loaded stays" in text,
          f"what apt says:\n{text}")
    equal(t.guest.run("systemctl is-enabled kdumpd kdump-tools", check=False).out,
          "enabled\ndisabled\n", "kdumpd and kdump-tools are enabled")
    t.vm.reboot()
    properties = t.kdumpd.wait(120, "kdumpd to be armed", State="armed", Armed=True, Foreign=False)
    check(properties["InitrdFile"].startswith("/var/lib/kdumpd/"), properties["InitrdFile"])
    check("Keep=7" in t.guest.text("kdumpctl show-config").splitlines(),
          "the settings of kdump-tools are not carried over:\n" + text)
    t.kdumpd.quiet()
    # As an upgrade of it does.
    t.guest.run("deb-systemd-invoke restart kdump-tools.service", 60)
    equal(t.guest.run("systemctl is-active kdumpd kdump-tools", check=False).out,
          "active\ninactive\n", "kdumpd and kdump-tools are active")
    # The bench's roots are without documentation.
    listed = t.guest.text("dpkg -L kdumpd")
    for path in ("/usr/share/doc/kdumpd/copyright", "/usr/share/doc/kdumpd/README.md.gz",
                 "/systemd/system-preset/85-kdumpd.preset", "/usr/lib/sysusers.d/kdumpd.conf",
                 "/usr/share/bash-completion/completions/kdumpctl", "/etc/kdumpd/crash.d"):
        check(f"{path}\n" in f"{listed}\n", f"the package lacks {path}")


def have(t):
    """The package installed, by another case or now, and the machine armed."""
    t.guest.run(f"dpkg -s kdumpd >/dev/null 2>&1 || {APT} install /{PACKAGE}", 240)
    t.kdumpd.wait(60, "kdumpd to be armed", State="armed", Armed=True, Foreign=False)
    t.kdumpd.quiet()


@group.case(kernels=("new",))
def upgrade(t):
    """To a higher version while armed: another process, the same image, loaded all the time."""
    have(t)
    before = t.kdumpd.pid()
    untouched(t, f"install /{NEWER}")
    check(t.guest.text("dpkg-query -W -f '${Version}' kdumpd").endswith("+newer"), "no upgrade")
    properties = t.kdumpd.wait(60, "kdumpd to be armed", State="armed", Armed=True, Foreign=False)
    check(t.kdumpd.pid() != before, "kdumpd was not restarted")
    check(properties["Reloads"] == 0, f"{properties['Reloads']} reloads")
    equal(t.guest.text("systemctl --failed --no-legend --plain"), "", "failed units")
    # Where a restart would unload, none is made.
    pid = t.kdumpd.pid()
    t.kdumpd.configure("[Service]\nUnloadOnStop=yes")
    t.kdumpd.hangup()
    t.kdumpd.quiet()
    text = untouched(t, f"install --reinstall /{NEWER}")
    t.kdumpd.unconfigure()
    t.kdumpd.hangup()
    check("UnloadOnStop=yes): systemctl restart kdumpd" in text, f"what apt says:\n{text}")
    equal(t.kdumpd.pid(), pid, "the process of kdumpd")


@group.case(kernels=("new",))
def remove_and_purge(t):
    """The image stays, and how to drop it is told; after the purge only dumps are left."""
    have(t)
    t.guest.run(f"mkdir -p {pathlib.Path(DUMP).parent}; echo dump >{DUMP}; "
                "echo '[Capture]' >/etc/kdumpd/kdumpd.conf.d/10-mine.conf")
    # Only what has been disabled is enabled again.
    state = t.guest.text("if [ -e /var/lib/kdumpd/kdump-tools.disabled ]; then echo enabled; "
                         "else systemctl is-enabled kdump-tools; fi || true")
    text = untouched(t, "remove kdumpd")
    check("image stays loaded" in text and "kexec -p -u" in text, f"what apt says:\n{text}")
    equal(t.guest.text("systemctl is-enabled kdump-tools || true"), state, "kdump-tools is enabled")
    equal(t.guest.text("pgrep -l kdump || true"), "", "processes")
    t.guest.run("test -e /etc/kdumpd/kdumpd.conf.d/10-mine.conf")
    text = apt(t, "purge kdumpd")
    left = t.guest.text("find / -xdev -name '*kdumpd*' ! -path '/root/packages*' "
                        "! -path '/usr/local/lib/vmtest*' ! -path '/var/log/*' ! -path '/tmp/*'; "
                        "grep -h kdumpd /etc/passwd /etc/group /etc/shadow || true; "
                        "find /run -path /run/udev -prune -o -name '*kdumpd*' -print")
    equal(left, "", "what is left")
    equal(t.guest.text(f"cat {DUMP}"), "dump", "the dump")
    t.guest.run("kexec -p -u")
    check(not t.kdumpd.is_loaded(), "what was told does not drop the image")
