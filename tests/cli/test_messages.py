"""What goes wrong before anything is written: what is wrong, where, the next step, and never a traceback."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from cli.conftest import Desk, Said
from zsync.cli.session import check_readable
from zsync.cli.timing import Stop, SystemClock
from zsync.errors import ConfigError
from zsync.net.secret import Secret
from zsync.sources.qloapps import plugin
from zsync.state.store import Store


def says(said: Said, code: int, *words: str) -> None:
    """The exit code, an error, a hint, each of the words, and no traceback."""
    text = said.out + said.err
    assert said.code == code, text
    assert "hint: " in text
    assert "Traceback" not in text
    for each in words:
        assert each in text


def test_a_wrong_key_of_the_hotel(desk: Desk) -> None:
    desk.sign_in()
    desk.configure({"source": {"api_key": "W" * 32}})

    says(desk.zsync("init", "--no-adopt"), 2, "does not know the webservice key", "api_key")


def test_a_wrong_host_of_the_hotel_is_a_redirect_that_is_not_followed(desk: Desk) -> None:
    desk.sign_in()
    desk.hotel.domain = "www.hotel.example.com"

    says(desk.zsync("init", "--no-adopt"), 2, "www.hotel.example.com")


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ({"organization_id": "999"}, "organization_id"),
        ({"client_id": "1000.WRONG"}, "data_center"),
        ({"client_secret": "wrong"}, "client_secret"),
    ],
)
def test_a_wrong_organisation_client_or_data_centre(desk: Desk, target: Mapping[str, Any], words: str) -> None:
    desk.sign_in()
    desk.sandbox.accounts.expire_access()
    desk.configure({"target": dict(target)})

    said = desk.zsync("init", "--no-adopt")

    says(said, said.code, words)
    assert said.code in (2, 4)


def test_a_missing_scope_is_named(desk: Desk) -> None:
    code = desk.sandbox.accounts.grant_code(["ZohoBooks.contacts.READ"])
    desk.zsync("auth", "--code", code)

    says(desk.zsync("init", "--no-adopt"), 4, "zsync auth")


def test_an_unknown_tax_fails_its_orders_with_the_line_to_add(desk: Desk) -> None:
    desk.configure({"target": {"taxes": {"10": "VAT 11%"}}})
    desk.sign_in()
    desk.zsync("init", "--no-adopt")

    says(desk.zsync("run"), 3, "VAT 11%", "[target.taxes]")


def test_malformed_toml_names_file_and_line(desk: Desk) -> None:
    path = desk.folder / "zsync.toml"
    path.write_text(path.read_text("utf-8").replace("[source]", "[source"), "utf-8")

    says(desk.zsync("run"), 2, "zsync.toml:1: this is not TOML")


def test_an_unknown_key_names_the_nearest(desk: Desk) -> None:
    desk.configure({"source": {"tga": "x"}})

    says(desk.zsync("config", "check"), 2, "source.tga: there is no such key", "did you mean `tag`?")


def test_all_mistakes_of_a_configuration_are_listed(desk: Desk) -> None:
    desk.configure({"source": {"tga": "x"}, "target": {"data_centre": "eu"}})

    assert desk.zsync("config", "check").err.count("error: ") == 2


@pytest.mark.parametrize("command", [["run"], ["plan"], ["status"], ["show", "orders", "1"], ["retry"]])
def test_nothing_goes_before_init(desk: Desk, command: list[str]) -> None:
    says(desk.zsync(*command), 2, "zsync init")
    assert not (desk.folder / "zsync.db").exists()


def test_a_run_is_refused_when_init_did_not_finish(desk: Desk) -> None:
    Store.open(desk.folder / "zsync.db", create=True).close()
    desk.sign_in()

    says(desk.zsync("run"), 2, "was not initialised", "zsync init")


def test_a_state_of_a_newer_version_is_left_as_it_is(desk: Desk) -> None:
    desk.initialised()
    with sqlite3.connect(desk.folder / "zsync.db") as db:
        db.execute("PRAGMA user_version = 99")
    db.close()

    says(desk.zsync("run"), 2, "newer zsync", "update zsync")


def test_another_database_is_not_taken_for_a_state(desk: Desk) -> None:
    with sqlite3.connect(desk.folder / "zsync.db") as db:
        db.execute("CREATE TABLE bookings (id)")
    db.close()

    says(desk.zsync("run"), 2, "not a zsync state")


def test_a_damaged_state_says_so(desk: Desk) -> None:
    (desk.folder / "zsync.db").write_bytes(b"not a database at all, not even nearly one" * 50)

    says(desk.zsync("status"), 2, "damaged")


def refusing(monkeypatch: pytest.MonkeyPatch, refuse: Callable[[str, int], bool], error: int) -> None:
    """The file system says no where `refuse` does: tests may run as root, whom no permission stops."""
    really = os.open

    def opened(path: Any, flags: int, mode: int = 0o777, **more: Any) -> int:
        if refuse(str(path), flags):
            raise OSError(error, os.strerror(error), str(path))
        return really(path, flags, mode, **more)

    monkeypatch.setattr(os, "open", opened)


def test_a_read_only_folder(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.sign_in()
    refusing(monkeypatch, lambda path, flags: "zsync.db" in path and bool(flags & os.O_CREAT), 30)

    says(desk.zsync("init", "--no-adopt"), 2, "zsync.db", "read-only", "writable by the user who runs zsync")


def test_a_folder_that_does_not_exist(desk: Desk) -> None:
    desk.configure({"state": {"path": "nowhere/books.db"}})

    says(desk.zsync("init", "--no-adopt"), 2, "books.db", "the folder must exist")


def test_a_full_disk(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.initialised()
    really = Store.open.__func__  # type: ignore[attr-defined]  # a classmethod

    def small(cls: type[Store], path: Path, *, create: bool = False) -> Store:
        store: Store = really(cls, path, create=create)
        pages = store.db.execute("PRAGMA page_count").fetchone()[0]
        store.db.execute(f"PRAGMA max_page_count = {pages}")
        return store

    monkeypatch.setattr(Store, "open", classmethod(small))
    said = desk.zsync("run")

    says(said, 2, "zsync.db", "full", "make room")
    monkeypatch.undo()


def test_a_state_of_another_organisation_is_refused(desk: Desk) -> None:
    desk.initialised()
    desk.configure({"target": {"organization_id": "7"}})

    says(desk.zsync("run"), 2, "zoho-finance:7", "another state file")


def test_a_changed_tag_is_refused(desk: Desk) -> None:
    desk.initialised()
    desk.configure({"source": {"tag": "inn"}})

    says(desk.zsync("run"), 2, "`hotel`", "`inn`")


def test_a_back_up_in_place_of_the_state_is_noticed(desk: Desk) -> None:
    desk.initialised()
    kept = (desk.folder / "zsync.db").read_bytes()
    desk.zsync("run")
    (desk.folder / "zsync.db").write_bytes(kept)

    says(desk.zsync("run"), 2, "older than the last run")


def test_a_lost_state_is_noticed_by_init(desk: Desk) -> None:
    desk.loaded()
    for each in desk.folder.glob("zsync.db*"):
        if not each.name.endswith(".tokens"):
            each.unlink()

    says(desk.zsync("init", "--no-adopt"), 2, "payments with our tag `hotel`")


def test_a_state_from_another_machine_is_noticed(desk: Desk) -> None:
    desk.configure({"state": {"host": "old-box"}})
    desk.loaded()
    desk.configure({"state": {"host": "new-box"}})

    says(desk.zsync("run"), 2, "`old-box`")


def test_an_unknown_entity_lists_the_known_ones(desk: Desk) -> None:
    desk.initialised()

    for command in (["run", "--entity", "order"], ["plan", "--entity", "order"], ["status", "order"], ["retry", "order"]):
        says(desk.zsync(*command), 2, "no entity `order`", "did you mean `orders`?", "credit_notes")


def test_an_entity_that_the_source_does_not_have_says_so() -> None:
    """A target of another make may know entities that this source has nothing for."""
    source = plugin.build(
        plugin.settings.model_validate({"tag": "hotel", "url": "http://127.0.0.1", "api_key": Secret.of("k" * 32)}),
        clock=SystemClock(Stop(), lambda _seconds: None),
    )
    with pytest.raises(ConfigError, match="nothing is read for `vouchers`"):
        check_readable(source, ["orders", "vouchers"])


def test_an_unknown_record_status_or_column_says_what_there_is(desk: Desk) -> None:
    desk.initialised()

    says(desk.zsync("show", "orders", "4711"), 2, "orders 4711 is not known")
    says(desk.zsync("status", "orders", "--state", "done"), 2, "no status `done`", "synced")
    says(desk.zsync("status", "orders", "--columns", "id,colour"), 2, "no column `colour`", "label")


def test_without_the_extra_the_demo_names_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    error = ModuleNotFoundError("No module named 'werkzeug'", name="werkzeug")
    really = __import__

    def missing(name: str, *rest: Any, **more: Any) -> Any:
        if name == "zsync.sandbox":
            raise error
        return really(name, *rest, **more)

    monkeypatch.setattr("builtins.__import__", missing)

    says(desk.zsync("demo"), 2, "zsync[sandbox]")


def test_a_taken_port_is_named(desk: Desk) -> None:
    port = desk.url.rsplit(":", 1)[1]

    says(desk.zsync("sandbox", "serve", "--port", port), 2, f"port {port}")
