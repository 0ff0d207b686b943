"""The systemd units: sound, shut off from the machine, and they start what there is."""

from __future__ import annotations

import configparser
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.__main__ import programs
from config import ROOT, Config
from tests.waiting import PATIENCE_SECONDS

UNITS = ROOT / "docs/systemd"
NAMES = ["portico-web", "portico-worker"]
HARDENED = {
    "NoNewPrivileges": "yes",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "PrivateDevices": "yes",
    "CapabilityBoundingSet": "",
    "RestrictNamespaces": "yes",
    "Restart": "on-failure",
    "EnvironmentFile": "/etc/portico/environment",
    "User": "portico",
}


class Unit(configparser.RawConfigParser):
    """A unit as its file says; a name that stands twice keeps its last value."""

    def __init__(self, path: Path) -> None:
        super().__init__(strict=False, interpolation=None, comment_prefixes=("#", ";"))
        self.read(path)

    def optionxform(self, optionstr: str) -> str:
        return optionstr


@pytest.fixture(params=NAMES)
def unit(request: pytest.FixtureRequest) -> Iterator[Unit]:
    """Give each unit."""
    yield Unit(UNITS / f"{request.param}.service")


def installed(folder: Path, name: str) -> Path:
    """Answer a unit whose paths are on this machine: what it starts and reads has to be there."""
    text = (UNITS / f"{name}.service").read_text()
    (folder / "environment").touch()
    program = folder / "python"
    program.symlink_to(shutil.which("true") or "/bin/true")
    path = folder / f"{name}.service"
    path.write_text(
        text.replace("/opt/portico/.venv/bin/python", str(program)).replace(
            "/etc/portico", str(folder)
        )
    )
    return path


class TestUnits:
    def test_start_a_program_there_is(self, unit: Unit) -> None:
        program, *words = unit["Service"]["ExecStart"].split()

        assert program == "/opt/portico/.venv/bin/python"
        assert words[:2] == ["-m", "app"]
        assert words[2] in programs.commands

    def test_are_shut_off_from_the_machine(self, unit: Unit) -> None:
        kept = {name: unit["Service"].get(name) for name in HARDENED}

        assert kept == HARDENED

    def test_wait_longer_than_the_program_does(self, unit: Unit) -> None:
        longest = Config.model_fields["STOP_SECONDS"].default

        assert int(unit["Service"]["TimeoutStopSec"]) > longest

    @pytest.mark.parametrize("name", NAMES)
    def test_are_sound_by_systemds_own_word(self, name: str, tmp_path: Path) -> None:
        analyze = shutil.which("systemd-analyze")
        if analyze is None:
            pytest.skip("systemd-analyze is not here; the other tests read the units themselves")

        said = subprocess.run(
            [analyze, "verify", "--man=no", str(installed(tmp_path, name))],
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
        )

        assert (said.returncode, said.stderr) == (0, "")

    def test_differ_only_in_what_they_start(self) -> None:
        web, worker = (Unit(UNITS / f"{name}.service") for name in NAMES)
        different = {
            name for name, value in web["Service"].items() if worker["Service"].get(name) != value
        }

        assert different == {"ExecStart"}
        assert set(web["Service"]) == set(worker["Service"])
