"""How the work grows with the hotel, and what a start costs: ratios of one run, so that no machine's speed is in them.

    make bench

A hotel of some size and one of four times that, in the tests' small world: engine and state are the real ones, source and
target are made up, so that only our own work is measured. 1.0 means that a booking costs the same in both. A start is
compared with a Python that does nothing.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count
from time import perf_counter, process_time

from engine.world import World, customer, euro, key
from zsync.engine.job import Options
from zsync.engine.preview import preview
from zsync.model.documents import Document, Invoice, Payment, Sale
from zsync.model.intent import Written
from zsync.model.record import Record
from zsync.ports import Write
from zsync.state.status import Status

SMALL, TIMES = 500, 4
STARTS = 7


def main() -> None:
    small, large = measured(SMALL), measured(SMALL * TIMES)
    print(f"{'CPU seconds':<32}{SMALL:>8}{SMALL * TIMES:>8}   a booking's, larger : smaller")
    for what, seconds in large.items():
        print(f"{what:<32}{small[what]:>8.2f}{seconds:>8.2f}{seconds / small[what] / TIMES:>8.2f}")
    nothing = fastest([sys.executable, "-c", "pass"])
    print("\na start, as a multiple of a Python that does nothing")
    for words in ("--version", "status --help", "run --help"):
        start = [sys.executable, "-c", f"from zsync.cli import main; main({words.split()!r})"]
        print(f"zsync {words:<26}{fastest(start) / nothing:>8.1f}")


def measured(bookings: int) -> dict[str, float]:
    """CPU seconds of each thing that is done, with a hotel of so many paid bookings."""
    world = World(concurrency=4)
    agree(world)
    for record in hotel(bookings):
        world.hotel.put(record)
    steps: dict[str, Callable[[], object]] = {
        "init": world.initialise,
        "plan, all open": lambda: preview(world.job(), world.state_of(world.store.copy()), Options()),
        "first run": world.run,
        "status of all": lambda: Status(world.store).standing(),
        "quiet run": world.run,
    }
    return {what: cpu(step) for what, step in steps.items()}


def agree(world: World) -> None:
    """Let the made-up target say yes without looking: what it would do is not our work."""
    ids = count(1)

    def create(writes: Sequence[Write]) -> list[Written]:
        return [Written(str(next(ids)), carried={each.key: Written(str(next(ids))) for each in write.riders}) for write in writes]

    for module in world.books.modules.values():
        module.create = create  # type: ignore[method-assign]


def hotel(bookings: int) -> Iterator[Record]:
    yield from (customer(str(each), f"Guest {each}") for each in range(1, bookings // 2 + 1))
    yield from (booking(str(each), str(each % (bookings // 2) + 1)) for each in range(1, bookings + 1))


def booking(id: str, guest: str) -> Record:
    """A paid and invoiced order."""
    day, reference = date(2026, 1 + int(id) % 12, 1), f"REF{id}"
    sale = Sale(
        key=key("order", id),
        source_id=id,
        reference=reference,
        day=day,
        customer=key("customer", guest),
        total=euro("100"),
        total_net=euro("100"),
        received=euro("100"),
        conversion=Decimal(1),
        lines=(),
    )
    documents: tuple[Document, ...] = (
        sale,
        Invoice(key("invoice", id), id, sale.key, f"#IN{int(id):06}", day, euro("100"), euro("100")),
        Payment(key("payment", id), id, reference, day, euro("100"), Decimal(1), "cash"),
    )
    return Record(key("booking", reference), documents, "", datetime(2026, 3, 1, tzinfo=UTC))


def cpu(step: Callable[[], object]) -> float:
    begun = process_time()
    step()
    return process_time() - begun


def fastest(command: list[str]) -> float:
    """Seconds of the fastest of some starts: what is slower was the machine's doing."""

    def once() -> float:
        begun = perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return perf_counter() - begun

    return min(once() for _ in range(STARTS))


if __name__ == "__main__":
    main()
