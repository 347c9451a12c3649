"""QuickBooks as a source: what the engine sees of it. Records are one stream, each report that an entity names one of its own.

The scope of a record is the record; that of a report is one period, with all its rows, whose sums were checked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from zsync.errors import ConfigError, ContractBroken, OutOfReach, RecordError, ZsyncError
from zsync.model.documents import Entry
from zsync.model.key import Key
from zsync.model.record import Gone, Page, Record, Unreadable
from zsync.ports import Clock, Finding, Tokens
from zsync.sources.quickbooks import reports
from zsync.sources.quickbooks.client import Company, report_params
from zsync.sources.quickbooks.faults import REMOTE
from zsync.sources.quickbooks.parse import key_of, revision_of, word_of
from zsync.sources.quickbooks.periods import Period, last_periods, period_from, windows
from zsync.sources.quickbooks.read import Reader
from zsync.sources.quickbooks.reports import BY_PERIOD, COLUMNS, Basis, By

if TYPE_CHECKING:
    from collections.abc import Callable

RECORDS = "records"
_PERIOD, _ROW = "period", "row"
_SOON = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A report that an entity of the user names. `origin` is what its rows are called here, `name` the entity's own."""

    origin: str
    name: str
    report: str
    by: By
    periods: int
    basis: Basis
    subtotals: bool


class QuickBooks:
    """Implements `zsync.ports.Source`. Nothing is sent before the first question."""

    name = REMOTE

    def __init__(
        self,
        company: Company,
        tag: str,
        kinds: Sequence[str],
        wanted: Sequence[Wanted],
        clock: Clock,
        *,
        batch: bool = True,
        tokens: Callable[[], Tokens | None] = lambda: None,
    ) -> None:
        self.tag = tag
        self._company = company
        self._kinds = tuple(kinds)
        self._wanted = {each.name: each for each in wanted}
        self._clock = clock
        self._tokens = tokens
        self._reader = Reader(company, tag, kinds, clock, batch=batch)

    @property
    def streams(self) -> Sequence[str]:
        return (*((RECORDS,) if self._kinds else ()), *self._wanted)

    @property
    def calls(self) -> int:
        return self._company.calls

    def read(self, stream: str, cursor: str | None) -> Iterator[Page]:
        if stream == RECORDS:
            return self._reader.read(cursor)
        return self._read_report(self._wanted[stream])

    def get(self, key: Key) -> Record | Unreadable | Gone:
        if key.entity == _PERIOD:
            return self._get_period(key)
        if key.entity == _ROW:
            return self._get_row(key)
        if key.entity not in {word_of(kind) for kind in self._kinds}:
            raise RecordError(f"nothing is read from QuickBooks for `{key.entity}`", key=key)
        try:
            return self._reader.get(key)
        except ConfigError as err:
            raise RecordError(err.message, hint=err.hint, key=key) from err

    def ids(self, stream: str) -> frozenset[Key] | None:
        """Periods never vanish: what is not in them any more is seen when they are read."""
        return self._reader.ids() if stream == RECORDS else None

    def stream_of(self, entity: str) -> str:
        if entity in self._kinds:
            return RECORDS
        for each in self._wanted.values():
            if each.origin == entity:
                return each.name
        raise KeyError(entity)

    def key_of(self, entity: str, source_id: str) -> Key:
        if any(each.origin == entity for each in self._wanted.values()):
            return Key.of(self.tag, _ROW, source_id)
        if entity not in self._kinds:
            raise ConfigError(f"`{entity}` is not read from QuickBooks", hint=f"known: {', '.join(self._kinds)}")
        if not source_id.isascii() or not source_id.isdecimal():
            raise ConfigError(f"`{source_id}` is no Id of QuickBooks", hint="Ids are the numbers that `zsync status` shows")
        return key_of(self.tag, entity, str(int(source_id)))

    def entity_of(self, key: Key) -> str:
        if key.entity == _PERIOD:
            name = key.id.partition("/")[0]
            return self._wanted[name].origin if name in self._wanted else name
        return next((kind for kind in self._kinds if word_of(kind) == key.entity), key.entity)

    def samples(self, entity: str) -> Iterator[Record]:
        if entity in self._kinds:
            yield from self._reader.samples(entity)
            return
        wanted = next(each for each in self._wanted.values() if each.origin == entity)
        for period in reversed(last_periods(wanted.by, 3, self._today)):
            yield from (each for each in self._records(wanted, [period]) if isinstance(each, Record) and each.documents)

    def check(self) -> Iterator[Finding]:
        """Sign-in and company, the ages of the tokens, each object that is read."""
        yield from self._ages()
        try:
            info = self._company.info()
        except ZsyncError as err:
            yield Finding("QuickBooks", False, err.message, err.hint)
            return
        yield Finding("QuickBooks", True, f"company `{info.get('CompanyName', '?')}`, {info.get('Country', 'country unknown')}")
        for kind in self._kinds:
            try:
                found = len(list(self._reader.samples(kind)))
            except ZsyncError as err:
                yield Finding(f"QuickBooks {kind}", False, err.message, err.hint)
                continue
            yield Finding(f"QuickBooks {kind}", True, "can be read" if found else "can be read; there is none yet")

    def close(self) -> None:
        self._company.close()

    # --- reports ----------------------------------------------------------------------------------------------------------

    def _read_report(self, wanted: Wanted) -> Iterator[Page]:
        """The last periods, always; a cursor only says when."""
        periods = last_periods(wanted.by, wanted.periods, self._today)
        for window in windows(wanted.report, wanted.by, periods):
            yield Page(tuple(self._records(wanted, window)), self._clock.now().isoformat(timespec="seconds"), len(periods))

    def _get_period(self, key: Key) -> Record | Unreadable | Gone:
        name, _, start = key.id.partition("/")
        wanted = self._wanted.get(name)
        if wanted is None or len(start) != 8 or not start.isdecimal():
            raise RecordError("the configuration does not have this report any more", key=key)
        period = period_from(datetime.strptime(start, "%Y%m%d").replace(tzinfo=UTC).date(), wanted.by)
        return next(iter(self._records(wanted, [period])))

    def _get_row(self, key: Key) -> Record | Unreadable | Gone:
        """The period that a row stands in; a key does not say which, so the last ones are looked through."""
        for wanted in self._wanted.values():
            for page in self._read_report(wanted):
                for record in page.records:
                    if isinstance(record, Record) and any(document.key == key for document in record.documents):
                        return record
        return Gone()

    def _records(self, wanted: Wanted, window: Sequence[Period]) -> Iterator[Record | Unreadable]:
        """One record for each period of a call. Where the report is too much for one call, it is asked in halves."""
        params = _params(wanted, window)
        try:
            answer = self._company.report(wanted.report, params)
        except OutOfReach:
            if len(window) == 1:
                raise
            half = len(window) // 2
            yield from self._records(wanted, window[:half])
            yield from self._records(wanted, window[half:])
            return
        try:
            report = reports.take_apart(answer)
            rows = reports.rows(
                report, window[0].start, window[-1].end, wanted.basis, realm=self._company.realm, subtotals=wanted.subtotals
            )
        except RecordError as err:
            yield from (self._unreadable(wanted, period, err) for period in window)
            return
        strays = [row for row in rows if not any(period.start <= row.start <= period.end for period in window)]
        if strays:
            raise ContractBroken("a report with periods that were not asked for", remote=REMOTE)
        for period in window:
            yield self._record(wanted, period, [row for row in rows if period.start <= row.start <= period.end], report.empty)

    def _record(self, wanted: Wanted, period: Period, rows: Sequence[reports.Row], empty: bool) -> Record:
        documents = tuple(
            Entry(Key.of(self.tag, _ROW, row.key), row.key, wanted.origin, f"{period.start:%Y-%m} {row.fields['path']}")
            for row in rows
        )
        fields: dict[Key, Mapping[str, Any]] = {
            document.key: dict(row.fields) for document, row in zip(documents, rows, strict=True)
        }
        revision = revision_of([[row.key, str(row.fields["amount"]), row.fields["path"]] for row in rows])
        hollow = empty or not any(row.fields["kind"] == "account" for row in rows)
        return Record(self._scope(wanted, period), documents, revision, self._clock.now(), fields, hollow=hollow)

    def _unreadable(self, wanted: Wanted, period: Period, err: RecordError) -> Unreadable:
        id = f"{wanted.name}/{period.start:%Y%m%d}"
        label = f"{wanted.report} {period.start.isoformat()} to {period.end.isoformat()}"
        return Unreadable(self._scope(wanted, period), wanted.origin, id, label, err)

    def _scope(self, wanted: Wanted, period: Period) -> Key:
        return Key.of(self.tag, _PERIOD, f"{wanted.name}/{period.start:%Y%m%d}")

    @property
    def _today(self) -> date:
        return self._clock.now().date()

    # --- checks -----------------------------------------------------------------------------------------------------------

    def _ages(self) -> Iterator[Finding]:
        """How long the connection lasts: Intuit ends it after 100 days without use, and after five years in all."""
        tokens = self._tokens()
        if tokens is None:
            yield Finding("QuickBooks sign-in", False, "nobody is signed in to QuickBooks", "`zsync auth quickbooks`")
            return
        for moment, what in ((tokens.idle_until, "unless it is used before"), (tokens.ends_at, "whatever is done")):
            if moment is not None and moment - self._clock.now() < _SOON:
                words = f"the connection ends on {moment:%Y-%m-%d}, {what}"
                yield Finding("QuickBooks sign-in", False, words, "`zsync auth quickbooks` connects anew")
                return
        yield Finding("QuickBooks sign-in", True, f"connected to the company {tokens.realm}")


def _params(wanted: Wanted, window: Sequence[Period]) -> dict[str, str]:
    columns = COLUMNS[wanted.by]
    if wanted.by in ("month", "quarter", "year") and wanted.report not in BY_PERIOD:
        columns = ""
    params = report_params(window[0].start, window[-1].end, wanted.basis, columns)
    if wanted.report.startswith("Aged"):
        params["report_date"] = window[-1].end.isoformat()
    return params
