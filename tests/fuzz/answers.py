"""One answer of a service mutated in the middle of the job of a small hotel: the run ends in words, and later runs mend it."""

from __future__ import annotations

import random
from pathlib import Path

import httpx2
import pytest

from e2e.harness import House
from e2e.test_faults import small
from fuzz.mutate import ALL, mutated
from zsync.errors import ZsyncError
from zsync.sandbox.transport import InProcess


class Spoiling(InProcess):
    """The sandbox's transport; the answer with the number `at` comes out mutated. `seen` counts answers of this service."""

    seen = 0
    at = 0
    name = ""
    rng = random.Random(0)  # noqa: S311 - set anew for each case
    below = "/books/"

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        answer = super().handle_request(request)
        kind = type(self)
        if kind.below not in request.url.path:
            return answer
        kind.seen += 1
        if kind.seen != kind.at:
            return answer
        body = mutated(answer.read(), kind.name, kind.rng)
        headers = [(name, value) for name, value in answer.headers.items() if name.lower() != "content-length"]
        return httpx2.Response(answer.status_code, headers=headers, content=body)


def disturbed(folder: Path, rng: random.Random, below: str) -> tuple[House, ZsyncError | None]:
    """A first run with one answer mutated, and its error; then runs with good answers until all is at rest."""
    house = small(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("e2e.harness.InProcess", Spoiling)
        Spoiling.seen, Spoiling.at, Spoiling.name = 0, rng.randrange(1, 40), rng.choice(ALL)
        Spoiling.rng, Spoiling.below = rng, below
        report = house.run()
    house.run_to_rest()
    return house, report.error


def shop_case(folder: Path, rng: random.Random) -> None:
    _raised(disturbed(folder, rng, "/api/")[1])


def books_case(folder: Path, rng: random.Random) -> None:
    _raised(disturbed(folder, rng, "/books/")[1])


def _raised(error: ZsyncError | None) -> None:
    if error is not None:
        raise error
