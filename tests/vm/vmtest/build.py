# SPDX-License-Identifier: LGPL-2.1-or-later
"""Builds kdumpd out of tree and installs it into a directory for the guest."""

import os
import pathlib
import re
import shutil
import tempfile

from .util import SetupError, run

SOURCE_ROOT = pathlib.Path(__file__).resolve().parents[3]
CONFIGURE = ("--prefix=/usr", "--sysconfdir=/etc", "--localstatedir=/var")


# In the guest: the package of the tree, and one of a higher version that holds the same.
PACKAGE, NEWER = "root/packages/kdumpd.deb", "root/packages/kdumpd-newer.deb"


def _configure(builddir):
    if not (SOURCE_ROOT / "configure.ac").exists():
        raise SetupError("there is no configure.ac; give an installed tree with --destdir")
    if not (SOURCE_ROOT / "configure").exists():
        run(["autoreconf", "-fi"], cwd=SOURCE_ROOT)
    builddir.mkdir(parents=True, exist_ok=True)
    if not (builddir / "config.status").exists():
        run([SOURCE_ROOT / "configure", *CONFIGURE], cwd=builddir)


def install(builddir, says):
    """The DESTDIR tree made from the source tree that this file belongs to."""
    builddir = pathlib.Path(builddir).resolve()
    says(f"building kdumpd in {builddir.name}")
    _configure(builddir)
    run(["make", f"-j{os.cpu_count() or 1}"], cwd=builddir)
    destdir = builddir / "vm-destdir"
    shutil.rmtree(destdir, ignore_errors=True)
    # Stripped, as packages are: kdump-capture takes memory in the capture kernel.
    run(["make", "install-strip", f"DESTDIR={destdir}"], cwd=builddir)
    return destdir


def packages(builddir, given, says):
    """A tree for the guest with PACKAGE, which is given or made of the sources, and NEWER."""
    builddir = pathlib.Path(builddir).resolve()
    builddir.mkdir(parents=True, exist_ok=True)
    if not given:
        says(f"building the .deb in {builddir.name}")
        _configure(builddir)
        run(["make", "dist"], cwd=builddir)
        tarball, = builddir.glob("kdumpd-*.tar.xz")
        given = run([SOURCE_ROOT / "packaging/build-deb", tarball, builddir / "packages"],
                    env={**os.environ, "DEB_BUILD_OPTIONS": f"nocheck parallel={os.cpu_count()}"}
                    ).splitlines()[-1]
    tree = builddir / "vm-packages"
    shutil.rmtree(tree, ignore_errors=True)
    (tree / PACKAGE).parent.mkdir(parents=True)
    shutil.copy(given, tree / PACKAGE)
    with tempfile.TemporaryDirectory(prefix="kdvm-deb-") as work:
        run(["dpkg-deb", "--raw-extract", given, f"{work}/deb"])
        control = pathlib.Path(work) / "deb/DEBIAN/control"
        control.write_text(re.sub(r"^(Version: .*)$", r"\1+newer", control.read_text(), count=1,
                                  flags=re.MULTILINE))
        run(["dpkg-deb", "--root-owner-group", "-Zgzip", "--build", f"{work}/deb", tree / NEWER])
    return tree
