"""A state lost after a cancelled or refunded booking: payments, applications, credit notes and refunds are found again."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from e2e.harness import House
from e2e.test_cancelling import LIVES, lived, shown
from zsync.engine import run as engine
from zsync.state.store import Store

PAID_BACK = ("C8 unapply", "R7", "R9", "R11")
"""Lives with every kind of row: applications of payments and of credit notes, refunds out of both. `--thorough`: all lives."""

ENTITIES = ("orders", "invoices", "payments", "credit_notes")


def statuses(scene: House) -> dict[str, str]:
    return {f"{entity} {id}": status for entity in ENTITIES for id, status in scene.status(entity).items()}


def after_a_lost_state(folder: Path, name: str) -> tuple[House, dict[str, str], dict[str, str]]:
    """The house after its state was lost and found again, and the statuses before and after. The books stay as they were."""
    life, unapply = LIVES[name]
    scene, _ = lived(folder, life, unapply=unapply)
    before, said = Counter(shown(scene)), statuses(scene)
    scene.store = Store.in_memory()
    scene.clock.sleep(3600)
    scene.sandbox.ledger.clear()

    assert engine.initialise(scene.job(), scene.summary, adopting=True).error is None
    for _ in range(2):
        scene.run(minutes=20)

    assert [f"{each.method} {each.path}" for each in scene.sandbox.ledger.writes()] == []
    assert Counter(shown(scene)) == before
    return scene, said, statuses(scene)


def test_after_a_lost_state_nothing_of_a_refunded_booking_is_written_again(tmp_path: Path, thorough: bool) -> None:
    met: set[str] = set()
    for name in (each for each in LIVES if each != "R13") if thorough else PAID_BACK:
        folder = tmp_path / name
        folder.mkdir()
        scene, before, after = after_a_lost_state(folder, name)
        assert after == before, name
        met |= {str(row["module"]) for row in scene.store.db.execute("SELECT DISTINCT module FROM journal WHERE there = 1")}
    assert met >= set(scene.job().target.adoptable)


def test_money_that_came_back_before_its_slip_is_left_to_a_person_and_not_paid_back_twice(tmp_path: Path) -> None:
    """R13: paid out of the payment when it came; read anew, with the slip, it would be paid out of the credit note."""
    scene, _, after = after_a_lost_state(tmp_path, "R13")
    assert after["payments 2"] == "failed"
    error = scene.record("payments", "2").error
    assert error is not None
    assert (error.code, "out of payment" in error.message) == ("unclear", True)
