"""The scene of `demo` and `sandbox serve`: the hotel and its books on loopback, and a configuration that leads to them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from zsync.errors import ConfigError

if TYPE_CHECKING:
    from zsync.sandbox import Sandbox

TAXES = {"VAT 10%": "10", "VAT 20%": "20", "No VAT": "0"}


def hotel_scene(*, limited: bool) -> Sandbox:
    """The demo hotel group, and the empty books of its accountant. ConfigError without the extra `sandbox`.

    `limited` False lifts the sandbox's limits on calls.
    """
    try:
        from zsync.sandbox import NO_LIMITS, Accounts, Books, Limits, Organization, Sandbox
        from zsync.sandbox.hotel import Hotel, demo
    except ModuleNotFoundError as err:
        if err.name is None or err.name.split(".")[0] != "werkzeug":
            raise
        raise ConfigError("the sandbox is not installed", hint="`pip install 'zsync[sandbox]'`") from err
    organization = Organization(name="Demo Hotels", country="Austria", country_code="AT", time_zone="Europe/Vienna")
    books = Books(organization, limits=Limits() if limited else NO_LIMITS, taxes=TAXES)
    return Sandbox(hotel=Hotel(demo.whole()), books=books, accounts=Accounts(auto_consent=not limited))


@contextmanager
def served(sandbox: Sandbox, port: int = 0) -> Iterator[str]:
    """The sandbox on 127.0.0.1 for as long as this lasts; its address."""
    from zsync.sandbox.serve import Server

    try:
        server = Server(sandbox, port)
    except OSError as err:
        raise ConfigError(f"port {port} on 127.0.0.1 is taken", hint="name another one with --port") from err
    with server:
        yield server.url


def configuration(sandbox: Sandbox, url: str, state: str, *, calls_per_minute: int = 80) -> dict[str, Any]:
    """What stands in the zsync.toml of this scene. Its secrets are made up and good for nothing else."""
    from zsync.sandbox.hotel import DEMO_KEY

    client = sandbox.accounts.client
    return {
        "source": {"type": "qloapps", "tag": "hotel", "url": f"{url}/hotel", "api_key": DEMO_KEY},
        "target": {
            "type": "zoho-books",
            "data_center": "eu",
            "organization_id": sandbox.books.organization.organization_id,
            "client_id": client.client_id,
            "client_secret": client.client_secret,
            "accounts_url": url,
            "api_url": url,
            "web_url": url,
            "limits": {"calls_per_minute": calls_per_minute, "calls_per_day": 10_000},
            "payment_methods": {
                "Bank wire": {"mode": "banktransfer", "account": "Bank"},
                "Credit card": {"mode": "creditcard", "account": "Bank"},
                "Cash": {"mode": "cash", "account": "Petty Cash"},
                "default": {"mode": "others"},
            },
        },
        "entities": {"currencies": {"multi_currency": True}},
        "state": {"path": state},
    }
