"""The layers: nobody imports upwards or sideways, and the test that says so would notice."""

from __future__ import annotations

from pathlib import Path

import pytest

from layers import RANKS, violations

PACKAGE = Path(__file__).resolve().parents[1] / "src" / "zsync"


def test_every_import_keeps_to_the_layers() -> None:
    assert violations(PACKAGE) == []


def test_every_folder_stands_in_a_layer() -> None:
    folders = {
        path.name.removesuffix(".py") for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
    }

    assert folders - {"__init__", "__main__"} == set(RANKS) | {"sandbox"}


def a_tree(root: Path, **modules: str) -> Path:
    """A package `zsync` in which these modules (`net__client` is net/client.py) hold these lines."""
    package = root / "zsync"
    for name, text in modules.items():
        path = package.joinpath(*name.split("__")).with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return package


@pytest.mark.parametrize(
    ("modules", "expected"),
    [
        ({"model__key": "\nimport zsync.ports\n", "ports__remote": ""}, "zsync/model/key.py:2: model may not import ports"),
        ({"net__auth": "from zsync.state import store", "state__store": ""}, "zsync/net/auth.py:1: net may not import state"),
        ({"engine__run": "import sqlite3"}, "zsync/engine/run.py:1: engine may not import sqlite3"),
        ({"engine__run": "from zsync.net.client import Http", "net__client": ""}, "engine may not import net"),
        ({"engine__run": "from zsync.state.store import Store", "state__store": ""}, "engine may not import state"),
        ({"targets__books__target": "import zsync.state.store"}, "targets.books may not import state"),
        ({"sources__qloapps__source": "import zsync.targets.books"}, "siblings never meet"),
        ({"targets__zoho__client": "import zsync.targets.books.mapping"}, "siblings never meet"),
        ({"sandbox__app": "from zsync.model.key import Key", "model__key": ""}, "the sandbox may not import zsync.model.key"),
        ({"sandbox__app": "import zsync.targets.zoho.errors"}, "the sandbox may not import"),
        ({"config__read": "import zsync.sandbox"}, "config may not import the sandbox"),
        ({"state__store": "import tomllib"}, "state may not import tomllib"),
        ({"net__client": "import rich"}, "net may not import rich"),
        ({"net__client": "print('sent')"}, "zsync/net/client.py:1: net may not print"),
        ({"net__client": "import os\nx = os.environ['HOME']"}, "zsync/net/client.py:2: net may not read the environment"),
        ({"engine__run": "import sys\nsys.exit(1)"}, "engine may not exit"),
        ({"engine__run": "def later():\n    import httpx2\n"}, "zsync/engine/run.py:2: engine may not import httpx2"),
        ({"engine__run": "from ..net import client", "net__client": ""}, "engine may not import net"),
        ({"sources__qloapps__parse": "import time"}, "parse.py is pure: it may not import time"),
        ({"sources__qloapps__parse": "from zsync.net.client import Http", "net__client": ""}, "may not import zsync.net"),
        (
            {"targets__books__mapping": "from zsync.targets.books import lines", "targets__books__lines": "import os"},
            "lines.py is pure: it may not import os (reached from mapping.py)",
        ),
        ({"helpers": "", "cli__app": "import zsync.helpers"}, "helpers stands in no layer"),
    ],
)
def test_a_breach_is_named_with_its_line(tmp_path: Path, modules: dict[str, str], expected: str) -> None:
    found = violations(a_tree(tmp_path, **modules))

    assert len(found) == 1
    assert expected in found[0]


def test_what_the_rule_allows_is_not_named(tmp_path: Path) -> None:
    package = a_tree(
        tmp_path,
        targets__books__target="from zsync.targets.zoho.client import ZohoClient\nfrom zsync.net.client import Http",
        targets__zoho__client="import httpx2",
        net__client="import httpx2\nfrom zsync import __version__",
        targets__books__mapping="from zsync.mapping.templates import render\nfrom zsync.targets.books.settings import Rules",
        targets__books__settings="from zsync.net.secret import Secret",
        net__secret="",
        sandbox__app="from zsync.model.money import Money\nimport werkzeug",
        model__money="",
        cli__demo="import zsync.sandbox\nprint('here')",
        config__read="import os, tomllib\nx = os.environ",
    )

    assert violations(package) == []
