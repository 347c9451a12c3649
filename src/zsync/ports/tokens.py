"""What a sign-in gives, and where it rests."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a sign-in gave. `accounts_url` and `api_url` are the hosts that the answers named. Never logged, never in repr.

    `realm` is the company that Intuit's tokens are for; they die at `idle_until` unless renewed before, and at `ends_at` anyway.
    Before `throttled_until` the sign-in server is not asked for another access token: it has asked for that pause.
    """

    access: str = field(repr=False)
    expires_at: datetime
    refresh: str = field(default="", repr=False)
    scopes: tuple[str, ...] = ()
    accounts_url: str = ""
    api_url: str = ""
    location: str = ""
    signed_in_at: datetime | None = None
    throttled_until: datetime | None = None
    realm: str = ""
    idle_until: datetime | None = None
    ends_at: datetime | None = None


class TokenStore(Protocol):
    """Where tokens rest: a file that only its owner reads."""

    def load(self) -> Tokens | None:
        """What was saved last; None when nobody signed in. ConfigError if others can read it, or it is not readable."""
        ...

    def save(self, tokens: Tokens) -> None:
        """Written whole or not at all, and on disk before this returns."""
        ...

    def delete(self) -> None: ...

    def locked(self) -> AbstractContextManager[None]:
        """Held by one process at a time: refresh inside it, after loading again."""
        ...
