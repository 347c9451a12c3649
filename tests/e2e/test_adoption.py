"""Adoption: a lost state finds all that was ever written; what was typed by hand is linked or left to a person, never doubled."""

from __future__ import annotations

import copy
import random
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from e2e.harness import CONTRACTS, RECORDINGS, House, needs
from zsync.engine import run as engine
from zsync.engine.job import Options
from zsync.errors import ConfigError, RecordError
from zsync.sandbox.books.behaviour import Behaviour
from zsync.sandbox.hotel import demo, recorded
from zsync.state.store import Store

NOW = datetime.fromtimestamp(demo.NOW, UTC)
FRANCS = {"currencies": {"multi_currency": True}}
ACCOUNT = {"payment_methods": {"default": {"mode": "others", "account": "Room sales"}}}


def adopted(house: House) -> engine.Report:
    return engine.initialise(house.job(), house.summary, adopting=True)


def everything(house: House) -> dict[str, Any]:
    """All documents as a GET would show them, without when they were last changed."""
    kinds = ("contacts", "items", "salesorders", "invoices", "payments", "creditnotes")
    return {kind: copy.deepcopy(house.books.all(kind)) for kind in kinds}


def lose_the_state(house: House) -> None:
    house.store = Store.in_memory()
    house.clock.sleep(3600)
    house.sandbox.ledger.clear()


def writes(house: House) -> list[str]:
    return [f"{each.method} {each.path}" for each in house.sandbox.ledger.writes()]


def nothing_is_written_anew(house: House) -> None:
    """The books are as they were; only what was never there may come, and nothing may."""
    before = everything(house)
    statuses = {entity: house.status(entity) for entity in ("orders", "invoices", "payments", "credit_notes", "customers")}
    lose_the_state(house)
    report = adopted(house)
    assert report.error is None
    assert writes(house) == []
    house.run_to_rest()
    assert writes(house) == []
    assert everything(house) == before
    for entity, expected in statuses.items():
        assert house.status(entity) == expected, entity


@needs(RECORDINGS)
def test_after_the_whole_recorded_hotel_a_lost_state_is_found_again_and_nothing_is_created(tmp_path: Path) -> None:
    house = House(recorded.load(RECORDINGS), tmp_path, entities=FRANCS, target=ACCOUNT)
    house.initialise()
    house.run_to_rest()
    nothing_is_written_anew(house)
    if CONTRACTS.is_dir():
        assert house.faults_by_contract() == []


@pytest.mark.parametrize(
    "behaviour", [Behaviour(), Behaviour(lean=True), Behaviour(contact_number_kept=False)], ids=["as seen", "lean", "no numbers"]
)
def test_with_a_lost_state_the_demo_s_books_are_found_again(tmp_path: Path, behaviour: Behaviour) -> None:
    house = House(demo.whole(), tmp_path, now=NOW, entities=FRANCS, target=ACCOUNT, behaviour=behaviour)
    house.initialise()
    house.run_to_rest()
    before = everything(house)
    lose_the_state(house)
    assert adopted(house).error is None
    house.run_to_rest()
    assert [each for each in writes(house) if "contacts" not in each] == []
    for kind in ("salesorders", "invoices", "payments", "creditnotes"):
        assert everything(house)[kind] == before[kind], kind
    names = Counter(row["contact_name"] for row in house.books.contacts.values())
    assert max(names.values()) == 1


def test_what_was_adopted_is_taken_as_it_is_until_the_hotel_changes_it(tmp_path: Path) -> None:
    house = House(demo.group(), tmp_path, now=NOW)
    house.initialise()
    house.run_to_rest()
    lose_the_state(house)
    report = adopted(house)
    assert report.counts["adopted"] == 85
    house.hotel.desk.edit_customer(2, lastname="Newname")
    house.run_to_rest()
    assert any("Newname" in row["contact_name"] for row in house.books.contacts.values()) or any(
        "Newname" in str(row["contact_persons"]) for row in house.books.contacts.values()
    )
    assert [each for each in writes(house) if each.startswith("POST")] == []


def test_adoption_that_is_cut_short_goes_on_where_it_was(tmp_path: Path) -> None:
    house = House(demo.group(), tmp_path, now=NOW)
    house.initialise()
    house.run_to_rest()
    before = everything(house)
    lose_the_state(house)
    looks = 0

    def stop() -> bool:
        nonlocal looks
        looks += 1
        return looks % 40 == 0

    for _ in range(30):
        job = house.job(stop)
        report = engine.initialise(job, house.summary, adopting=True)
        if report.error is None:
            break
        assert report.outcome == "stopped"
    else:
        pytest.fail("it never comes to an end")
    house.run_to_rest()
    assert writes(house) == []
    assert everything(house) == before


def test_a_run_is_refused_until_adoption_has_looked_at_everything(tmp_path: Path) -> None:
    house = House(demo.group(), tmp_path, now=NOW)
    house.initialise()
    house.run_to_rest()
    lose_the_state(house)
    looks = iter(range(10_000))
    report = engine.initialise(house.job(lambda: next(looks) > 60), house.summary, adopting=True)
    assert report.outcome == "stopped"
    with pytest.raises(ConfigError, match="was not initialised"):
        house.run(Options())


# --- typed by hand --------------------------------------------------------------------------------------------------------------


class Typist:
    """A person who has kept the hotel's books by hand, more or less: a copy of what zsync would write, with small differences."""

    def __init__(self, house: House, seed: int) -> None:
        self.house = house
        self.dice = random.Random(seed)  # noqa: S311 - a story, not a secret
        self.typed = 0

    def type(self, model: House) -> None:
        """The documents of `model` into `house`, each as it is, nearly as it is, or wrong."""
        contacts, items = self._masters(model)
        for kind, id, number in (
            ("salesorders", "salesorder_id", "salesorder_number"),
            ("invoices", "invoice_id", "invoice_number"),
        ):
            for row in model.books.all(kind).values():
                if row["status"] != "void":
                    self._document(kind, id, number, row, contacts, items)
        for row in model.books.payments.values():
            self._payment(row, contacts)

    def _post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any] | None:
        """As the web app does it; None where Zoho refuses."""
        job = self.house.job()
        try:
            answer: dict[str, Any] = job.target._client.post(path, body, {"ignore_auto_number_generation": "true"})  # type: ignore[attr-defined]
        except RecordError:
            return None
        finally:
            job.target.close()
        self.typed += 1
        return answer

    def _masters(self, model: House) -> tuple[dict[str, str], dict[str, str]]:
        contacts: dict[str, str] = {}
        for row in model.books.contacts.values():
            email = row["contact_persons"][0]["email"] if row["contact_persons"] else ""
            how = self.dice.choice(("right", "case", "other mail", "absent"))
            name = {"case": row["contact_name"].upper()}.get(how, row["contact_name"])
            mail = "somebody@else.example" if how == "other mail" else email
            person = {"first_name": "X", "last_name": "Y", **({"email": mail} if mail else {}), "is_primary_contact": True}
            made = None if how == "absent" else self._post("/contacts", {"contact_name": name, "contact_persons": [person]})
            if made is not None:
                contacts[row["contact_id"]] = made["contact"]["contact_id"]
        items: dict[str, str] = {}
        for row in model.books.items.values():
            if self.dice.random() < 0.6:
                sku = self.dice.choice((row["sku"], row["sku"].lower(), f"{row['sku']}-OLD"))
                made = self._post("/items", {"name": f"{row['name']} by hand", "sku": sku, "rate": 1})
                if made is not None:
                    items[row["item_id"]] = made["item"]["item_id"]
        return contacts, items

    def _document(
        self, kind: str, id: str, number: str, row: Mapping[str, Any], contacts: Mapping[str, str], items: Mapping[str, str]
    ) -> None:
        customer = contacts.get(row["customer_id"])
        if customer is None or not row["line_items"]:
            return
        how = self.dice.choice(("right", "ours", "cent", "date", "stranger", "absent"))
        if how == "absent":
            return
        amount = Decimal(str(row["total"])) + (Decimal("0.01") if how == "cent" else 0)
        others = [each for each in contacts.values() if each != customer] or [customer]
        body = {
            "customer_id": self.dice.choice(others) if how == "stranger" else customer,
            number: row[number],
            "reference_number": row["reference_number"] if how == "ours" else "typed by hand",
            "date": "2026-01-01" if how == "date" else row["date"],
            "line_items": [{"name": "all of it", "rate": amount, "quantity": 1}],
        }
        self._post(f"/{kind}", body)

    def _payment(self, row: Mapping[str, Any], contacts: Mapping[str, str]) -> None:
        customer = contacts.get(row["customer_id"])
        if customer is None:
            return
        for _ in range(self.dice.choice((0, 1, 1, 2))):
            amount = Decimal(str(row["amount"])) + self.dice.choice((Decimal(0), Decimal(0), Decimal("0.01")))
            body = {"customer_id": customer, "payment_mode": "cash", "amount": amount, "date": row["date"]}
            self._post("/customerpayments", body)


@pytest.mark.parametrize("seed", range(6))
def test_records_typed_by_hand_are_never_doubled_and_no_stranger_s_document_is_taken_over(tmp_path: Path, seed: int) -> None:
    (tmp_path / "model").mkdir()
    model = House(demo.group(), tmp_path / "model", now=NOW)
    model.initialise()
    model.run_to_rest()
    house = House(demo.group(), tmp_path, now=NOW)
    typist = Typist(house, seed)
    typist.type(model)
    assert typist.typed > 30
    by_hand = everything(house)
    house.clock.sleep(3600)

    adopted(house)
    for _ in range(5):
        house.run(minutes=30)

    after = everything(house)
    for kind, name in (("salesorders", "salesorder_number"), ("invoices", "invoice_number")):
        numbers = Counter(row[name] for row in after[kind].values() if row["status"] != "void")
        assert [number for number, count in numbers.items() if count > 1] == []
    names = Counter(row["contact_name"].casefold() for row in after["contacts"].values())
    assert max(names.values()) == 1
    skus = Counter(row["sku"].casefold() for row in after["items"].values())
    assert max(skus.values()) == 1
    ours = Counter(row["reference_number"] for row in after["payments"].values())
    del ours[""]
    assert max(ours.values(), default=0) <= 1
    known = house.store.db.execute("SELECT remote_id FROM journal WHERE remote_id IS NOT NULL")
    linked = {str(row["remote_id"]) for row in known}
    for kind, documents in by_hand.items():
        for id, row in documents.items():
            if id not in linked:
                assert _own(after[kind][id]) == _own(row), f"a stranger's {kind} was changed"
    _the_sums_agree(house, by_hand, linked)


def _own(row: Mapping[str, Any]) -> dict[str, Any]:
    """What a person typed; not what follows from other documents."""
    names = "contact_name contact_persons name sku rate total date customer_id reference_number amount".split()
    return {name: row[name] for name in names if name in row}


def _the_sums_agree(house: House, by_hand: Mapping[str, Any], linked: set[str]) -> None:
    """Each payment of the hotel stands once: linked, written by us, or left to a person with the reason."""
    written = {row["reference_number"] for id, row in house.books.payments.items() if id not in by_hand["payments"]}
    for id, status in house.status("payments").items():
        key = f"hotel:payment:{id}"
        found = house.store.db.execute("SELECT remote_id FROM journal WHERE module = 'payments' AND key = ?", (key,)).fetchone()
        stands = found is not None and found["remote_id"] is not None
        assert (key in written) + (stands and str(found["remote_id"]) in by_hand["payments"]) == int(stands), key
        if not stands:
            record = house.record("payments", id)
            assert status in ("failed", "blocked", "pending", "waiting"), (key, status)
            assert record.error is not None or status in ("pending", "waiting"), key
