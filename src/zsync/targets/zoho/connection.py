"""From a Zoho target's settings to its sign-in, its pace and its HTTP client: the same for every product."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, Protocol
from urllib.parse import urlsplit

from zsync.errors import QuotaUsedUp
from zsync.model.zones import zone_or_utc
from zsync.net.auth import TokenAuth
from zsync.net.client import Http
from zsync.net.pace import Limits, Pace
from zsync.net.secret import Secret
from zsync.ports import Clock, Quota, TokenStore
from zsync.targets.zoho.centres import Centre, known_api
from zsync.targets.zoho.errors import REMOTE
from zsync.targets.zoho.oauth import Application, Zoho


class Numbers(Protocol):
    """[target.limits]; `timeout` in seconds."""

    @property
    def calls_per_minute(self) -> int: ...
    @property
    def calls_per_day(self) -> int: ...
    @property
    def reserve(self) -> Decimal: ...
    @property
    def concurrency(self) -> int: ...
    @property
    def timeout(self) -> float: ...


class Settings(Protocol):
    """What the [target] of every Zoho product holds. `centre`: the addresses in force."""

    @property
    def client_id(self) -> str: ...
    @property
    def client_secret(self) -> Secret: ...
    @property
    def redirect_uri(self) -> str: ...
    @property
    def api_url(self) -> str: ...
    @property
    def centre(self) -> Centre: ...
    @property
    def limits(self) -> Numbers: ...


def sign_in(settings: Settings, scopes: Sequence[str], clock: Clock, *, transport: Any = None) -> Zoho:
    """The sign-in of the application that the settings name."""
    centre = settings.centre
    application = Application(
        settings.client_id, settings.client_secret, centre.accounts, centre.api, settings.redirect_uri, tuple(scopes)
    )
    return Zoho(application, clock, transport=transport)


def connect(
    name: str,
    settings: Settings,
    zoho: Zoho,
    refused_token: Callable[[int, bytes], bool],
    *,
    clock: Clock,
    token_store: TokenStore,
    quota: Quota,
    zone: str,
    transport: Any = None,
) -> tuple[Http, Pace]:
    """The client of the API host, which is the one that the sign-in named, and its pace. `zone`: where the day is counted."""
    kept = token_store.load()
    api_url = settings.api_url or known_api(kept.api_url if kept is not None else "", settings.centre.api)
    numbers = settings.limits
    limits = Limits(numbers.calls_per_minute, numbers.calls_per_day, numbers.reserve, numbers.concurrency)
    pace = Pace(name, limits, quota, clock, zone_or_utc(zone))
    auth = TokenAuth(
        token_store,
        clock,
        scheme="Zoho-oauthtoken",
        hosts=frozenset({urlsplit(api_url).netloc}),
        refresh=zoho.refresh,
        refused=refused_token,
    )
    http = Http(
        api_url,
        name,
        timeout_s=numbers.timeout,
        clock=clock,
        pace=pace,
        auth=auth,
        transport=transport,
        concurrency=numbers.concurrency,
    )
    return http, pace


def used_up(err: QuotaUsedUp, pace: Pace, asked_s: float | None) -> QuotaUsedUp:
    """The day is over: nothing leaves before `until`, which the error then names. `asked_s`: what the answer said of it."""
    until = pace.block_day(asked_s)
    return QuotaUsedUp(
        err.message,
        until=until,
        hint=f"the rest goes by itself after {until.strftime('%Y-%m-%d %H:%M')} UTC",
        remote=REMOTE,
        request_id=err.request_id,
    )
