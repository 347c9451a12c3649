"""The project files agree with each other, and name no machine that they were made on."""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from zsync import __version__

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
LOCK = (ROOT / "requirements.lock").read_text("utf-8")


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", re.match(r"[A-Za-z0-9._-]+", name)[0]).lower()  # type: ignore[index]  # every requirement has a name


def test_one_version_everywhere() -> None:
    assert PROJECT["version"] == __version__
    assert f"## {__version__}" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_every_dependency_of_make_is_locked_with_its_hash() -> None:
    locked = {plain(line) for line in LOCK.splitlines() if re.match(r"[a-z]", line, re.IGNORECASE)}
    extras = PROJECT["optional-dependencies"]
    wanted = {plain(each) for each in [*PROJECT["dependencies"], *extras["sandbox"], *extras["dev"]]} - {"zsync"}

    assert wanted - locked == set()
    pieces = re.split(r"^(?=[a-zA-Z])", LOCK, flags=re.MULTILINE)[1:]
    assert [each.splitlines()[0] for each in pieces if "--hash=sha256:" not in each] == []


def test_the_lock_names_no_host_and_no_path() -> None:
    assert not re.search(r"https?:|file:|--index|--find-links|^-e|/", re.sub(r"^ +#.*$", "", LOCK, flags=re.MULTILINE))
    assert "://" not in LOCK


@pytest.mark.parametrize("path", [".ci/run"])
def test_scripts_can_be_run(path: str) -> None:
    assert os.access(ROOT / path, os.X_OK)
    assert subprocess.run(["bash", "-n", str(ROOT / path)], check=False).returncode == 0


def test_the_licence_is_the_whole_text() -> None:
    text = (ROOT / "LICENSE").read_text("utf-8")

    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text
