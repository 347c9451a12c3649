"""The settings of a QuickBooks source: [source], and what it reads for an entity that the user named, in [entities.NAME]."""

from __future__ import annotations

import ipaddress
import re
from datetime import date
from typing import Annotated, ClassVar, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from zsync.net.duration import Duration, DurationOrNever
from zsync.net.secret import Secret
from zsync.sources.quickbooks.reports import Basis, By, ReportName

_TAG = re.compile(r"[a-z0-9][a-z0-9-]{0,11}\Z")
_MONTH_S = 30 * 86_400.0

PLAYGROUND = "https://developer.intuit.com/v2/OAuth2Playground/RedirectUrl"
"""Intuit's own page that shows code and realmId: a redirect address that every production app may register."""

API = {"production": "https://quickbooks.api.intuit.com", "sandbox": "https://sandbox-quickbooks.api.intuit.com"}
DISCOVERY = {
    "production": "https://developer.intuit.com/.well-known/openid_configuration",
    "sandbox": "https://developer.intuit.com/.well-known/openid_sandbox_configuration",
}


def _tag(value: str) -> str:
    if not _TAG.match(value):
        raise ValueError('give 1 to 12 of a-z, 0-9 and "-", such as "qbo"; it stays in the keys for ever')
    return value


def _url(value: str) -> str:
    """https, or http to a loopback address; tokens go there."""
    parts = urlsplit(value)
    if not value:
        return value
    if parts.username or parts.password or parts.fragment or parts.query:
        raise ValueError("the address must not hold a user name, a query or a fragment")
    if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and _loopback(parts.hostname))):
        raise ValueError("the address must begin with https:// (plain http is for a loopback address only)")
    return value.rstrip("/")


def _loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


Url = Annotated[str, AfterValidator(_url)]


class QuickBooksSettings(BaseModel):
    """[source]"""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    type: Literal["quickbooks"] = Field("quickbooks", description="the source")
    tag: Annotated[str, AfterValidator(_tag)] = Field(description="names this source in keys for ever; kept in the state at init")
    environment: Literal["production", "sandbox"] = Field(
        "production", description="Intuit's production or its sandbox companies"
    )
    realm_id: str = Field("", pattern=r"^\d{0,20}$", description="id of the company; empty: the one that the sign-in names")
    client_id: str = Field(min_length=1, description="of the app in Intuit's developer portal")
    client_secret: Secret = Field(description="of the app in Intuit's developer portal")
    start_date: date | None = Field(None, description="transactions dated before it stay out; names and reports are not dated")
    redirect_uri: Url = Field(
        "", description="as registered with the app (production: https); empty: the loopback page in sandbox, Intuit's own else"
    )
    redirect_port: int = Field(8976, ge=1024, le=65535, description="port of the sign-in's callback on localhost (sandbox keys)")
    batch: bool = Field(True, description="several pages of records in one call, where QuickBooks takes that")
    deletions_every: DurationOrNever = Field(
        _MONTH_S, description="how often ids are compared; deletions of the last 30 days are told by QuickBooks itself"
    )
    timeout: Duration = Field(130.0, description="longest life of one call; reports may take two minutes")
    api_url: Url = Field("", description="overrides the environment's API host")
    discovery_url: Url = Field("", description="overrides the environment's discovery document, which names the sign-in servers")

    @property
    def api(self) -> str:
        return self.api_url or API[self.environment]

    @property
    def discovery(self) -> str:
        return self.discovery_url or DISCOVERY[self.environment]

    @property
    def listens(self) -> bool:
        """Whether the redirect can come to this machine: production keys take neither http nor an address of this kind."""
        return self.redirect == f"http://localhost:{self.redirect_port}/callback"

    @property
    def redirect(self) -> str:
        loopback = f"http://localhost:{self.redirect_port}/callback"
        return self.redirect_uri or (loopback if self.environment == "sandbox" else PLAYGROUND)


class Reads(BaseModel):
    """What an entity of the user reads: records of an `object`, or a `report`."""

    line_id: ClassVar[str] = "Id"
    """What the lines of a transaction carry as their own name; subtotals have none."""

    object: str = Field(
        "", pattern=r"^([A-Z][A-Za-z]{1,39})?$", description='a QuickBooks object: "Customer", "Invoice", "JournalEntry" ...'
    )
    report: ReportName | Literal[""] = Field("", description='a report: "ProfitAndLoss", "BalanceSheet" ...')
    by: By = Field("month", description="what a period, or a column, of the report is")
    periods: int = Field(13, ge=1, le=120, description="how many periods, the last ones; they are read again in each run")
    basis: Basis = Field("accrual", description="accrual or cash")
    subtotals: bool = Field(False, description="also the totals of sections; they double sums")

    def origin(self, name: str) -> str:
        """What the source calls the records of this entity."""
        return self.object or f"{self.report}:{name}"

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if bool(self.object) == bool(self.report):
            raise ValueError('give either object = "Customer" (or another QuickBooks object) or report = "ProfitAndLoss"')
        return self
