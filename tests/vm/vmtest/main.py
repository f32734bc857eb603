# SPDX-License-Identifier: LGPL-2.1-or-later
"""Command line of tests/vm/run."""

import argparse
import concurrent.futures
import fnmatch
import importlib
import pathlib
import pkgutil
import shutil
import sys
import time

from . import bootable, build, guesttools, kernels, rootfs, runner
from .cache import Cache, default_directory
from .images import BUSYBOX, EFI_STUB
from .machine import OVMF_CODE
from .registry import BOTH, EVERY, GROUPS
from .util import SetupError, note, say

# Programs of the host, and the Debian packages that they come in.
NEEDED = {"qemu-system-x86_64": "qemu-system-x86", "qemu-img": "qemu-utils",
          "mmdebstrap": "mmdebstrap", "mke2fs": "e2fsprogs", "dpkg-deb": "dpkg",
          "apt-get": "apt", "dh": "debhelper", "zstd": "zstd", "depmod": "kmod",
          "gcc": "gcc libc6-dev", "sfdisk": "fdisk", "mkfs.vfat": "dosfstools", "mcopy": "mtools"}
NEEDED_FILES = {"busybox-static": BUSYBOX, "ovmf": OVMF_CODE, "systemd-boot-efi": EFI_STUB}


def parse(argv):
    parser = argparse.ArgumentParser(
        prog="tests/vm/run", description="Test kdumpd in virtual machines: real kernels, "
        "real hotplug, real panics.")
    parser.add_argument("cases", nargs="*", metavar="CASE",
                        help="KERNEL/GROUP/CASE or a part of it, with wildcards (default: all)")
    parser.add_argument("--kernel", choices=(*EVERY, "both", "all"),
                        help="new: 6.12, updates the image itself; old: 6.1, does not; both: these "
                        "(default); trixie: that of Debian 13; newest: of sid, at a known version; "
                        "all: all (with --full, the default)")
    parser.add_argument("--full", action="store_true",
                        help="without names: more cases, on all kernels")
    parser.add_argument("--newest-from-archive", action="store_true",
                        help="newest: whatever is the newest in sid")
    parser.add_argument("--list", action="store_true", help="list the cases and end")
    parser.add_argument("--jobs", type=int, default=1, metavar="N",
                        help="virtual machines at a time (default: 1)")
    parser.add_argument("--loader", choices=("kexec_load", "kexec_file_load"), default="",
                        help="for captures that could use either (default: kdumpd's choice)")
    parser.add_argument("--builddir", type=pathlib.Path, default=build.SOURCE_ROOT / "build-vm",
                        help="where to build kdumpd (default: build-vm)")
    parser.add_argument("--destdir", type=pathlib.Path,
                        help="use this installed tree, do not build")
    parser.add_argument("--deb", type=pathlib.Path,
                        help="the .deb for cases about packages, do not build one")
    parser.add_argument("--results", type=pathlib.Path,
                        help="where logs of failed cases go (default: in the cache directory)")
    parser.add_argument("--needed", action="store_true",
                        help="print the Debian packages that the host needs, and end")
    return parser.parse_args(argv)


def load_cases():
    import cases
    for module in sorted(pkgutil.iter_modules(cases.__path__), key=lambda m: m.name):
        importlib.import_module(f"cases.{module.name}")


def matches(patterns, flavour, group, case):
    names = (f"{flavour}/{group.name}/{case}", f"{group.name}/{case}", f"{flavour}/{group.name}",
             group.name, case, *group.suites)
    return not patterns or any(fnmatch.fnmatchcase(name, pattern)
                               for name in names for pattern in patterns)


def make_plan(options):
    kernel = options.kernel or ("all" if options.full else "both")
    flavours = {"both": BOTH, "all": EVERY}.get(kernel, (kernel,))
    plan = []
    for flavour in flavours:
        for group in GROUPS:
            wanted = group.full if options.full or flavour not in BOTH else group.default
            chosen = [case for case in group.cases if flavour in case.kernels
                      and matches(options.cases, flavour, group, case.name)
                      and (options.cases or options.list or flavour in wanted)]
            if chosen:
                plan.append((flavour, group, chosen))
    return plan


def prepare_kernels(options, plan, cache):
    """{flavour: Kernel}, and {flavour: why it cannot be had}."""
    images, absent = {}, {}
    for flavour in sorted({flavour for flavour, _, _ in plan}):
        try:
            images[flavour] = kernels.prepare(flavour, cache, note,
                                              not options.newest_from_archive)
        except kernels.Gone as reason:
            absent[flavour] = f"{reason}; --newest-from-archive takes what it has"
            note(f"{flavour}: {absent[flavour]}")
    return images, absent


def prepare_bases(plan, images, cache):
    """{(flavour, root, loader): path of the disk}, two at a time where they have to be made."""
    def prepare_one(key):
        flavour, root, loader = key
        if loader:
            return bootable.prepare(cache, images[flavour], loader, note)
        return rootfs.prepare(cache, images[flavour].root, note, root)

    keys = sorted({(flavour, group.config.root, group.config.loader)
                   for flavour, group, _ in plan if flavour in images})
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        return dict(zip(keys, pool.map(prepare_one, keys)))


def prepare(options, plan):
    missing = sorted({package for program, package in NEEDED.items() if not shutil.which(program)}
                     | {package for package, file in NEEDED_FILES.items() if not file.exists()})
    if missing:
        raise SetupError("missing on this machine: apt-get install " + " ".join(missing))
    cache = Cache(default_directory())
    images, absent = prepare_kernels(options, plan, cache)
    tools = guesttools.prepare(cache, note)
    bases = prepare_bases(plan, images, cache)
    wanted = {group.tree for _, group, _ in plan}
    trees = {"kdumpd": options.destdir}
    if "kdumpd" in wanted and not options.destdir:
        trees["kdumpd"] = build.install(options.builddir, note)
    if "packages" in wanted:
        trees["packages"] = build.packages(options.builddir, options.deb, note)
    results = options.results or cache.directory / "results" / time.strftime("%Y%m%d-%H%M%S")
    for kernel in images.values():
        note(f"{kernel.flavour}: Linux {kernel.release}")
    return runner.Bench(images, absent, tools, bases, trees, results, options.loader)


def main(argv):
    options = parse(argv)
    if options.needed:
        say(" ".join([*sorted(set(NEEDED.values())), *NEEDED_FILES]))
        return 0
    load_cases()
    plan = make_plan(options)
    if options.list:
        for flavour, group, cases in plan:
            for case in cases:
                say(f"{flavour}/{group.name}/{case.name}: {case.about}")
        return 0
    if not plan:
        say("no case has such a name", sys.stderr)
        return 2
    started = time.monotonic()
    try:
        bench = prepare(options, plan)
    except SetupError as error:
        say(f"tests/vm/run: {error}", sys.stderr)
        return 2
    prepared = time.monotonic()
    tally = runner.run(bench, plan, max(1, options.jobs))
    note(f"{prepared - started:.0f} s to prepare, {time.monotonic() - prepared:.0f} s to run")
    if tally.counts["failed"]:
        note(f"logs of failed cases: {bench.results}")
    elif bench.results.exists():
        shutil.rmtree(bench.results, ignore_errors=True)
    say(tally.closing_line())
    return 1 if tally.counts["failed"] else 0
