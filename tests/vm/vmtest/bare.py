# SPDX-License-Identifier: LGPL-2.1-or-later
"""README's Install block on a machine that has nothing: a minimal Debian, and a clone in it. What
`make dist` makes there is then built into packages, in such a Debian with the tools for that."""

import argparse
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import tempfile

from . import apt
from .build import SOURCE_ROOT
from .cache import Cache, default_directory, digest
from .util import SetupError, note, run, say

RELEASES = ("bookworm", "trixie")
RECIPE = 1                              # to be raised when the building below changes
HOME = "/home/builder"
CLONE = f"{HOME}/kdumpd"

# Nothing is installed there that nobody asked for: what README names has to be enough.
APT_SETTINGS = """APT::Get::Assume-Yes "true";
APT::Install-Recommends "false";
Dpkg::Use-Pty "false";
"""

# Runs in mount and process namespaces of its own, so that nothing stays mounted or running,
# however this ends. $1: the root, $2: a script in it, which gets the rest.
ENTER = """set -eu
root=$1 script=$2
shift 2
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/run"
ip link set lo up
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \\
    DEBIAN_FRONTEND=noninteractive MAKEFLAGS="-j$(nproc)" \\
    chroot "$root" sh "$script" "$@"
"""

# The same on a copy of the root that costs nothing. $1: the root as it is kept, $2: a directory.
ENTER_COPY = """set -eu
kept=$1 work=$2
shift 2
mkdir -p "$work/upper" "$work/work" "$work/root"
mount -t overlay -o "lowerdir=$kept,upperdir=$work/upper,workdir=$work/work" overlay \\
    "$work/root" || cp -a "$kept/." "$work/root/"
tar -C "$work/root" -xf "$work/clone.tar"
set -- "$work/root" "$@"
""" + ENTER

# Files, and directories of ours; others that had to be made are anybody's then.
LIST = r"""find / \( -path /proc -o -path /sys -o -path /dev -o -path /run -o -path /tmp -o -path \
    /var/tmp -o -path /home \) -prune -o \( ! -type d -o -name '*kdump*' \) -print | sort"""

# What a user does with a clone. README's lines are its arguments, one by one.
PLAY = f"""set -eu
cd {CLONE}
trap '[ $? = 0 ] || sed "s/^#/ &/" test-suite.log' EXIT     # not to be counted again
chown -R root: .
echo "# tests/install-needs, whose packages this release must have"
tests/install-needs --dry-run vm
{LIST} >/tmp/before
for line; do
    echo "# $line"
    (eval "$line")
done
command -v kdumpd >/dev/null || {{ echo "README's lines did not install kdumpd"; exit 1; }}
kdumpctl --version
echo "# make check, as an ordinary user"
chown -R builder: .
setpriv --reuid=builder --regid=builder --clear-groups env HOME={HOME} make check
echo "# make uninstall"
make uninstall
{LIST} >/tmp/after
diff -u /tmp/before /tmp/after || {{ echo "make uninstall left, or took, the above"; exit 1; }}
"""


PACKAGE_TOOLS = ("build-essential", "debhelper", "lintian", "rpm")

# What an upload to Debian would need, and what is built here does not: an address of who builds
# (DEBEMAIL= has none here), and a bug that the upload closes.
UNSUITED_TAGS = ("bogus-mail-host", "bogus-mail-host-in-debian-changelog",
                 "initial-upload-closes-no-bugs")

# From a clone to the tarball, and from that to packages. $1: "rpm" if that, too.
PACK = f"""set -eu
cd {CLONE}
chown -R builder: .
as_builder() {{
    setpriv --reuid=builder --regid=builder --clear-groups env HOME={HOME} "$@"
}}
echo "# make dist"
as_builder autoreconf -fi
as_builder ./configure --prefix=/usr --sysconfdir=/etc
as_builder make dist
tarball=$(echo kdumpd-*.tar.xz)
echo "# packaging/build-deb"
as_builder env DEB_BUILD_OPTIONS="nocheck parallel=$(nproc)" \\
    packaging/build-deb "$tarball" packages
echo "# lintian"
as_builder lintian --no-cfg --fail-on error,warning --suppress-tags {",".join(UNSUITED_TAGS)} \\
    packages/*.changes
[ "$1" = rpm ] || exit 0
echo "# packaging/build-rpm"
# Code that nobody runs.
as_builder packaging/build-rpm "$tarball" packages --define 'optflags -O1'
"""


def install_block(readme):
    """The commands of README's section Install: its first block, without continuations."""
    found = re.search(r"^## Install\n+((?: {4}.*\n)+)", readme, re.MULTILINE)
    if not found:
        raise SetupError("README.md has no section Install that begins with commands")
    lines = re.sub(r"\\\n", " ", found.group(1)).splitlines()
    lines = [" ".join(line.split()) for line in lines]
    if not lines[0].startswith("apt-get install ") or len(lines) < 2:
        raise SetupError(f"README's section Install does not begin with apt-get: {lines[0]}")
    return lines


def _enter(script, arguments, network):
    """Run one of the scripts above; its output is this program's, and so is its end."""
    spaces = ["--mount", "--pid", "--fork", "--kill-child"] + ([] if network else ["--net"])
    argv = ["setpriv", "--pdeathsig", "KILL", "unshare", *spaces, "--propagation", "private",
            "sh", "-c", script, "sh", *map(str, arguments)]
    return subprocess.run(argv, stdin=subprocess.DEVNULL, check=False).returncode


def root(cache, release, install):
    """A minimal root of the release in which README's first command has run."""
    archive = apt.Apt(release, cache.directory)
    packages = [word for word in shlex.split(install)[2:] if not word.startswith("-")]
    plan = archive.plan(["?essential", "apt", *packages])
    key = digest(release, install, "\n".join(plan), APT_SETTINGS, RECIPE)
    return cache.get(f"bare-{release}", key, lambda where: _build(release, install, where),
                     note) / "root"


def _build(release, install, where):
    tree = where / "root"
    options = [f"--aptopt={option}" for option in apt.acquire_options()]
    # A machine that was just installed has the lists.
    run(["mmdebstrap", "--quiet", "--mode=root", "--variant=minbase", *options,
         '--aptopt=Acquire::Languages "none"', "--skip=cleanup/apt/lists",
         release, tree, *apt.sources(release)])
    (tree / "etc/apt/apt.conf.d/90bare").write_text(APT_SETTINGS)
    script = tree / "install"
    script.write_text(f"set -eu\n{install}\napt-get clean\n"
                      f"useradd --create-home --home-dir {HOME} builder\n")
    say(f"# {install}")
    if _enter(ENTER, [tree, "/install"], network=True) != 0:
        raise SetupError(f"README's first command failed in a minimal {release}")
    script.unlink()


def _package_root(cache, release, kept):
    """The same root with the tools that make packages, which hide nothing from README there."""
    archive = apt.Apt(release, cache.directory)
    key = digest(kept.parent.name, "\n".join(archive.plan(PACKAGE_TOOLS)), RECIPE)

    def build(where):
        tree = where / "root"
        run(["cp", "-a", kept, tree])
        (tree / "install").write_text(f"set -eu\napt-get install {' '.join(PACKAGE_TOOLS)}\n"
                                      "apt-get clean\n")
        if _enter(ENTER, [tree, "/install"], network=True) != 0:
            raise SetupError(f"{', '.join(PACKAGE_TOOLS)} cannot be installed in {release}")
        (tree / "install").unlink()

    return cache.get(f"packages-{release}", key, build, note) / "root"


def _play(kept, script, arguments, pack, results=None):
    """Run a script in a copy of the root, over which pack(file) has laid a tar archive. Returns
    whether it went well; results(tree) sees the files that are new then."""
    work = pathlib.Path(tempfile.mkdtemp(prefix="kdumpd-bare-", dir="/var/tmp"))
    try:
        pack(work / "clone.tar")
        (work / "upper/tmp").mkdir(parents=True)
        (work / "upper/tmp").chmod(0o1777)
        (work / "upper/play").write_text(script)
        if _enter(ENTER_COPY, [kept, work, "/play", *arguments], network=False) != 0:
            return False
        if results:
            # Without an overlay they are in the copy.
            results(next(tree for tree in (work / "upper", work / "root")
                         if (tree / HOME.lstrip("/")).is_dir()))
        return True
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _pack(sources, target):
    """What a clone would have, with what is not committed yet in files that are tracked."""
    git = subprocess.run(["git", "-C", sources, "ls-files", "-z", "--cached"], check=False,
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    names = git.stdout if git.returncode == 0 else b".\0"
    subprocess.run(["tar", "-C", sources, "--ignore-failed-read", "--null", "-T", "-",
                    f"--transform=s,^,{CLONE.lstrip('/')}/,", "-cf", target], input=names,
                   check=True)


def main(argv):
    parser = argparse.ArgumentParser(
        prog="tests/bare", description="Do what README's section Install says in a minimal root, "
        "then `make check` as an ordinary user and `make uninstall`; then build packages. As root.")
    parser.add_argument("release", choices=RELEASES, nargs="?", default=RELEASES[0])
    parser.add_argument("--sources", type=pathlib.Path, default=SOURCE_ROOT)
    parser.add_argument("--packages", type=pathlib.Path, metavar="DIRECTORY",
                        help="keep the packages there")
    options = parser.parse_args(argv)
    try:
        if os.geteuid() != 0:
            raise SetupError("a root can only be made and entered by root")
        install, *lines = install_block((options.sources / "README.md").read_text())
        cache = Cache(default_directory())
        kept = root(cache, options.release, install)

        def pack(target):
            _pack(options.sources, target)

        def keep(tree):
            if options.packages:
                options.packages.mkdir(parents=True, exist_ok=True)
                for file in (tree / CLONE.lstrip("/") / "packages").iterdir():
                    shutil.copy(file, options.packages)

        done = _play(kept, PLAY, lines, pack) and _play(
            _package_root(cache, options.release, kept), PACK,
            ["rpm" if options.release == RELEASES[0] else ""], pack, keep)
        return 0 if done else 1
    except SetupError as error:
        say(f"tests/bare: {error}")
        return 1
