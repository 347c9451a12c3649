"""The settings of a QloApps source: [source]. Names are those of `interface.md`; unknown ones are errors."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from zsync.net.duration import DurationOrNever
from zsync.net.secret import Secret

_TAG = re.compile(r"[a-z0-9][a-z0-9-]{0,11}\Z")


def _tag(value: str) -> str:
    if not _TAG.match(value):
        raise ValueError('give 1 to 12 of a-z, 0-9 and "-", such as "hotel"; it stays in the keys for ever')
    return value


def _url(value: str) -> str:
    """The shop's address without `/api` and without a slash at its end."""
    parts = urlsplit(value)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise ValueError('give the shop\'s address, such as "https://hotel.example.com"')
    if parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError("give the shop's address without a user name, a query or a fragment; the key has a line of its own")
    return value.rstrip("/").removesuffix("/api")


class Reads(BaseModel):
    """What an entity of the user reads, where the target leaves the entities to him."""

    line_id: ClassVar[str] = "id"
    """What the rows below a record carry as their own name."""

    object: Literal[
        "currencies",
        "customers",
        "hotels",
        "room_types",
        "service_products",
        "orders",
        "invoices",
        "payments",
        "credit_notes",
    ] = Field(description="what the hotel has: customers, orders, invoices ...")

    def origin(self, name: str) -> str:
        """What the source calls the records of this entity."""
        return self.object


class QloAppsSettings(BaseModel):
    """[source]"""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    type: Literal["qloapps"] = Field("qloapps", description="the source")
    tag: Annotated[str, AfterValidator(_tag)] = Field(description="names this source in keys for ever; kept in the state at init")
    url: Annotated[str, AfterValidator(_url)] = Field(description="the shop's address: a domain that it knows as its own")
    api_key: Secret = Field(description="a key of Advanced Parameters > Webservice with GET on what is read")
    start_date: date | None = Field(
        None, description="orders before it stay out; an order counts by its invoice's date, else its own"
    )
    page_size: int = Field(
        500, ge=10, le=1000, description="rows asked for at once; it halves by itself where the shop's memory ends"
    )
    deletions_every: DurationOrNever = Field(
        86_400.0, description='how often ids are compared, to find what was deleted in the hotel; "never" for not at all'
    )
    timeout: float = Field(60.0, gt=0, le=600, description="longest life of one request to the shop, in seconds")
