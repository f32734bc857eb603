# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is asked of apt: where Debian comes from, which versions there are, downloads."""

import re
import subprocess

from .util import SetupError, run


def debian_sources():
    """sources.list lines of the host's own Debian archives, without anybody else's."""
    lines = []
    listing = run(["apt-get", "indextargets", "--format",
                   "$(ORIGIN)|$(REPO_URI)|$(RELEASE)|$(COMPONENT)", "Created-By: Packages"])
    for line in listing.splitlines():
        origin, uri, release, component = line.split("|")
        if origin == "Debian" and component == "main":
            lines.append(f"deb {uri} {release} {component}")
    if not lines:
        raise SetupError("apt knows no Debian archive; run `apt-get update` first")
    return lines


def suite():
    """The release that the host's archives are for, without its -updates and -security."""
    names = {line.split()[2].split("-")[0] for line in debian_sources()}
    if len(names) != 1:
        raise SetupError("apt has archives of several Debian releases: " + ", ".join(names))
    return names.pop()


def acquire_options():
    """The host's proxy settings, as options for another apt."""
    wanted = re.compile(r'^Acquire::https?::proxy', re.IGNORECASE)
    return [line.rstrip(";") for line in run(["apt-config", "dump"]).splitlines()
            if wanted.match(line)]


def versions(packages):
    """{package: candidate version}; a package without one is left out."""
    found, current = {}, None
    for line in run(["apt-cache", "policy", *packages]).splitlines():
        if line and not line.startswith(" "):
            current = line.rstrip(":")
        elif line.startswith("  Candidate: ") and current:
            version = line.split(": ", 1)[1]
            if version != "(none)":
                found[current] = version
    return found


def _newer(left, right):
    return subprocess.run(["dpkg", "--compare-versions", left, "gt", right],
                          check=False).returncode == 0


def newest(pattern):
    """(package, version) of the newest package whose name matches the regular expression."""
    names = run(["apt-cache", "pkgnames"]).split()
    candidates = versions([name for name in names if re.fullmatch(pattern, name)] or ["none"])
    best = None
    for name, version in candidates.items():
        if best is None or _newer(version, best[1]):
            best = (name, version)
    if best is None:
        raise SetupError(f"apt has no package that matches {pattern}; run `apt-get update`")
    return best


def download(package, version, directory):
    """The path of the .deb of one package, fetched into the directory."""
    run(["apt-get", "download", "-o", "APT::Sandbox::User=root", f"{package}={version}"],
        cwd=directory)
    debs = list(directory.glob(f"{package}_*.deb"))
    if len(debs) != 1:
        raise SetupError(f"apt-get download {package} left {len(debs)} files")
    return debs[0]
