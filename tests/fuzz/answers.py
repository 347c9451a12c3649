"""One answer of a service mutated in the middle of a job, a hotel's or a firm's: the run ends in words; later runs mend it."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from contracts_zoho import answer_schema
from drawn import complete, drawn
from e2e.firm import Firm
from e2e.harness import House
from e2e.test_faults import small
from fuzz.mutate import ALL, mutated
from zsync.engine import run as engine
from zsync.errors import ZsyncError
from zsync.sandbox.transport import InProcess
from zsync.state.desk import Inbox
from zsync.state.status import Status

TOKENS = "^/(oauth|oauth2|v2/oauth2|[.]well-known)/"
"""The paths of both sign-in servers."""


DOCUMENTED = "documented"
"""Instead of a mutation: an answer drawn from what Zoho's documents say that such an answer may be."""


class Spoiling(InProcess):
    """The sandbox's transport; the answer with the number `at` comes out mutated. `seen` counts answers of this service."""

    seen = 0
    at = 0
    name = ""
    rng = random.Random(0)  # noqa: S311 - set anew for each case
    below = "/books/"  # a regular expression

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        answer = super().handle_request(request)
        kind = type(self)
        if not re.search(kind.below, request.url.path):
            return answer
        kind.seen += 1
        if kind.seen != kind.at:
            return answer
        if kind.name == DOCUMENTED:
            return httpx2.Response(answer.status_code, json=_documented(request, kind.rng))
        body = mutated(answer.read(), kind.name, kind.rng)
        headers = [(name, value) for name, value in answer.headers.items() if name.lower() != "content-length"]
        return httpx2.Response(answer.status_code, headers=headers, content=body)


def _documented(request: httpx2.Request, rng: random.Random) -> object:
    """Sparse, or with all that such an answer may hold; as one of success."""
    schema = answer_schema(request.method, request.url.path)
    told = drawn(complete(schema) if rng.randrange(2) else schema, rng.randrange(10**6))
    return {**told, "code": 0, "message": "success"}


@contextmanager
def spoilt(rng: random.Random, below: str, most: int, names: Sequence[str] = ALL) -> Iterator[None]:
    """One of the first `most` answers of the service whose paths lie `below` comes out mutated, in one of these ways."""
    with pytest.MonkeyPatch.context() as patch:
        for harness in ("e2e.harness", "e2e.firm"):
            patch.setattr(f"{harness}.InProcess", Spoiling)
        Spoiling.seen, Spoiling.at, Spoiling.name = 0, rng.randrange(1, most + 1), rng.choice(names)
        Spoiling.rng, Spoiling.below = rng, below
        yield


def disturbed(folder: Path, rng: random.Random, below: str, names: Sequence[str] = ALL) -> tuple[House, ZsyncError | None]:
    """A first run with one answer mutated, and its error; then runs with good answers until all is at rest."""
    house = small(folder)
    with spoilt(rng, below, 39):
        report = house.run()
    house.run_to_rest()
    return house, report.error


def disturbed_firm(folder: Path, rng: random.Random, below: str, most: int) -> tuple[Firm, ZsyncError | None]:
    """The same of a firm: `init` and a run while one answer is mutated; what fails is begun again when answers are good."""
    firm = Firm(folder)
    with spoilt(rng, below, most):
        if below == TOKENS:
            firm.quickbooks.intuit.expire_access()
            firm.sandbox.accounts.expire_access()
        error = engine.initialise(firm.job(), firm.summary, adopting=True).error or firm.run().error
    firm.sign_in()
    firm.initialise()
    firm.run()
    for each in Status(firm.store).problems():  # a mutated code told of a refusal: a person tries again
        Inbox(firm.store).post("retry", firm.clock.now(), each.entity, [each.source_id])
    firm.run_to_rest()
    return firm, error


def shop_case(folder: Path, rng: random.Random) -> None:
    _raised(disturbed(folder, rng, "/api/")[1])


def books_case(folder: Path, rng: random.Random) -> None:
    _raised(disturbed(folder, rng, "/books/")[1])


def documented_case(folder: Path, rng: random.Random) -> None:
    """An answer that fits Zoho's documents and tells of something else: nothing is written twice, and what is not written says
    why."""
    house = small(folder)
    with spoilt(rng, "/books/", 39, (DOCUMENTED,)):
        error = house.run().error
    for _ in range(8):
        house.run(minutes=20)
    for kind, rows in house.standing().items():
        assert len(rows) == len(set(rows)), f"{kind}: {[each for each in set(rows) if rows.count(each) > 1]}"
    if house.open_rows():
        _, problems = house.summary()
        assert problems, f"open, and nobody is told: {house.open_rows()}"
    _raised(error)


def quickbooks_case(folder: Path, rng: random.Random) -> None:
    _raised(disturbed_firm(folder, rng, "/v3/company/", 8)[1])


def creator_case(folder: Path, rng: random.Random) -> None:
    _raised(disturbed_firm(folder, rng, "/creator/", 14)[1])


def sign_in_case(folder: Path, rng: random.Random) -> None:
    """The sign-in servers' answers: discovery, and the tokens that a refresh brings."""
    _raised(disturbed_firm(folder, rng, TOKENS, 3)[1])


def _raised(error: ZsyncError | None) -> None:
    if error is not None:
        raise error
