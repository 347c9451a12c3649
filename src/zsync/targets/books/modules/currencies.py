"""Currencies, found by their code, and their exchange rates.

A currency cannot be disabled at Zoho: it is deleted, or stays because documents are in it. A rate has no name: it is one of a
currency on a day.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from zsync.errors import RecordError, Refused
from zsync.model.intent import KEPT, Body, Difference, Written
from zsync.model.key import Key
from zsync.model.record import Gone
from zsync.ports import Found, Standing, Write
from zsync.targets.books.modules.base import BooksModule, understood
from zsync.targets.books.modules.values import Content, compared, document, identity, number, text
from zsync.targets.zoho.client import rows as listed


class Currencies(BooksModule):
    """Body: `currency_code`, `currency_symbol`, `price_precision`, `currency_format`. A second one of a code is refused."""

    name = "currencies"
    path = "/settings/currencies"
    resource = "currency"
    id_field = "currency_id"
    number_field = "currency_code"
    updatable = False

    def create(self, writes: Sequence[Write]) -> Sequence[Written | RecordError]:
        """Whether it was refused because somebody has added it meanwhile is looked up: no code for that is published."""
        (write,) = writes
        (made,) = super().create(writes)
        if isinstance(made, Refused) and not made.duplicate:
            made.duplicate = self._find(write.key, write.body) is not None
        return [made]

    def _find(self, key: Key, body: Body) -> Found:
        for row in listed(self._calls.get(self.path), "currencies"):
            if text(row, "currency_code") == body["currency_code"]:
                return self._written(row, body)
        return None

    def withdraw(self, standing: Standing) -> Written | None:
        """Deleted; or kept, where Zoho says that it is in use."""
        try:
            self._calls.delete(f"{self.path}/{standing.id}")
        except Refused as err:
            if err.gone:
                return None
            return replace(standing.written, id=standing.id, status=KEPT, content=None)
        return None


class ExchangeRates(BooksModule):
    """Body: `currency_id`, `rate` (base currency for one unit), `effective_date`. Another rate is another entry, of its day."""

    name = "exchangerates"
    path = "/settings/currencies"
    resource = "exchange_rate"
    id_field = "exchange_rate_id"
    keyed = False

    def create(self, writes: Sequence[Write]) -> Sequence[Written | RecordError]:
        (write,) = writes
        try:
            return [self._posted(write.body)]
        except RecordError as err:
            return [err]

    def update(self, standing: Standing, body: Body) -> Written:
        return self._posted(body)

    def read(self, standing: Standing) -> Written | Gone:
        """The entry that was sent last; what Zoho has of its own where none was."""
        found = self._entry(standing.body) if standing.body else None
        return found or replace(standing.written, content={})

    def withdraw(self, standing: Standing) -> Written | None:
        """Nothing to do: a rate of the past is true for ever, and goes with its currency."""
        return None

    def differences(self, body: Body, written: Written) -> Sequence[Difference]:
        content = written.content or {}
        return list(_differences(body, content))

    def objection(self, body: Body, written: Written) -> RecordError | None:
        return None

    def _find(self, key: Key, body: Body) -> Found:
        return self._entry(body)

    def _posted(self, body: Body) -> Written:
        sent = {name: body[name] for name in ("effective_date", "rate")}
        answer = self._calls.post(self._of(body), sent)
        with understood():
            return self._written(document(answer, self.resource), body)

    def _entry(self, body: Body) -> Written | None:
        """The entry of this day with this rate."""
        for row in listed(self._calls.get(self._of(body)), "exchange_rates"):
            if next(_differences(body, row), None) is None:
                return self._written(row, body)
        return None

    def _of(self, body: Body) -> str:
        return f"{self.path}/{body['currency_id']}/exchangerates"

    def _written(self, content: Content, body: Body, parts: object = None) -> Written:
        """The rate of a currency is one document to us, whichever entry it is: the currency's id is its own."""
        identity(content, self.id_field)
        return Written(str(body["currency_id"]), total=number(content.get("rate")), content=content)


def _differences(body: Body, row: Content) -> Iterator[Difference]:
    """Zoho keeps fewer digits of a rate than are sent."""
    yield from compared("exchange_rate", body.get("rate"), row.get("rate"))
    yield from compared("effective_date", body.get("effective_date"), row.get("effective_date"))
