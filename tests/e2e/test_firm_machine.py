"""A state machine over QuickBooks and Creator, the real code between two stand-ins: Hypothesis chooses what the firm, people, the
remote and the process do.

In the end a person frees what waits for him, and each customer, invoice, line and sum stands once, as QuickBooks has it.
"""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from e2e.firm import Firm
from e2e.test_firm_faults import VERBS, begun, invoice, mortal
from steady import walks
from zsync.engine import run as engine
from zsync.engine.job import Options
from zsync.sandbox.faults import Fault, Verb
from zsync.sandbox.forms.application import Stored
from zsync.state.desk import Inbox
from zsync.state.status import Status

FORMS = {"customers": "Customers", "items": "Items", "invoices": "Invoices", "invoice_lines": "Invoice_Lines", "pnl": "PnL"}
KEYS = {form: {"Invoice_Lines": "Line_Key", "PnL": "Row_Key"}.get(form, "QB_Id") for form in FORMS.values()}
MINUTES = st.sampled_from((5, 5, 20, 60))


class FirmMachine(RuleBasedStateMachine):
    """A small firm, its application, and everything that may happen to them in some days of November."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.firm: Firm = begun(Path(self.folder.name))
        self.fate = mortal(self.firm, [], thorough=False)
        self.invoices = 3
        self.edited: set[str] = set()  # keys of rows that a person typed into
        self.removed: set[str] = set()  # or deleted

    @initialize(written=st.booleans())
    def begins(self, written: bool) -> None:
        if written:
            self.firm.run_to_rest()

    # --- the firm -----------------------------------------------------------------------------------------------------------

    @rule(id=st.sampled_from("123"), name=st.sampled_from(("Ada & Co", "Bo Ltd", "Cy")))
    def a_customer_is_renamed(self, id: str, name: str) -> None:
        self.firm.firm.change("Customer", id, DisplayName=f"{name} {id}")

    @rule()
    def an_invoice_is_written(self) -> None:
        if self.invoices < 6:
            self.invoices += 1
            invoice(self.firm.firm, self.invoices)

    @rule(which=st.integers(0, 5))
    def an_invoice_is_deleted(self, which: int) -> None:
        ids = sorted(self.firm.firm.objects["Invoice"])
        if ids:
            self.firm.firm.delete("Invoice", ids[which % len(ids)])

    @rule(which=st.integers(0, 5), keep=st.booleans(), amount=st.integers(1, 9))
    def its_first_line_changes_or_goes(self, which: int, keep: bool, amount: int) -> None:
        ids = sorted(self.firm.firm.objects["Invoice"])
        if ids:
            id = ids[which % len(ids)]
            first, *others = self.firm.firm.objects["Invoice"][id]["Line"]
            lines = [*([{**first, "Amount": Decimal(amount)}] if keep or not others else []), *others]
            self.firm.firm.change("Invoice", id, Line=lines)

    @rule(amount=st.integers(1, 9), account=st.sampled_from("123"))
    def something_is_posted(self, amount: int, account: str) -> None:
        self.firm.firm.post(date(2026, 11, 4), account, Decimal(amount))

    # --- people -------------------------------------------------------------------------------------------------------------

    @rule(which=st.integers(0, 2))
    def a_person_types_into_a_customer(self, which: int) -> None:
        rows = list(self.firm.app.rows("Customers").values())
        if rows and not self._in_doubt():
            row = rows[which % len(rows)]
            row["Display_Name"] = "typed by hand"
            self.edited.add(str(row["QB_Id"]))

    @rule(form=st.sampled_from(("Customers", "Invoice_Lines", "PnL")), which=st.integers(0, 9))
    def a_person_deletes_a_row(self, form: str, which: int) -> None:
        rows = self.firm.app.rows(form)
        if rows and not self._in_doubt():
            id = sorted(rows)[which % len(rows)]
            self.removed.add(f"{form} {rows.pop(id)[KEYS[form]]}")

    def _in_doubt(self) -> bool:
        """Requests may be on their way: no person is faster."""
        return bool(self.firm.sandbox.pending()) or any(" sending " in each for each in self.firm.open_rows())

    @rule(entity=st.sampled_from(("customers", "invoices")), id=st.sampled_from("123"), verb=st.sampled_from(("queue", "source")))
    def a_person_commands(self, entity: str, id: str, verb: str) -> None:
        self._post(entity, id, verb)

    def _post(self, entity: str, id: str, verb: str) -> None:
        command, argument = ("queue", {}) if verb == "queue" else ("resolve", {"keep": "source"})
        Inbox(self.firm.store).post(command, self.firm.clock.now(), entity, [id], argument)

    # --- what goes wrong ----------------------------------------------------------------------------------------------------

    @rule(verb=st.sampled_from(VERBS), nth=st.integers(1, 6), system=st.sampled_from(("creator", "creator", "quickbooks")))
    def a_run_in_which_a_call_fails(self, verb: Verb, nth: int, system: str) -> None:
        self.firm.sandbox.faults.add(Fault(verb, system=system, nth=nth, seconds=600.0))
        self.a_run(5, True)

    @rule(point=st.one_of(st.integers(1, 6), st.integers(1, 30)))
    def a_run_dies(self, point: int) -> None:
        self.fate.deaths, self.fate.passed = [point], 0
        self.firm.run_or_die()
        self.fate.deaths = []

    @rule(minutes=MINUTES, accepted=st.booleans())
    def a_run(self, minutes: int, accepted: bool) -> None:
        self.firm.run(Options(accept_changes=accepted), minutes=minutes)

    # --- what holds after each step -------------------------------------------------------------------------------------------

    @invariant()
    def no_key_stands_twice(self) -> None:
        for form, key in KEYS.items():
            counts = Counter(str(row[key]) for row in self.firm.app.rows(form).values())
            assert [name for name, count in counts.items() if count > 1] == []

    @invariant()
    def status_counts_what_it_lists_and_gives_reasons(self) -> None:
        status = Status(self.firm.store)
        listed = status.records()
        counts: dict[str, Counter[str]] = {}
        for each in listed:
            counts.setdefault(each.entity, Counter())[each.status] += 1
            if each.status in ("failed", "blocked", "held", "skipped"):
                assert each.error is not None, each
                assert each.error.message, each
        assert status.standing() == (counts, [each for each in listed if each.status == "failed"])

    # --- the end ----------------------------------------------------------------------------------------------------------------

    def teardown(self) -> None:
        self.firm.sandbox.faults.clear()
        for _ in range(4):
            self._come_to_rest()
            waiting = [each for each in Status(self.firm.store).records() if each.status in ("failed", "held")]
            if not waiting:
                break
            for each in waiting:
                self._post(each.entity, each.source_id, "source" if each.status == "failed" else "queue")
        else:
            raise AssertionError(f"a person cannot free {waiting}")
        self._the_application_is_as_the_firm()
        self.folder.cleanup()

    def _come_to_rest(self) -> None:
        quiet = 0
        for _ in range(40):
            before = self.firm.calls("creator")
            report: engine.Report = self.firm.run(Options(accept_changes=True), minutes=20)
            assert report.error is None, report.error
            idle = self.firm.calls("creator") == before and not self.firm.sandbox.pending() and not self.firm.open_rows()
            quiet = quiet + 1 if idle else 0
            if quiet == 2:
                return
        raise AssertionError(f"never at rest: {self.firm.open_rows()}")

    def _the_application_is_as_the_firm(self) -> None:
        books = self.firm.firm.objects
        self._same("Customers", "Display_Name", {id: each["DisplayName"] for id, each in books["Customer"].items()})
        self._same("Invoices", "Invoice_Number", {id: each["DocNumber"] for id, each in books["Invoice"].items()})
        lines = {f"{id}-{line['Id']}": f"{line['Amount']:.2f}" for id, each in books["Invoice"].items() for line in each["Line"]}
        self._same("Invoice_Lines", "Amount", lines)
        sums = {
            f"ProfitAndLoss/accrual/2026-11-01/account/{account}": f"{self._posted(account):.2f}" for account in ("1", "2", "3")
        }
        rows = {key: row for key, row in self._rows("PnL").items() if key in sums}
        assert {key: row["Amount"] for key, row in rows.items()} == self._kept("PnL", sums, rows)

    def _posted(self, account: str) -> Decimal:
        month = (each for each in self.firm.firm.postings if each.day.month == 11 and each.account == account)
        return sum((each.amount for each in month), Decimal(0))

    def _same(self, form: str, field: str, wanted: dict[str, str]) -> None:
        rows = self._rows(form)
        there = {key: row[field] for key, row in rows.items() if form != "Customers" or key not in self.edited}
        kept = self._kept(form, wanted, rows)
        assert there == {key: value for key, value in kept.items() if form != "Customers" or key not in self.edited}, form

    def _kept(self, form: str, wanted: dict[str, str], rows: dict[str, Stored]) -> dict[str, str]:
        """Without what a person deleted and nobody asked for since."""
        return {key: value for key, value in wanted.items() if key in rows or f"{form} {key}" not in self.removed}

    def _rows(self, form: str) -> dict[str, Stored]:
        return {str(row[KEYS[form]]): row for row in self.firm.app.rows(form).values()}


def test_whatever_happens_the_application_is_in_the_end_as_the_firm() -> None:
    run_state_machine_as_test(FirmMachine, settings=walks(12, 12))
