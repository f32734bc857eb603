# SPDX-License-Identifier: LGPL-2.1-or-later
"""kdumpctl reserve with real boot loaders: written, started anew, armed; and what goes wrong."""

import json

from vmtest.machine import Config
from vmtest.registry import Group
from vmtest.util import check, equal, wait_until

MIB = 1 << 20

# Without a reservation, as on the first day.
grub = Group("reserve-grub", Config(crashkernel="", captures=True, loader="grub"),
             default=("old",), full=("old",))
efi = Group("reserve-efi", Config(crashkernel="", captures=True, loader="systemd-boot", efi=True),
            default=(), full=("trixie",))

CFG = "/boot/grub/grub.cfg"
DROPIN = "/etc/default/grub.d/zz-kdumpd.cfg"
# All that may change, to be compared; grub.cfg has no date in it.
STATE = ("find /boot /boot/efi /etc/default /etc/kernel /var/lib/kdumpd/reserve.json -xdev "
         "-type f -not -path '*/i386-pc/*' -not -name fill -exec sha256sum {} + 2>/dev/null | sort -k2")


def reserve(t, words, limit=180):
    """kdumpctl reserve, which has to succeed; what it says."""
    return t.guest.text(f"kdumpctl reserve {words} 2>&1", limit)


def reserved(t):
    return int(t.guest.text("cat /sys/kernel/kexec_crash_size"))


def words_of(text):
    """The crashkernel= words of each line that names a kernel."""
    return [[word for word in line.split() if word.startswith("crashkernel=")]
            for line in text.splitlines() if line.split()[:1] == ["linux"]]


def refused(t, words, sentence, limit=180):
    """It fails with one sentence, and nothing is another than before."""
    before = t.guest.text(STATE)
    result = t.guest.run(f"kdumpctl reserve {words} >/dev/null", limit, check=False)
    check(result.code == 1, f"reserve {words} did not fail: {result}")
    check(sentence in result.err and len(result.err.splitlines()) == 1,
          f"reserve {words} says, instead of a sentence with {sentence!r}:\n{result.err}")
    equal(t.guest.text(STATE), before, f"files after reserve {words}, which said {result.err}")


def set_word(t):
    """A word of the administrator's, in the variable that comes last."""
    t.guest.run("grep -q 512M /etc/default/grub ||"
                " { sed -i 's/_DEFAULT=\"/&quiet crashkernel=512M/' /etc/default/grub;"
                " update-grub; }", 120)


def check_armed(t, mib):
    equal(reserved(t), mib * MIB, "what is reserved")
    t.guest.run("systemctl enable --now kdumpd", 180)
    t.kdumpd.wait(120, "kdumpd to be armed", State="armed", Armed=True, Foreign=False)
    check(t.kdumpd.is_loaded(), "the kernel has no crash kernel image")
    equal(t.kdumpd.properties()["ReservationProblem"], "", "ReservationProblem")


@grub.case(kernels=("old",))
def grub_bad_input(t):
    """What cannot be written is refused with a sentence, and nothing is changed."""
    set_word(t)
    for value, sentence in (("192", "192 bytes"), ("1900M", "half of the memory"),
                            ("many", "understands"), ("'$(reboot)'", "no size")):
        refused(t, f"--write -- {value}", sentence)
    for line, sentence in (("X=\"", "nterminated quoted string"), ("false", "without a word"),
                           ("GRUB_CMDLINE_LINUX=a b", "not found"), ("exit 0", "ends it early"),
                           ("GRUB_CMDLINE_LINUX=\"} }\"", "yntax error")):
        t.guest.run(f"cp /etc/default/grub /root; echo '{line}' >>/etc/default/grub")
        refused(t, "--write 160M", sentence)
        t.guest.run("cp /root/grub /etc/default/grub")
    t.guest.run("mount --bind /boot/grub /boot/grub; mount -o remount,bind,ro /boot/grub")
    refused(t, "--write 160M", "read-only")
    t.guest.run("umount /boot/grub; cp -a /boot/grub /root/saved;"
                "mount -t tmpfs -o size=40M tmpfs /boot/grub; cp -a /root/saved/. /boot/grub;"
                "head -c 64M /dev/zero >/boot/grub/fill; true", 60)
    refused(t, "--write 160M", "has room for 0 KiB")
    t.guest.run("umount /boot/grub; chmod a-x /usr/sbin/grub-probe")
    refused(t, "--write 160M", "ermission denied")
    t.guest.run("chmod a+x /usr/sbin/grub-probe")


@grub.case(kernels=("old",))
def grub_remove(t):
    """A word of the administrator's is replaced, and comes back."""
    set_word(t)
    reserve(t, "160M --write")
    equal(words_of(t.guest.text(f"cat {CFG}")), [["crashkernel=160M"]] * 3, "entries with ours")
    said = json.loads(reserve(t, "--remove --json"))
    equal((said["OwnWord"], said["BackWord"]), ("crashkernel=160M", "crashkernel=512M"), "words")
    reserve(t, "--remove --write")
    check(["crashkernel=512M"] in words_of(t.guest.text(f"cat {CFG}")), "512M did not come back")
    equal(t.guest.run(f"ls {DROPIN}", check=False).code, 2, "exit status of ls")
    t.guest.run("sed -i 's/quiet crashkernel=512M//' /etc/default/grub")


@grub.case(kernels=("old",))
def grub_reboot(t):
    """On a machine without a reservation: reserve, restart, armed."""
    equal(reserved(t), 0, "what is reserved at first")
    before = t.guest.text(STATE)
    said = json.loads(t.guest.text("kdumpctl reserve --json 2>/dev/null", 180))
    equal((said["BootLoader"], said["Writable"], said["OldWords"]), ("GRUB", True, ""), "the plan")
    equal(t.guest.text(STATE), before, "files after a look")
    text = reserve(t, "--write")
    check("next boot" in text, f"reserve --write says:\n{text}")
    mib = int(said["NewWord"].removeprefix("crashkernel=").removesuffix("M"))
    t.note(f"reserve asks for {mib} MiB")
    t.vm.reboot()
    check_armed(t, mib)
    said = json.loads(reserve(t, f"{mib}M --write --json"))
    check(said["Done"] and not said["Written"], f"written twice: {said}")


@efi.case(kernels=("trixie",))
def entry_reboot(t):
    """systemd-boot, entries of type 1: reserve, restart, armed."""
    release = t.kernel.release
    equal(reserved(t), 0, "what is reserved at first")
    t.guest.run("head -c 200M /dev/zero >/boot/efi/fill; true", 60)
    refused(t, "--write 160M", "has room for")
    t.guest.run("rm /boot/efi/fill; umount /boot/efi")
    refused(t, "--write 160M", "EFI")
    t.guest.run("mount /boot/efi")
    reserve(t, "160M --write")
    check("root=UUID=" in t.guest.text("cat /etc/kernel/cmdline"), "cmdline has no root=")
    t.vm.reboot()
    equal(t.guest.text("ls /boot/efi/loader/entries"), f"debian-{release}.conf", "entries")
    check_armed(t, 160)


@efi.case(kernels=("trixie",))
def addon_reboot(t):
    """A unified kernel image: an add-on, restart, armed; taken away again, restart, without."""
    t.guest.run("[ -e /var/lib/kdumpd/reserve.json ] || kdumpctl reserve 160M --write;"
                "systemctl enable --now kdumpd", 300)
    t.guest.run(f"sed -i s/^default.*/'default debian-{t.kernel.release}.efi'/ "
                "/boot/efi/loader/loader.conf")
    t.vm.reboot()
    equal(reserved(t), 0, "what is reserved at first")
    # A process of its own reads what was asked for.
    problem = wait_until(lambda: t.kdumpd.properties()["ReservationProblem"], 60,
                         "kdumpd to say that another entry was started")
    check("asked for 160M, reserved 0" in problem, f"another entry was started, and: {problem}")
    check("asked for 160M" in t.guest.run("kdumpctl status", check=False).out, "status is silent")
    reserve(t, "176M --write")
    t.vm.reboot()
    check_armed(t, 176)
    reserve(t, "--remove --write")
    equal(t.guest.text("ls /boot/efi/loader/addons"), "", "add-ons")
