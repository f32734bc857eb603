# SPDX-License-Identifier: LGPL-2.1-or-later
"""Builds kdumpd out of tree and installs it into a directory for the guest."""

import os
import pathlib
import shutil

from .util import SetupError, run

SOURCE_ROOT = pathlib.Path(__file__).resolve().parents[3]
CONFIGURE = ("--prefix=/usr", "--sysconfdir=/etc", "--localstatedir=/var")


def install(builddir, says):
    """The DESTDIR tree made from the source tree that this file belongs to."""
    builddir = pathlib.Path(builddir).resolve()
    if not (SOURCE_ROOT / "configure.ac").exists():
        raise SetupError("there is no configure.ac; give an installed tree with --destdir")
    says(f"building kdumpd in {builddir.name}")
    if not (SOURCE_ROOT / "configure").exists():
        run(["autoreconf", "-fi"], cwd=SOURCE_ROOT)
    builddir.mkdir(parents=True, exist_ok=True)
    if not (builddir / "config.status").exists():
        run([SOURCE_ROOT / "configure", *CONFIGURE], cwd=builddir)
    run(["make", f"-j{os.cpu_count() or 1}"], cwd=builddir)
    destdir = builddir / "vm-destdir"
    shutil.rmtree(destdir, ignore_errors=True)
    # Stripped, as packages are: kdump-capture takes memory in the capture kernel.
    run(["make", "install-strip", f"DESTDIR={destdir}"], cwd=builddir)
    return destdir
