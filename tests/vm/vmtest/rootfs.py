# SPDX-License-Identifier: LGPL-2.1-or-later
"""The guest's disk: Debian with systemd, made once; each run writes to an overlay of it."""

import os
import pathlib
import shutil

from . import apt
from .cache import digest
from .util import SetupError, run

PACKAGES = ("systemd-sysv", "udev", "dbus", "kmod", "procps", "util-linux", "kexec-tools",
            "libeconf0", "libjson-c5", "libsystemd0", "libudev1", "libkmod2", "libelf1",
            "libarchive13", "libmount1", "libblkid1", "makedumpfile")

# More for guests that need more: with which tools disks are made, and what others capture with.
VARIANTS = {
    "root": (),
    "root-storage": ("e2fsprogs", "xfsprogs", "btrfs-progs", "lvm2", "mdadm", "fdisk",
                     "thin-provisioning-tools"),
    "root-monitoring": ("curl", "prometheus-node-exporter"),
    "root-debian": ("kdump-tools", "initramfs-tools", "zstd", "apt"),
}

# Not what is tested here, and each costs boot time or wakes up in the middle of a measurement.
MASKED = ("systemd-networkd.service", "systemd-timesyncd.service", "systemd-resolved.service",
          "systemd-update-utmp.service", "systemd-update-utmp-runlevel.service",
          "systemd-random-seed.service", "systemd-pstore.service",
          "systemd-machine-id-commit.service", "systemd-hwdb-update.service",
          "systemd-journal-catalog-update.service",
          "systemd-sysusers.service", "systemd-binfmt.service", "systemd-user-sessions.service",
          "systemd-logind.service", "systemd-remount-fs.service", "ldconfig.service",
          "getty.target", "getty@.service", "serial-getty@.service", "remote-fs.target",
          "apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "fstrim.timer",
          "e2scrub_all.timer", "e2scrub_reap.service", "systemd-tmpfiles-clean.timer",
          "dev-hugepages.mount", "dev-mqueue.mount", "sys-fs-fuse-connections.mount",
          "proc-sys-fs-binfmt_misc.automount", "systemd-ask-password-wall.path",
          "systemd-ask-password-console.path",
          "kdump-tools.service")        # builds an initrd in the boot; its cases unmask it

EXCLUDED = ("/usr/share/man/*", "/usr/share/doc/*", "/usr/share/locale/*", "/usr/share/info/*")

FILES = {
    "etc/hostname": "kdumpd-vm\n",
    "etc/fstab": "",
    "etc/machine-id": "4b64756d70642d766d2d746573742d31\n",
    "etc/systemd/journald.conf.d/vmtest.conf":
        "[Journal]\nStorage=volatile\nRateLimitBurst=0\nForwardToSyslog=no\n",
    "etc/systemd/system.conf.d/vmtest.conf":
        "[Manager]\nShowStatus=no\nDefaultTimeoutStopSec=60s\n",
}

SIZE = "1500M"
RECIPE = 3      # to be raised when the building below changes


def prepare(cache, release, says=None, variant="root"):
    """The path of the base image (ext4, raw) of a release of Debian and one of the VARIANTS."""
    if os.geteuid() != 0:
        raise SetupError("the root image has to be built by root (mmdebstrap, mke2fs -d)")
    found = versions(apt.Apt(release, cache.directory), (*PACKAGES, *VARIANTS[variant]))
    key = digest(sorted(found.items()), MASKED, EXCLUDED, sorted(FILES.items()), SIZE, RECIPE)
    name = variant if release == "bookworm" else f"{variant}-{release}"
    directory = cache.get(name, key, lambda where: _build(release, found, where), says)
    return directory / "root.ext4"


def versions(archive, packages):
    """{package: version}, under the names that packages have in that release."""
    found = archive.versions([*packages, *(f"{name}t64" for name in packages)])
    names = [name if name in found else f"{name}t64" for name in packages]
    missing = set(names) - set(found)
    if missing:
        raise SetupError("apt does not know " + ", ".join(sorted(missing)))
    return {name: found[name] for name in names}


def make_tree(release, packages, tree):
    """Installs these packages, of a dictionary with their versions, into a directory."""
    options = [f"--aptopt={option}" for option in apt.acquire_options()]
    options += [f"--dpkgopt=path-exclude={pattern}" for pattern in EXCLUDED]
    run(["mmdebstrap", "--quiet", "--mode=root", "--variant=essential", *options,
         '--aptopt=Acquire::Languages "none"', "--include=" + ",".join(packages),
         release, tree, *apt.sources(release)])
    _settle_in(tree)


def _build(release, packages, directory):
    tree = directory / "tree"
    make_tree(release, packages, tree)
    image = directory / "root.ext4"
    run(["mke2fs", "-q", "-t", "ext4", "-O", "^metadata_csum,^64bit", "-m", "0",
         "-d", tree, image, SIZE])
    shutil.rmtree(tree)


def _settle_in(tree):
    for name in ("kexec", "kexec-load"):        # kexec-tools is here for its program only
        (tree / "etc/init.d" / name).unlink(missing_ok=True)
        for link in (tree / "etc").glob(f"rc?.d/*{name}"):
            link.unlink()
    for path, text in FILES.items():
        target = tree / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        target.write_text(text)
    units = tree / "etc/systemd/system"
    for unit in MASKED:
        link = units / unit
        link.unlink(missing_ok=True)
        link.symlink_to("/dev/null")
    default = units / "default.target"
    default.unlink(missing_ok=True)
    default.symlink_to("/usr/lib/systemd/system/multi-user.target")
    # Nothing changed since the packages were set up: spares a round of first-boot services.
    for stamp in (tree / "etc/.updated", tree / "var/.updated"):
        stamp.touch()
    for leftover in (tree / "var/cache/apt", tree / "var/lib/apt/lists"):
        for path in pathlib.Path(leftover).rglob("*"):
            if path.is_file():
                path.unlink()


def overlay(base, target):
    """A disk of its own for one run, which leaves the base as it is."""
    run(["qemu-img", "create", "-q", "-f", "qcow2", "-b", base, "-F", "raw", target])
