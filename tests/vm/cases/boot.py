# SPDX-License-Identifier: LGPL-2.1-or-later
"""From installation to the first image, over a restart of the machine, to its shutdown."""

from vmtest.machine import Config
from vmtest.registry import EVERY, Group
from vmtest.util import check, equal

group = Group("boot")

SHUTDOWN_PANIC = """[Unit]
Description=Panics during shutdown, after kdumpd was stopped
Before=kdumpd.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/true
ExecStop=/bin/sh -c 'echo "vmtest: panic while kdumpd is $(systemctl is-active kdumpd)" \
>/dev/console; echo c >/proc/sysrq-trigger'
"""


def check_armed(t):
    properties = t.kdumpd.wait(60, "kdumpd to be armed", State="armed")
    check(t.kdumpd.is_loaded(), "the kernel has no crash kernel image")
    release = t.kernel.release
    equal(properties["Armed"], True, "Armed")
    equal(properties["Foreign"], False, "Foreign")
    equal(properties["KernelRelease"], release, "KernelRelease")
    equal(properties["InitrdFile"], f"/boot/initrd-{release}-kdump", "InitrdFile")
    check(properties["ReservationBytes"] >= 192 << 20, "ReservationBytes is too small")
    words = properties["CommandLine"].split()
    check("acpi_no_memhotplug" in words and "nr_cpus=1" in words,
          f"the capture kernel's command line lacks what it needs: {words}")
    check(not any(word.startswith("crashkernel=") for word in words), f"crashkernel= in {words}")
    answer = "kernel" if t.kernel.updates_itself else "userspace"
    equal((properties["CpuHotplug"], properties["MemoryHotplug"]), (answer, answer),
          "who updates the image")
    code, text = t.kdumpd.status_code()
    equal(code, 0, "exit code of kdumpctl status")
    check("Kdump is operational" in text, f"kdumpctl status says:\n{text}")


def check_no_trouble(t):
    equal(t.guest.text("systemctl --failed --no-legend --plain"), "", "failed units")
    cycles = t.guest.run("journalctl -b --no-pager | grep -i 'ordering cycle'", check=False)
    equal(cycles.out, "", "ordering cycles")
    warnings = t.guest.run("journalctl -b --no-pager _PID=1 | grep kdumpd | "
                           "grep 'Unknown\\|ignoring'", check=False)
    equal(warnings.out, "", "warnings about the unit")


@group.case(kernels=EVERY)
def enable_now(t):
    """Right after `systemctl enable --now kdumpd` the machine is armed."""
    check(not t.kdumpd.is_loaded(), "an image is loaded before kdumpd ever ran")
    t.guest.run("systemctl enable --now kdumpd", 120)
    # READY=1 comes after the first load: no waiting here.
    check(t.kdumpd.is_loaded(), "started, but nothing is loaded")
    check_armed(t)
    check_no_trouble(t)
    t.note(t.guest.text("systemctl show -P StatusText kdumpd"))


@group.case(kernels=("new", "trixie", "newest"))
def restart_of_the_machine(t):
    """An enabled kdumpd arms the next boot, and holds up nobody."""
    t.guest.run("systemctl enable kdumpd")
    t.vm.reboot()
    check_armed(t)
    check_no_trouble(t)
    equal(t.guest.text("systemctl show -P NRestarts kdumpd"), "0", "restarts of kdumpd")


@group.case(kernels=("new", "trixie"))
def first_boot(t):
    """Of an image that has /usr and an empty /etc: the users are made in time."""
    t.guest.run("systemctl enable kdumpd && "
                "sed -i /^kdumpd/d /etc/passwd /etc/shadow /etc/group /etc/gshadow && "
                "systemctl unmask systemd-sysusers.service && rm -f /etc/.updated && touch /usr")
    t.vm.reboot()
    check_armed(t)
    check_no_trouble(t)
    equal(t.guest.text("ps -o user= -p $(systemctl show -P MainPID kdumpd)"), "kdumpd", "the user")


@group.case(panics=True)
def panic_in_shutdown(t):
    """A panic late in the shutdown still finds the image, even with UnloadOnStop=yes."""
    t.kdumpd.make_normal()
    t.kdumpd.configure("[Service]\nUnloadOnStop=yes")
    t.kdumpd.hangup()
    t.kdumpd.quiet()
    t.guest.run(f"cat >/etc/systemd/system/late-panic.service <<'END'\n{SHUTDOWN_PANIC}\nEND\n"
                "systemctl daemon-reload && systemctl start late-panic")
    capture = t.vm.panic("systemctl --no-block poweroff")
    check("vmtest: panic while" in t.vm.console(), "it was not the unit that panicked")
    equal(capture.release, t.kernel.release, "release of the capture kernel")


bare = Group("no-reservation", Config(crashkernel=""))


@bare.case(kernels=("new",))
def unavailable(t):
    """Without crashkernel= the service is green and says what is missing."""
    t.guest.run("systemctl enable --now kdumpd", 120)
    properties = t.kdumpd.properties()
    equal(properties["State"], "unavailable", "State")
    equal(properties["Armed"], False, "Armed")
    check("crashkernel=" in properties["StateReason"],
          f"the reason does not say what to do: {properties['StateReason']}")
    equal(t.guest.text("systemctl is-active kdumpd"), "active", "the unit")
    code, text = t.kdumpd.status_code()
    equal(code, 3, "exit code of kdumpctl status")
    check("Kdump is not operational" in text, f"kdumpctl status says:\n{text}")
    reload = t.kdumpd.call("Reload", check_code=False)
    check(reload.code != 0, "Reload() succeeded without a reservation")
    check_no_trouble(t)
    t.note(properties["StateReason"])
