# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is asked of apt: where Debian comes from, which versions there are, downloads."""

import fcntl
import pathlib
import re
import subprocess
import time

from .util import SetupError, run

KEYRING = pathlib.Path("/usr/share/keyrings/debian-archive-keyring.gpg")
LISTS_LAST = 6 * 3600       # seconds after which lists of our own are fetched again


def _host_targets():
    """(URI, release) of each of the host's own Debian archives, without anybody else's."""
    targets = []
    listing = run(["apt-get", "indextargets", "--format",
                   "$(ORIGIN)|$(REPO_URI)|$(RELEASE)|$(COMPONENT)", "Created-By: Packages"])
    for line in listing.splitlines():
        origin, uri, release, component = line.split("|")
        if origin == "Debian" and component == "main":
            targets.append((uri, release))
    if not targets:
        raise SetupError("apt knows no Debian archive; run `apt-get update` first")
    return targets


def host_release():
    """The release that the host's archives are for, without its -updates and -security."""
    names = {release.split("-")[0] for _, release in _host_targets()}
    if len(names) != 1:
        raise SetupError("apt has archives of several Debian releases: " + ", ".join(names))
    return names.pop()


def sources(release, options=""):
    """sources.list lines for a release, from the mirrors that the host uses."""
    host, lines = host_release(), []
    for uri, name in _host_targets():
        if name == host or release != "sid":        # to which there are no updates
            lines.append(f"deb {options}{uri} {name.replace(host, release, 1)} main")
    return lines


def acquire_options():
    """The host's proxy settings, as options for another apt."""
    wanted = re.compile(r'^Acquire::https?::proxy', re.IGNORECASE)
    return [line.rstrip(";") for line in run(["apt-config", "dump"]).splitlines()
            if wanted.match(line)]


def _newer(left, right):
    return subprocess.run(["dpkg", "--compare-versions", left, "gt", right],
                          check=False).returncode == 0


class Apt:
    """The archive of one release: with the host's lists if it is the host's own, else with lists
    and a state of its own below the directory, so that nothing of the host changes."""

    def __init__(self, release, directory):
        self.release = release
        self._options = []
        if release != host_release():
            self._set_up(pathlib.Path(directory) / f"apt-{release}")

    def _set_up(self, directory):
        for name in ("lists/partial", "archives/partial"):
            (directory / name).mkdir(parents=True, exist_ok=True)
        listing, stamp = directory / "sources.list", directory / "updated"
        signed = f"[signed-by={KEYRING}] " if KEYRING.exists() else ""
        text = "\n".join(sources(self.release, signed)) + "\n"
        self._options = [word for setting in (
            f"Dir::State={directory}", f"Dir::Cache={directory}", "Dir::State::status=/dev/null",
            f"Dir::Etc::sourcelist={listing}", "Dir::Etc::sourceparts=/dev/null",
            "APT::Sandbox::User=root", "Acquire::Languages=none") for word in ("-o", setting)]
        with open(directory / "lock", "w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if (stamp.exists() and listing.read_text() == text
                    and time.time() - stamp.stat().st_mtime < LISTS_LAST):
                return
            listing.write_text(text)
            run(["apt-get", *self._options, "--error-on=any", "update"])
            stamp.touch()

    def versions(self, packages):
        """{package: candidate version}; a package without one is left out."""
        found, current = {}, None
        for line in run(["apt-cache", *self._options, "policy", *packages]).splitlines():
            if line and not line.startswith(" "):
                current = line.rstrip(":")
            elif line.startswith("  Candidate: ") and current:
                version = line.split(": ", 1)[1]
                if version != "(none)":
                    found[current] = version
        return found

    def newest(self, pattern):
        """(package, version) of the newest package whose name matches the regular expression."""
        names = run(["apt-cache", *self._options, "pkgnames"]).split()
        candidates = self.versions([name for name in names if re.fullmatch(pattern, name)]
                                   or ["none"])
        best = None
        for name, version in candidates.items():
            if best is None or _newer(version, best[1]):
                best = (name, version)
        if best is None:
            raise SetupError(f"apt has no package that matches {pattern} in {self.release}; "
                             "run `apt-get update`")
        return best

    def has(self, package, version):
        """Whether the archive has just this version."""
        return subprocess.run(["apt-cache", *self._options, "show", f"{package}={version}"],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                              check=False).returncode == 0

    def plan(self, arguments):
        """What `apt-get install` with these arguments would install where there is nothing yet:
        one line for each package, with its version."""
        text = run(["apt-get", *self._options, "-o", "Dir::State::status=/dev/null", "-s",
                    "--no-install-recommends", "install", *arguments])
        return sorted(line for line in text.splitlines() if line.startswith("Inst "))

    def download(self, package, version, directory):
        """The path of the .deb of one package, fetched into the directory."""
        run(["apt-get", *self._options, "download", "-o", "APT::Sandbox::User=root",
             f"{package}={version}"], cwd=directory)
        debs = list(directory.glob(f"{package}_*.deb"))
        if len(debs) != 1:
            raise SetupError(f"apt-get download {package} left {len(debs)} files")
        return debs[0]
