"""The token file gone, damaged, open to others, stale; access revoked in mid-run: after a new sign-in all stands once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.conftest import Desk
from cli.recovering import few, nothing_left, standing, written
from cli.test_firm import Office, office
from cli.test_messages import says
from zsync.sandbox import Fault

__all__ = ["few", "office"]  # fixtures


def deleted(path: Path) -> None:
    path.unlink()


def garbled(path: Path) -> None:
    path.write_text('{"access": 7}', "utf-8")


def opened(path: Path) -> None:
    path.chmod(0o644)


def unreadable(path: Path) -> None:
    """Another kind of file, as tests may run as one whom no permission stops."""
    path.unlink()
    path.mkdir()


TROUBLES: tuple[tuple[Callable[[Path], None], int, tuple[str, ...]], ...] = (
    (deleted, 4, ("nobody is signed in", "zsync auth")),
    (garbled, 2, ("the token file `zsync.db.tokens` is damaged", "remove it and sign in again: `zsync auth`")),
    (opened, 2, ("others can read the token file `zsync.db.tokens`", "chmod 600 zsync.db.tokens")),
    (unreadable, 2, ("the token file `zsync.db.tokens` cannot be read", "must belong to the user who runs zsync")),
)


def test_a_token_file_that_cannot_be_used_stops_the_run_before_anything_is_written(few: Desk) -> None:
    few.initialised()
    path = few.folder / "zsync.db.tokens"
    content = path.read_bytes()
    written(few)
    for trouble, code, words in TROUBLES:
        trouble(path)
        says(few.zsync("run"), code, *words)
        if path.is_dir():
            path.rmdir()
        path.unlink(missing_ok=True)
        path.write_bytes(content)
        path.chmod(0o600)
    assert written(few) == []
    few.sandbox.accounts.expire_access()  # stale: renewed on the way
    assert few.zsync("run").code == 0
    assert len(few.books.salesorders) == 4


def test_access_revoked_in_mid_run_ends_it_with_4_and_after_a_new_sign_in_everything_stands_once(few: Desk) -> None:
    few.initialised()
    few.sandbox.faults.add(Fault("slow", "books", "POST", "^/invoices$"))
    few.when_slow.append(few.sandbox.accounts.forget)

    says(few.zsync("run"), 4, "zsync auth")
    before = standing(few)
    assert len(before["salesorders"]) > 0
    assert len(before["payments"]) < 3
    says(few.zsync("run"), 4, "zsync auth")
    few.sign_in()
    assert few.zsync("run").code == 0

    numbers = [each["salesorder_number"] for each in few.books.all("salesorders").values()]
    numbers += [each["invoice_number"] for each in few.books.all("invoices").values()]
    numbers += [each["reference_number"] for each in few.books.all("payments").values()]
    assert len(numbers) == 11
    assert max(Counter(numbers).values()) == 1
    nothing_left(few.zsync("run", "--json"))


@pytest.mark.parametrize("side", ["zoho", "quickbooks"])
def test_a_firm_s_access_revoked_in_mid_run_leaves_nothing_out_and_nothing_twice(
    office: Office, side: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.sign_in()
    assert office.zsync("init").code == 0
    system, method, forget = {
        "zoho": ("creator", "POST", office.sandbox.accounts.forget),
        "quickbooks": ("quickbooks", "GET", office.sandbox.quickbooks.intuit.forget),
    }[side]
    monkeypatch.setattr(office.sandbox, "_sleep", lambda _seconds: forget())
    office.sandbox.faults.add(Fault("slow", system, method))

    says(office.zsync("run"), 4, "zsync auth" if side == "zoho" else "zsync auth quickbooks")
    office.sign_in()
    assert office.zsync("run").code == 0

    app = office.sandbox.creator.application
    keys = [row["QB_Id"] for row in app.rows("Customers").values()]
    assert len(keys) == 13
    assert max(Counter(keys).values()) == 1
    nothing_left(office.zsync("run", "--json"))
