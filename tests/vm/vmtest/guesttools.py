# SPDX-License-Identifier: LGPL-2.1-or-later
"""The programs that run in the guest, built static so that any root can hold them."""

import pathlib

from .cache import digest
from .util import run

SOURCE = pathlib.Path(__file__).resolve().parent.parent / "guest"
PROGRAMS = ("agent", "capture", "kload", "marker", "sampler", "takeover")
FLAGS = ("-static", "-std=gnu17", "-O2", "-s", "-Wall", "-Wextra", "-Werror", "-pthread")


def prepare(cache, says=None):
    """A directory with the PROGRAMS."""
    sources = [SOURCE / f"{name}.c" for name in PROGRAMS]
    key = digest(run(["gcc", "--version"]), " ".join(FLAGS), *sources, SOURCE / "kload32.S")

    def build(directory):
        for source in sources:
            run(["gcc", *FLAGS, "-o", directory / source.stem, source])
        run(["gcc", "-m32", "-nostdlib", "-static", "-s", "-o", directory / "kload32",
             SOURCE / "kload32.S"])

    return cache.get("guest-tools", key, build, says)
