"""The stand-in hotel mounted in process, and our source in front of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx2
from werkzeug import Request

from qloapps import small
from zsync.model.record import Page, Record, Unreadable
from zsync.net.secret import Secret
from zsync.sandbox.hotel import DEMO_KEY, Hotel, recorded
from zsync.sources.qloapps import plugin
from zsync.sources.qloapps.settings import QloAppsSettings
from zsync.sources.qloapps.source import QloApps

RECORDINGS = Path(__file__).resolve().parents[2].parent / "shared" / "recordings" / "qloapps"
VIENNA = ZoneInfo("Europe/Vienna")
URL = "http://127.0.0.1"
AFTERWARDS = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
"""A day after everything that was recorded."""


@dataclass
class StillClock:
    """Time moves only when told to."""

    moment: datetime = AFTERWARDS

    def now(self) -> datetime:
        return self.moment

    def sleep(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)

    def pass_(self, **parts: float) -> None:
        self.moment += timedelta(**parts)


def recorded_hotel(clock: StillClock, **options: Any) -> Hotel:
    """The recorded hotel, open for business: its desk and its server go by `clock`."""
    tables = deepcopy(recorded.load(RECORDINGS))
    return Hotel(tables, clock=lambda: clock.moment.timestamp(), sleep=clock.sleep, **options)


def small_hotel(clock: StillClock, **options: Any) -> Hotel:
    """The small hotel of our own, open for business."""
    return Hotel(small.tables(), clock=lambda: clock.moment.timestamp(), sleep=clock.sleep, **options)


def wall(clock: StillClock) -> str:
    """The clock as the shop writes it."""
    return clock.moment.astimezone(VIENNA).strftime("%Y-%m-%d %H:%M:%S")


def transport(hotel: Hotel) -> httpx2.WSGITransport:
    def app(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        return hotel.handle(Request(environ))(environ, start)

    return httpx2.WSGITransport(app=app)


def source(hotel: Hotel, clock: StillClock, *, key: str = DEMO_KEY, page_size: int = 500) -> QloApps:
    """A source as a new run builds it."""
    settings = QloAppsSettings(tag="hotel", url=URL, api_key=Secret.of(key), page_size=page_size)
    return plugin.build(settings, clock=clock, transport=transport(hotel))


def read(of: QloApps, stream: str, cursor: str | None = None) -> tuple[list[Record | Unreadable], str | None]:
    """All records of a reading, and the cursor that it leaves."""
    pages: list[Page] = list(of.read(stream, cursor))
    return [record for page in pages for record in page.records], pages[-1].cursor if pages else cursor
