"""Starting the program, and asking for the status, must be quick: what they may import is listed here."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

MAY = {
    "zsync",
    "typer",  # the command line, and what it brings
    "annotated_doc",
    "shellingham",
    "pydantic",  # the settings, and what it brings
    "pydantic_core",
    "annotated_types",
    "typing_extensions",
    "typing_inspection",
    "tomli_w",
}

_REPORT = """
import sys
before = set(sys.modules)
{program}
loaded = {{name.split(".")[0] for name in set(sys.modules) - before}}
print("\\nLOADED", *sorted(loaded - set(sys.stdlib_module_names)))
"""


def loaded_by(program: str, *, cwd: Path | None = None) -> set[str]:
    """The packages outside the standard library that these lines load, in a Python of their own."""
    done = subprocess.run(
        [sys.executable, "-c", _REPORT.format(program=program)], capture_output=True, text=True, cwd=cwd, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    names = done.stdout.rsplit("LOADED", 1)[1].split()
    return {name for name in names if not name.startswith(("_", "pyximport"))}


def test_importing_the_command_line_loads_only_what_it_may() -> None:
    assert loaded_by("import zsync.cli") <= MAY


@pytest.mark.parametrize("arguments", [["status"], ["status", "orders", "--json"], ["config", "check"], ["config", "show"]])
def test_commands_that_ask_nobody_load_no_network(tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "zsync.toml").write_text(_CONFIG, "utf-8")
    (tmp_path / "zsync.toml").chmod(0o600)
    made = "from pathlib import Path; from zsync.state.store import Store; Store.open(Path('zsync.db'), create=True).close()"

    loaded = loaded_by(f"{made}\nfrom zsync.cli import main\nassert main({arguments!r}) == 0", cwd=tmp_path)

    assert loaded <= MAY


def test_a_run_that_needs_no_new_token_loads_no_sign_in() -> None:
    loaded = loaded_by("import zsync.engine.run, zsync.sources.qloapps.source, zsync.targets.books.target")

    assert "httpx2" in loaded
    assert not loaded & {"authlib", "joserfc", "cryptography"}


def test_the_list_would_notice_the_network() -> None:
    assert "httpx2" in loaded_by("import zsync.net.client")


_CONFIG = """
[source]
type = "qloapps"
tag = "hotel"
url = "https://hotel.example.com"
api_key = "K"
[target]
type = "zoho-books"
data_center = "eu"
organization_id = "1"
client_id = "1000.A"
client_secret = { env = "ZOHO_CLIENT_SECRET" }
"""
