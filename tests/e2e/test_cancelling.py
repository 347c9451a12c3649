"""The decision table of `docs/cancelling.md` in the books: a hotel does it, the books show it, also when the program is killed.

Each story is a booking's life at the hotel's desk; at every `yield` zsync runs until it has nothing to do. Then the same life
again, once for every call that follows the first rest: there the process dies, a write applied or not, and starts anew. (How a
booking is first written is swept elsewhere.)
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest

from e2e.harness import CONTRACTS, House
from zsync.sandbox.books.behaviour import Behaviour
from zsync.sandbox.hotel import demo
from zsync.sandbox.hotel.bookwork import CANCELED, PROCESSING, Stay
from zsync.sandbox.hotel.desk import Desk
from zsync.sandbox.hotel.house import DOUBLE, LAKE

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from zsync.sandbox.app import Sandbox

NOW = datetime.fromtimestamp(demo.NOW, UTC)
ACCOUNT = {"payment_methods": {"Bank wire": {"mode": "banktransfer", "account": "Room sales"}}}
NIGHT = Stay(DOUBLE, "2026-04-02", 1, price="100.000000")
TWO_ROOMS = Stay(DOUBLE, "2026-04-02", 1, rooms=2, price="100.000000")
"""A room is 110.00 with tax."""

Life = Iterator[None]


class Killed(BaseException):
    """The process died here."""


class Trap:
    """The sandbox, with a hook at one call to the books: the caller dies there, the call `applied` or not.

    `calls` are the methods of all calls so far.
    """

    def __init__(self, sandbox: Sandbox, at: int, *, applied: bool) -> None:
        self._sandbox = sandbox
        self._at = at
        self._applied = applied
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sandbox, name)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if not environ["PATH_INFO"].startswith("/books/"):
            return self._sandbox(environ, start_response)
        self.calls.append(environ["REQUEST_METHOD"])
        if len(self.calls) != self._at:
            return self._sandbox(environ, start_response)
        if self._applied:
            list(self._sandbox(environ, lambda *_: lambda _body: None))
        raise Killed


@cache
def _empty() -> dict[str, list[dict[str, Any]]]:
    """The demo group before its first booking, with one customer and two room types."""
    tables = demo.group()
    for name in ("orders", "order_details", "room_bookings", "order_invoices", "order_payments", "order_slip", "order_discounts"):
        tables[name] = []
    tables["booking_extra_demands"], tables["order_histories"] = [], []
    tables["customers"] = tables["customers"][1:2]
    tables["room_types"] = [row for row in tables["room_types"] if int(row["id"]) in (DOUBLE, LAKE)]
    tables["services"] = []
    return tables


def house(folder: Path, unapply: bool, starts: Literal["open", "draft"] = "open") -> House:
    entities = {"payments": {"refund_without_slip": "unapply"}} if unapply else {}
    made = House(
        copy.deepcopy(_empty()),
        folder,
        now=NOW,
        behaviour=Behaviour(lag_s=300, creditnote_starts=starts),
        target=ACCOUNT,
        entities=entities,
    )
    assert made.initialise().outcome == "ok"
    return made


def to_rest(scene: House) -> None:
    """Run until nothing is to be done, however often the process dies."""
    for _ in range(6):
        try:
            scene.run_to_rest(minutes=20)  # longer than the grace
        except Killed:
            continue
        return
    raise AssertionError("it dies for ever")


def lived(
    folder: Path,
    life: Callable[[Desk], Life],
    *,
    unapply: bool = False,
    die_at: int = 0,
    applied: bool = False,
    starts: Literal["open", "draft"] = "open",
) -> tuple[House, list[tuple[int, str]]]:
    """The house at the end of this life, and the calls to the books that came after the first rest: number and method."""
    scene = house(folder, unapply, starts)
    trap = Trap(scene.sandbox, die_at, applied=applied)
    scene.sandbox = trap  # type: ignore[assignment]
    first = 0
    for _ in life(scene.hotel.desk):
        to_rest(scene)
        first = first or len(trap.calls)
    to_rest(scene)
    return scene, list(enumerate(trap.calls, 1))[first:]


# --- the lives --------------------------------------------------------------------------------------------------------------


def booked(desk: Desk, stay: Stay = NIGHT) -> int:
    return desk.book(2, stay, reference="CANCELLED")


def c1_never_written(desk: Desk) -> Life:
    desk.cancel(booked(desk))
    yield


def c2_before_its_invoice(desk: Desk) -> Life:
    order = booked(desk)
    yield
    desk.set_state(order, CANCELED)


def c3_with_an_advance(desk: Desk) -> Life:
    order = booked(desk)
    desk.advance(order, "50")
    yield
    desk.set_state(order, CANCELED)


def c4_advance_paid_back(desk: Desk) -> Life:
    yield from c3_with_an_advance(desk)
    yield
    desk.pay_back(1, "50")


def c6_nothing_paid(desk: Desk) -> Life:
    order = booked(desk)
    desk.set_state(order, PROCESSING)
    yield
    desk.set_state(order, CANCELED)


def c7_paid(desk: Desk) -> Life:
    yield from paid(desk)
    desk.set_state(1, CANCELED)


def c8_paid_back_without_a_slip(desk: Desk) -> Life:
    yield from c7_paid(desk)
    yield
    desk.pay_back(1, str(desk.total(1)))


def c9_unpaid_with_a_slip(desk: Desk) -> Life:
    order = booked(desk)
    desk.set_state(order, PROCESSING)
    yield
    desk.slip(order)
    desk.set_state(order, CANCELED)


def paid(desk: Desk, stay: Stay = NIGHT) -> Life:
    order = booked(desk, stay)
    desk.set_state(order, PROCESSING)
    desk.pay(order, desk.total(order))
    yield


def r1_slip(desk: Desk) -> Life:
    yield from paid(desk)
    desk.slip(1)


def r3_slip_and_money(desk: Desk) -> Life:
    yield from paid(desk, TWO_ROOMS)
    desk.slip(1, desk.stays(1)[0])
    desk.pay_back(1, "110")


def r4_money_without_a_slip(desk: Desk) -> Life:
    yield from paid(desk, TWO_ROOMS)
    desk.pay_back(1, "110")


def r6_half_paid(desk: Desk) -> Life:
    order = booked(desk, TWO_ROOMS)
    desk.set_state(order, PROCESSING)
    desk.pay(order, desk.total(order) - 60)
    yield
    desk.slip(order, desk.stays(order)[0])


def r7_half_paid_and_money(desk: Desk) -> Life:
    yield from r6_half_paid(desk)
    yield
    desk.pay_back(1, "50")


def r8_slip_before_the_invoice(desk: Desk) -> Life:
    order = booked(desk, TWO_ROOMS)
    desk.slip(order, desk.stays(order)[0])
    yield
    desk.set_state(order, PROCESSING)


def r9_excess_paid_back(desk: Desk) -> Life:
    order = booked(desk)
    desk.set_state(order, PROCESSING)
    desk.pay(order, desk.total(order) + 20)
    yield
    desk.pay_back(order, "20")


def r10_one_sum_for_two_slips(desk: Desk) -> Life:
    yield from paid(desk, TWO_ROOMS)
    for stay in desk.stays(1):
        desk.slip(1, stay)
    desk.pay_back(1, "200")


def r11_two_sums_for_one_slip(desk: Desk) -> Life:
    yield from r1_slip(desk)
    desk.pay_back(1, "60")
    yield
    desk.pay_back(1, "50")


def r12_money_first(desk: Desk) -> Life:
    yield from r4_money_without_a_slip(desk)
    yield
    desk.slip(1, desk.stays(1)[0])


def r16_two_orders_of_one_reference(desk: Desk) -> Life:
    orders = [booked(desk), desk.book(2, Stay(LAKE, "2026-04-02", 1, price="100.000000"), reference="CANCELLED")]
    for order in orders:
        desk.set_state(order, PROCESSING)
    parts = {order: str(desk.total(order)) for order in orders}
    desk.pay(orders[0], sum(map(Decimal, parts.values()), Decimal(0)), over=parts)
    yield
    desk.slip(orders[1])
    desk.pay_back(orders[1], "110")


LIVES: dict[str, tuple[Callable[[Desk], Life], bool]] = {
    "C1": (c1_never_written, False),
    "C2": (c2_before_its_invoice, False),
    "C3": (c3_with_an_advance, False),
    "C4": (c4_advance_paid_back, False),
    "C6": (c6_nothing_paid, False),
    "C7": (c7_paid, False),
    "C8": (c8_paid_back_without_a_slip, False),
    "C8 unapply": (c8_paid_back_without_a_slip, True),
    "C9": (c9_unpaid_with_a_slip, False),
    "R1": (r1_slip, False),
    "R3": (r3_slip_and_money, False),
    "R4": (r4_money_without_a_slip, False),
    "R4 unapply": (r4_money_without_a_slip, True),
    "R6": (r6_half_paid, False),
    "R7": (r7_half_paid_and_money, False),
    "R8": (r8_slip_before_the_invoice, False),
    "R9": (r9_excess_paid_back, False),
    "R10": (r10_one_sum_for_two_slips, False),
    "R11": (r11_two_sums_for_one_slip, False),
    "R12": (r12_money_first, False),
    "R13": (r12_money_first, True),
    "R16": (r16_two_orders_of_one_reference, False),
}


def shown(scene: House) -> list[str]:
    """What stands in the books: documents with total, what is left of them, status; then where money went."""
    books = scene.books
    rows = [f"{d['salesorder_number']} {d['status']}" for d in books.all("salesorders").values()]
    rows += [f"{d['invoice_number']} {d['total']}, open {d['balance']}, {d['status']}" for d in books.all("invoices").values()]
    for note in books.all("creditnotes").values():
        rows.append(f"{note['creditnote_number']} {note['total']}, left {note['balance']}, {note['status']}")
        rows += [f"{note['creditnote_number']} on {each['invoice_number']}: {each['amount']}" for each in note["invoices"]]
        rows += [f"{each['reference_number']} back: {each['amount']}" for each in note["creditnote_refunds"]]
    for payment in books.all("payments").values():
        name = payment["reference_number"]
        rows.append(f"{name} {payment['amount']}, left {payment['unused_amount']}")
        rows += [f"{name} on {each['invoice_number']}: {each['amount_applied']}" for each in payment["invoices"]]
        rows += [f"{each['reference_number']} back: {each['amount']}" for each in payment["payment_refunds"]]
    return rows


BOOKS: dict[str, tuple[str, ...]] = {
    "C1": (),
    "C2": ("QLO-1 void",),
    "C3": (
        "QLO-1 void",
        "hotel:payment:1 50.00, left 50.00",
    ),
    "C4": (
        "QLO-1 void",
        "hotel:payment:1 50.00, left 0.00",
        "hotel:payment:2 back: 50",
    ),
    "C6": (
        "QLO-1 void",
        "#IN000001 110.00, open 0.00, void",
    ),
    "C7": (
        "QLO-1 invoiced",
        "#IN000001 110.00, open 0.00, paid",
        "hotel:payment:1 110.00, left 0.00",
        "hotel:payment:1 on #IN000001: 110",
    ),
    "C8": (
        "QLO-1 invoiced",
        "#IN000001 110.00, open 0.00, paid",
        "hotel:payment:1 110.00, left 0.00",
        "hotel:payment:1 on #IN000001: 110",
    ),
    "C8 unapply": (
        "QLO-1 void",
        "#IN000001 110.00, open 0.00, void",
        "hotel:payment:1 110.00, left 0.00",
        "hotel:payment:2 back: 110",
    ),
    "C9": (
        "QLO-1 invoiced",
        "#IN000001 110.00, open 0.00, paid",
        "#CS000001 110.00, left 0.00, closed",
        "#CS000001 on #IN000001: 110",
    ),
    "R1": (
        "QLO-1 invoiced",
        "#IN000001 110.00, open 0.00, paid",
        "#CS000001 110.00, left 110.00, open",
        "hotel:payment:1 110.00, left 0.00",
        "hotel:payment:1 on #IN000001: 110",
    ),
    "R3": (
        "QLO-1 invoiced",
        "#IN000001 220.00, open 0.00, paid",
        "#CS000001 110.00, left 0.00, closed",
        "hotel:payment:2 back: 110",
        "hotel:payment:1 220.00, left 0.00",
        "hotel:payment:1 on #IN000001: 220",
    ),
    "R4": (
        "QLO-1 invoiced",
        "#IN000001 220.00, open 0.00, paid",
        "hotel:payment:1 220.00, left 0.00",
        "hotel:payment:1 on #IN000001: 220",
    ),
    "R4 unapply": (
        "QLO-1 invoiced",
        "#IN000001 220.00, open 110.00, partially_paid",
        "hotel:payment:1 220.00, left 0.00",
        "hotel:payment:1 on #IN000001: 110",
        "hotel:payment:2 back: 110",
    ),
    "R6": (
        "QLO-1 invoiced",
        "#IN000001 220.00, open 0.00, paid",
        "#CS000001 110.00, left 50.00, open",
        "#CS000001 on #IN000001: 60",
        "hotel:payment:1 160.00, left 0.00",
        "hotel:payment:1 on #IN000001: 160",
    ),
    "R7": (
        "QLO-1 invoiced",
        "#IN000001 220.00, open 0.00, paid",
        "#CS000001 110.00, left 0.00, closed",
        "#CS000001 on #IN000001: 60",
        "hotel:payment:2 back: 50",
        "hotel:payment:1 160.00, left 0.00",
        "hotel:payment:1 on #IN000001: 160",
    ),
    "R8": (
        "QLO-1 invoiced",
        "#IN000001 220.00, open 110.00, partially_paid",
        "#CS000001 110.00, left 0.00, closed",
        "#CS000001 on #IN000001: 110",
    ),
    "R9": (
        "QLO-1 invoiced",
        "#IN000001 110.00, open 0.00, paid",
        "hotel:payment:1 130.00, left 0.00",
        "hotel:payment:1 on #IN000001: 110",
        "hotel:payment:2 back: 20",
    ),
    "R10": (
        "QLO-1 invoiced",
        "#IN000001 220.00, open 0.00, paid",
        "#CS000001 110.00, left 0.00, closed",
        "hotel:payment:2:1 back: 110",
        "#CS000002 110.00, left 20.00, open",
        "hotel:payment:2:2 back: 90",
        "hotel:payment:1 220.00, left 0.00",
        "hotel:payment:1 on #IN000001: 220",
    ),
    "R11": (
        "QLO-1 invoiced",
        "#IN000001 110.00, open 0.00, paid",
        "#CS000001 110.00, left 0.00, closed",
        "hotel:payment:2 back: 60",
        "hotel:payment:3 back: 50",
        "hotel:payment:1 110.00, left 0.00",
        "hotel:payment:1 on #IN000001: 110",
    ),
    "R12": (
        "QLO-1 invoiced",
        "#IN000001 220.00, open 0.00, paid",
        "#CS000001 110.00, left 0.00, closed",
        "hotel:payment:2 back: 110",
        "hotel:payment:1 220.00, left 0.00",
        "hotel:payment:1 on #IN000001: 220",
    ),
    "R13": (
        "QLO-1 invoiced",
        "#IN000001 220.00, open 0.00, paid",
        "#CS000001 110.00, left 0.00, closed",
        "#CS000001 on #IN000001: 110",
        "hotel:payment:1 220.00, left 0.00",
        "hotel:payment:1 on #IN000001: 110",
        "hotel:payment:2 back: 110",
    ),
    "R16": (
        "QLO-1 invoiced",
        "QLO-2 invoiced",
        "#IN000001 110.00, open 0.00, paid",
        "#IN000002 110.00, open 0.00, paid",
        "#CS000001 110.00, left 0.00, closed",
        "hotel:payment:2 back: 110",
        "hotel:payment:1 220.00, left 0.00",
        "hotel:payment:1 on #IN000001: 110",
        "hotel:payment:1 on #IN000002: 110",
    ),
}
"""What stands in the books at the end of each life; the order is in the state that `STATUS` says."""

STATUS: dict[str, str] = {
    "C1": "orders 1 canceled",
    "C2": "orders 1 canceled",
    "C3": "orders 1 canceled",
    "C4": "orders 1 canceled",
    "C6": "orders 1 canceled",
    "C7": "orders 1 canceled",
    "C8": "orders 1 canceled, payments 2 held",
    "C8 unapply": "orders 1 canceled",
    "C9": "orders 1 canceled",
    "R1": "orders 1 synced",
    "R3": "orders 1 synced",
    "R4": "orders 1 payment_sync, payments 2 held",
    "R4 unapply": "orders 1 synced",
    "R6": "orders 1 synced",
    "R7": "orders 1 synced",
    "R8": "orders 1 payment_sync",
    "R9": "orders 1 synced",
    "R10": "orders 1 synced",
    "R11": "orders 1 synced",
    "R12": "orders 1 synced",
    "R13": "orders 1 synced",
    "R16": "orders 1 synced, orders 2 synced",
}
"""How the orders stand, and what of their payments and slips is not `synced`."""


@pytest.mark.parametrize("row", LIVES)
def test_the_books_are_as_the_table_says(row: str, tmp_path: Path) -> None:
    life, unapply = LIVES[row]
    scene, _ = lived(tmp_path, life, unapply=unapply)
    assert tuple(shown(scene)) == BOOKS[row]
    words = [f"orders {id} {status}" for id, status in scene.status("orders").items()]
    for entity in ("payments", "credit_notes"):
        words += [f"{entity} {id} {status}" for id, status in scene.status(entity).items() if status != "synced"]
    assert ", ".join(words) == STATUS[row]
    assert scene.summary()[1] == [], "nothing failed"
    if CONTRACTS.is_dir():
        assert scene.faults_by_contract() == []


@pytest.mark.parametrize("row", LIVES)
def test_the_books_are_the_same_when_the_process_dies_at_each_call(row: str, tmp_path: Path) -> None:
    """At each write before and after its effect, and at each reading."""
    life, unapply = LIVES[row]
    _, calls = lived(tmp_path, life, unapply=unapply)
    wrong = {}
    for nth, applied in deaths(calls):
        scene, _ = lived(tmp_path, life, unapply=unapply, die_at=nth, applied=applied)
        if sorted(shown(scene)) != sorted(BOOKS[row]):
            wrong[nth, applied] = shown(scene)
    assert not wrong


def deaths(calls: list[tuple[int, str]]) -> Iterator[tuple[int, bool]]:
    """The calls to die at, and whether the call is applied. A reading has no effect to speak of."""
    for nth, method in calls:
        yield nth, False
        if method != "GET":
            yield nth, True


@pytest.mark.parametrize("row", ["C9", "R3", "R6", "R10"])
def test_credit_notes_that_start_as_drafts_are_opened_and_end_the_same(row: str, tmp_path: Path) -> None:
    """Facts, section 13: unsure, so either answer must do."""
    life, unapply = LIVES[row]
    scene, _ = lived(tmp_path, life, unapply=unapply, starts="draft")
    assert tuple(shown(scene)) == BOOKS[row]
    opened = [each for each in scene.sandbox.ledger.writes() if each.path.endswith("/status/open") and "creditnotes" in each.path]
    assert len(opened) == len(scene.books.creditnotes)
