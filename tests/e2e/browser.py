"""Which Chromium the journeys run in: the system's, else Playwright's own, else Debian's package.

`python -m tests.e2e.browser` makes sure that there is one.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from playwright.sync_api import sync_playwright

# The shell without windows comes first: it takes a third of the others' time for the same pages.
SYSTEM_NAMES = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)

_INSTALL_SECONDS = 300
# A test browser calls nobody by itself, and reaches only this machine.
FLAGS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
]


def launch_options() -> dict[str, object]:
    """Answer what Playwright needs to start the browser found here."""
    # Chromium's own sandbox refuses to run as root.
    flags = [*FLAGS, "--no-sandbox"] if os.geteuid() == 0 else FLAGS
    executable = find_system()
    return {"args": flags} | ({"executable_path": str(executable)} if executable else {})


def find_system() -> Path | None:
    """Answer the path of the system's Chromium, if there is one that starts."""
    for name in SYSTEM_NAMES:
        path = shutil.which(name)
        if path and _starts(path):
            return Path(path)
    return None


def find_bundled() -> Path | None:
    """Answer the path of the Chromium that Playwright fetched, if it did and it starts."""
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return Path(path) if _starts(path) else None


def find() -> Path | None:
    """Answer the browser the tests will use."""
    return find_system() or find_bundled()


def install() -> Path | None:
    """Fetch Playwright's Chromium, else Debian's package, and answer where it is."""
    for attempt in (_install_from_playwright, _install_from_debian):
        attempt()
        found = find()
        if found:
            return found
    return None


def _starts(path: str) -> bool:
    # Ubuntu puts a script of this name that only asks for a snap.
    try:
        subprocess.run([path, "--version"], capture_output=True, check=True, timeout=60)
    except (OSError, subprocess.CalledProcessError, subprocess.TimeoutExpired):
        return False
    return True


def _install_from_playwright() -> None:
    command = [sys.executable, "-m", "playwright", "install", "chromium"]
    with suppress(subprocess.TimeoutExpired):
        subprocess.run(command, capture_output=True, check=False, timeout=_INSTALL_SECONDS)


def _install_from_debian() -> None:
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ["apt-get", "update", "-q"],
        ["apt-get", "install", "-q", "-y", "--no-install-recommends", "chromium"],
    ):
        with suppress(subprocess.TimeoutExpired):
            subprocess.run(
                command, capture_output=True, check=False, env=quiet, timeout=_INSTALL_SECONDS
            )


def main() -> int:
    """Find or install a browser, and say in one sentence what to do where neither works."""
    if find() or install():
        return 0
    print(
        "The tests need Chromium and none could be installed. Install it with your system's"
        " packages (Debian and Ubuntu: apt install chromium) and run the command again.",
        file=sys.stderr,
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())
