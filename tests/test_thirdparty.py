"""A plugin of somebody else's, installed as a package of its own, is found by its entry point and runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import tomli_w

from zsync.cli.scene import firm_configuration, firm_scene
from zsync.sandbox.serve import Server

PACKAGE = Path(__file__).with_name("thirdparty")
Zsync = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package in it, as pip puts it there."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--no-index"]
    subprocess.run([*command, "--no-build-isolation", "--target", str(folder), str(PACKAGE)], check=True, timeout=120)
    return folder


def test_it_is_found_by_its_entry_point_and_runs(installed: Path, tmp_path: Path) -> None:
    things = tmp_path / "things.json"
    listed = [{"id": 1, "name": "Pump", "price": 15.5}, {"id": 2, "name": "Sod", "price": 3}]
    things.write_text(json.dumps({"Thing": listed}), "utf-8")
    sandbox = firm_scene(limited=False)
    with Server(sandbox) as server:
        made = firm_configuration(sandbox, server.url, state="pocket.db")
        made["source"] = {"type": "pocket", "tag": "pocket", "path": str(things)}
        entity = {"object": "Thing", "form": "Items", "report_name": "All_Items", "key": "QB_Id"}
        made["entities"] = {"things": {**entity, "map": {"QB_Id": "id", "Item_Name": "name", "Price": "price"}}}
        path = tmp_path / "zsync.toml"
        path.write_bytes(tomli_w.dumps(made).encode())
        path.chmod(0o600)

        def zsync(*arguments: str) -> str:
            environment = {**os.environ, "PYTHONPATH": str(installed)}
            command = [sys.executable, "-c", "import sys; from zsync.cli import main; sys.exit(main())", *arguments]
            done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False)
            assert done.returncode == 0, done.stderr
            return done.stdout

        scopes = zsync("auth", "scopes").strip().split(",")
        zsync("auth", "--code", sandbox.accounts.grant_code(scopes))
        zsync("config", "check", "--online")
        zsync("init")
        zsync("run")
        rows = list(sandbox.creator.application.values("Items", "QB_Id", "Item_Name", "Price"))
        assert rows == [("1", "Pump", "15.5000"), ("2", "Sod", "3.0000")]
        before = sandbox.ledger.calls("creator")
        zsync("run")
        assert sandbox.ledger.calls("creator") == before
    leftovers = [each.name for each in PACKAGE.iterdir()]
    assert sorted(each for each in leftovers if not each.startswith((".", "__"))) == ["pyproject.toml", "zsync_pocket"]
