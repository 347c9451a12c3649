"""Zoho Books as a target: modules over one client, the mapping, and what can be checked before a first run."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from zsync.errors import ConfigError, RecordError, Refused, ZsyncError
from zsync.model.intent import Body, KnownRows, Plan, Ref, plain
from zsync.model.key import Key
from zsync.model.record import Record
from zsync.model.row import Row
from zsync.net.client import Http
from zsync.net.pace import Pace
from zsync.ports import Budget, Finding, Match, Module, Quota
from zsync.targets.books import adoption, gone, mapping
from zsync.targets.books.links import LABELS, link
from zsync.targets.books.modules import modules
from zsync.targets.books.modules.payments import newest_references, references
from zsync.targets.books.modules.values import key_in, number
from zsync.targets.books.rules import Rules
from zsync.targets.books.settings import BooksSettings
from zsync.targets.books.taxes import Facts, account_id, tax_id
from zsync.targets.zoho.client import ZohoClient, resource, rows

if TYPE_CHECKING:
    from zsync.targets.zoho.oauth import Zoho

_NONE = Decimal(0)


class BooksTarget:
    """Implements `zsync.ports.Target`. Nothing is sent before the first call."""

    name = "zoho-books"

    def __init__(self, settings: BooksSettings, rules: Rules, http: Http, pace: Pace, zoho: Zoho) -> None:
        self._settings = settings
        self._rules = rules
        self._http = http
        self._pace = pace
        self._zoho = zoho
        self._client = ZohoClient(http, pace, "/books/v3", settings.organization_id)
        self._modules = modules(self._client, settings.contact_key_field)

    @property
    def realm(self) -> str:
        return f"zoho-finance:{self._settings.organization_id}"

    @property
    def modules(self) -> Mapping[str, Module]:
        return self._modules

    @property
    def calls(self) -> int:
        return self._client.calls

    @property
    def accounts_calls(self) -> int:
        return self._zoho.calls

    def learn(self) -> Mapping[str, Any]:
        """Organisation, taxes, accounts and currencies: four calls (accounts may take more pages); locations where they are
        used."""
        organization = resource(self._client.get(f"/organizations/{self._settings.organization_id}"), "organization")
        return {
            "organization": {
                name: _text(organization.get(name))
                for name in ("organization_id", "name", "currency_code", "time_zone", "country_code", "price_precision")
            },
            "taxes": [
                {**_picked(row, "tax_id", "tax_name", "tax_type"), "tax_percentage": plain(percentage)}
                for row in self._client.pages("/settings/taxes", "taxes")
                if (percentage := number(row.get("tax_percentage"))) is not None
            ],
            "accounts": [
                _picked(row, "account_id", "account_name", "account_type")
                for row in self._client.pages("/chartofaccounts", "chartofaccounts")
                if row.get("is_active") is not False
            ],
            "currencies": [
                _picked(row, "currency_id", "currency_code", "price_precision", "is_base_currency")
                for row in rows(self._client.get("/settings/currencies"), "currencies")
            ],
            **({"locations": self._locations()} if self._rules.hotels_as == "location" else {}),
        }

    def _locations(self) -> list[dict[str, Any]]:
        """None where the organisation has not switched them on: Zoho refuses the list then."""
        try:
            return [_picked(row, "location_id", "location_name") for row in rows(self._client.get("/locations"), "locations")]
        except Refused:
            return []

    def describe(self, name: str) -> Mapping[str, Any]:
        return self.learn()

    def plan(self, record: Record, known: KnownRows, refused: Mapping[Key, str], facts: Mapping[str, Any]) -> Plan:
        return mapping.plan(record, known, refused, facts, self._rules)

    def own(self, key: Key, read_at: datetime) -> Record | None:
        return mapping.own(key, read_at)

    def refers(self, plan: Plan) -> Mapping[Key, Sequence[Ref]]:
        return mapping.refers(plan)

    def removable(self, rows: Sequence[Row], allowed: Collection[Ref]) -> Collection[Ref]:
        return gone.removable(rows, allowed)

    def check(self) -> Iterator[Finding]:
        """Sign-in, organisation, base currency, and every tax and account that the configuration names."""
        try:
            facts = self.learn()
        except ZsyncError as err:
            yield Finding("Zoho Books", False, err.message, err.hint)
            return
        organisation = facts["organization"]
        yield Finding("Zoho Books", True, f"organisation `{organisation['name']}`, base currency {organisation['currency_code']}")
        known = Facts.of(facts)
        yield from self._limits()
        yield Finding(
            "mails to guests",
            True,
            "zsync makes Zoho send none; what Zoho sends by itself is set in the organisation",
            "before a first run look at payment reminders, thank-you mails and workflows under settings > automation",
        )
        for rate in self._settings.taxes:
            yield _checked(f'[target.taxes] "{rate}"', lambda rate=rate: self._tax(rate, known))
        for kind, account in self._settings.accounts.items():
            where = f"[target.accounts] {kind}"
            yield _checked(where, lambda account=account, where=where: account_id(account, known, where))
        for method, each in self._settings.payment_methods.items():
            if each.account:
                where = f'[target.payment_methods] "{method}"'
                yield _checked(where, lambda each=each, where=where: account_id(each.account, known, where))

    def _limits(self) -> Iterator[Finding]:
        """What the answers say of the plan against what is configured."""
        told, configured = self._pace.quota().limit, self._settings.limits.calls_per_day
        if told is not None and told != configured:
            fits = configured <= told
            words = f"{configured} calls a day configured, the plan has {told}"
            hint = f"calls_per_day = {told} under [target.limits] uses the plan" if fits else f"set calls_per_day = {told}"
            yield Finding("[target.limits] calls_per_day", fits, words, hint)

    def _tax(self, rate: str, known: Facts) -> str:
        return tax_id(number(rate) or _NONE, rate, self._rules, known)

    @property
    def adoptable(self) -> Sequence[str]:
        return (*adoption.LISTED, *adoption.ASKED_SINGLY)

    @property
    def asked_singly(self) -> Collection[str]:
        return adoption.ASKED_SINGLY

    def recognise(self, module: str, asked: Sequence[tuple[Key, Body]]) -> Iterator[Match | None]:
        return adoption.recognise(self._client, self._modules[module], asked)

    def claimed(self, tag: str) -> Collection[Key]:
        """Our keys on payments, by their reference numbers; filters may be ignored, so every row is looked at."""
        return {key for each in references(self._client, f"{tag}:payment:") if (key := key_in(each)) is not None}

    def latest(self, tag: str) -> Collection[Key]:
        """Of the first page of the list, which shows the newest first (contract's example; the sandbox does the same)."""
        return {key for each in newest_references(self._client, f"{tag}:payment:") if (key := key_in(each)) is not None}

    def link(self, module: str, id: str) -> str:
        return link(self._settings, module, id)

    def number_label(self, module: str) -> str:
        return LABELS.get(module, module)

    @property
    def concurrency(self) -> int:
        return self._pace.concurrency

    def reserve(self, calls: int) -> None:
        self._pace.release()
        self._pace.reserve(calls)

    def quota(self) -> Quota:
        return self._pace.quota()

    def budget(self) -> Budget:
        return self._pace.budget()

    def close(self) -> None:
        self._http.close()


def _picked(row: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: _text(row.get(name)) for name in names}


def _text(value: object) -> object:
    """Ids and percentages as text, so that the facts survive JSON; flags and whole numbers as they are."""
    if isinstance(value, bool | int) or value is None:
        return value
    return str(value)


def _checked(where: str, look: Any) -> Finding:
    try:
        look()
    except (RecordError, ConfigError) as err:
        return Finding(where, False, err.message, err.hint)
    return Finding(where, True, "found in the organisation")
