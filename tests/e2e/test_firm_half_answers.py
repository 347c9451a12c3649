"""Answers of QuickBooks and Creator that tell less than there is: no row is lost, doubled, or left as it was."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from werkzeug import Request, Response

from e2e.firm import ENTITIES, Firm
from e2e.test_firm_faults import begun, change, second_part, undisturbed
from zsync.engine import run as engine
from zsync.errors import ContractBroken, OutOfReach
from zsync.sandbox.faults import Fault


def initialised(firm: Firm) -> engine.Report:
    """`zsync init`, whatever comes of it."""
    return engine.initialise(firm.job(), firm.summary, adopting=False)


Spoil = Callable[[Any], None]


def spoiling(firm: Firm, spoil: Spoil, where: Callable[[Request], bool], *, nth: int = 1) -> list[str]:
    """From now on the `nth` answer to such a request goes through `spoil`. What is returned fills with the request's address."""
    answer, met = firm.sandbox.answer, list[str]()
    seen = [0]

    def answered(request: Request, *, patience_s: float | None = None) -> Response:
        response = answer(request, patience_s=patience_s)
        if where(request):
            seen[0] += 1
            if seen[0] == nth:
                loaded = json.loads(response.get_data())
                spoil(loaded)
                response.set_data(json.dumps(loaded))
                met.append(request.full_path)
        return response

    firm.sandbox.answer = answered  # type: ignore[method-assign]
    return met


def creator(method: str, report: str) -> Callable[[Request], bool]:
    return lambda request: request.method == method and request.path.endswith(f"/report/{report}")


def cut(name: str, *, left: int = 0) -> Spoil:
    def spoil(answer: Any) -> None:
        del answer[name][left:]

    return spoil


# --- Creator ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("left", [0, 1])
def test_a_row_that_a_list_leaves_out_is_asked_for_by_its_id_and_changed(left: int, tmp_path: Path) -> None:
    expected, _ = undisturbed("second")
    firm = second_part(tmp_path)
    met = spoiling(firm, cut("data", left=left), creator("GET", "All_Customers"))

    firm.run_to_rest(minutes=9)

    assert met
    assert firm.standing() == expected
    assert set(firm.statuses("customers").values()) == {"synced"}


def two_of_each(folder: Path) -> Firm:
    """Two rows of each kind are to be changed alike, deleted or replaced."""
    firm = begun(folder)
    firm.run_to_rest()
    for id in ("1", "2"):
        firm.firm.change("Customer", id, PrimaryEmailAddr={"Address": "both@example.com"})
    for id in ("2", "3"):
        firm.firm.delete("Invoice", id)
    firm.firm.post(date(2026, 10, 9), "3", "0.45")
    return firm


@pytest.mark.parametrize(
    ("method", "report"),
    [("DELETE", "All_Invoice_Lines"), ("DELETE", "All_Invoices"), ("DELETE", "All_PnL"), ("PATCH", "All_Customers")],
)
def test_rows_that_the_answer_to_a_write_leaves_out_are_asked_about_at_once(method: str, report: str, tmp_path: Path) -> None:
    """They may have been reached all the same, or not."""
    well = two_of_each(tmp_path)
    well.run_to_rest(minutes=9)
    firm = two_of_each(tmp_path)
    met = spoiling(firm, cut("result"), creator(method, report))

    firm.run()

    assert met
    assert not firm.open_rows()
    assert firm.standing() == well.standing()


def test_rows_that_a_write_did_not_reach_are_written_again(tmp_path: Path) -> None:
    """As a list that lags would have it: the criteria finds one of the lines only, and the answer names that one."""
    expected, _ = undisturbed("second")
    firm = second_part(tmp_path)
    answer = firm.sandbox.answer
    narrowed: list[str] = []

    def narrow(request: Request, *, patience_s: float | None = None) -> Response:
        if not narrowed and creator("DELETE", "All_Invoice_Lines")(request):
            body = json.loads(request.get_data())
            narrowed.append(body["criteria"])
            environ = dict(request.environ)
            content = json.dumps({**body, "criteria": body["criteria"].split("||")[0]}).encode()
            environ |= {"wsgi.input": io.BytesIO(content), "CONTENT_LENGTH": str(len(content))}
            request = Request(environ)
        return answer(request, patience_s=patience_s)

    firm.sandbox.answer = narrow  # type: ignore[method-assign]
    firm.run_to_rest(minutes=9)

    assert "||" in narrowed[0]
    assert firm.standing() == expected


def test_a_row_that_somebody_deleted_is_still_told_from_one_that_a_list_left_out(tmp_path: Path) -> None:
    firm = begun(tmp_path)
    firm.run_to_rest()
    (id,) = [id for id, row in firm.app.rows("Customers").items() if row["QB_Id"] == "3"]
    firm.app.rows("Customers").pop(id)
    change(firm)

    for _ in range(3):
        firm.run(minutes=9)

    assert firm.statuses("customers")["3"] == "held"
    assert firm.statuses("customers")["1"] == "synced"


def test_a_refused_question_about_the_application_is_no_record_s_matter(tmp_path: Path) -> None:
    firm = Firm(tmp_path, entities=ENTITIES)
    firm.sandbox.faults.add(Fault("refuse", system="creator", method="GET"))

    with pytest.raises(OutOfReach) as caught:
        initialised(firm)

    assert caught.value.exit_code == 5
    assert "zsync doctor" in caught.value.hint


# --- QuickBooks ---------------------------------------------------------------------------------------------------------------


def batch(request: Request) -> bool:
    return request.path.endswith("/batch")


def page_alone(request: Request) -> bool:
    """A page that is asked for by itself, as the second reading of a short kind is."""
    return request.path.endswith("/query") and request.args["query"].startswith("select *")


def pages(answer: Any) -> list[Any]:
    """The pages in an answer to a batch, or to a query."""
    return [each["QueryResponse"] for each in answer.get("BatchItemResponse", [answer])]


def shorter(kind: str, *, by: int = 1, honest: bool = True) -> Spoil:
    """The last rows of this kind are missing; `honest`: what counts the rows of the page agrees."""

    def spoil(answer: Any) -> None:
        for page in pages(answer):
            if kind in page:
                del page[kind][-by:]
                page["maxResults"] -= by * honest

    return spoil


def records(firm: Firm) -> Mapping[str, int]:
    """How many records are known of each entity."""
    return {name: sum(counts.values()) for name, counts in firm.summary()[0].items()}


@pytest.mark.parametrize("kind", ["Customer", "Invoice"])
def test_a_list_with_fewer_rows_than_were_counted_is_read_a_second_time(kind: str, tmp_path: Path) -> None:
    whole = begun(tmp_path)
    firm = Firm(tmp_path, company=whole.firm, entities=whole.entities)
    met = spoiling(firm, shorter(kind), batch, nth=2)

    assert initialised(firm).exit_code == 0

    assert met
    assert records(firm) == records(whole)


def test_lists_that_are_short_in_different_ways_are_not_believed(tmp_path: Path) -> None:
    firm = Firm(tmp_path, entities=ENTITIES)
    spoiling(firm, shorter("Customer"), batch, nth=2)
    met = spoiling(firm, shorter("Customer", by=2), page_alone)

    report = initialised(firm)

    assert met
    assert report.exit_code == 5
    assert isinstance(report.error, ContractBroken)
    assert "Customer" in report.error.message
    assert initialised(firm).exit_code == 0


def test_what_two_readings_agree_in_is_all_there_is_and_the_log_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Should QuickBooks count what it never hands out, nobody would get any further."""
    firm = Firm(tmp_path, entities=ENTITIES)
    count = len(firm.firm.objects["Customer"])
    spoiling(firm, shorter("Customer"), batch, nth=2)
    spoiling(firm, shorter("Customer"), page_alone)

    with caplog.at_level("WARNING", "zsync.source"):
        assert initialised(firm).exit_code == 0

    assert records(firm)["customers"] == count - 1
    assert caplog.messages == [f"Customer: QuickBooks counts {count} and hands out {count - 1}, twice"]


def test_a_page_that_says_itself_that_it_has_more_is_not_understood(tmp_path: Path) -> None:
    firm = Firm(tmp_path, entities=ENTITIES)
    met = spoiling(firm, shorter("Customer", honest=False), batch, nth=2)

    assert initialised(firm).exit_code == 5

    assert met
    assert initialised(firm).exit_code == 0


def test_what_is_deleted_between_the_count_and_the_page_is_no_fault(tmp_path: Path) -> None:
    firm = Firm(tmp_path, entities=ENTITIES)
    before = len(firm.firm.objects["Customer"])
    met = spoiling(firm, lambda _answer: firm.firm.delete("Customer", str(before)), batch)

    assert initialised(firm).exit_code == 0

    assert met
    assert records(firm)["customers"] == before - 1


def test_a_report_that_is_refused_when_everything_is_read_first_leaves_the_rest_for_another_start(tmp_path: Path) -> None:
    firm = Firm(tmp_path, entities=ENTITIES)
    firm.sandbox.faults.add(Fault("refuse", system="quickbooks", method="GET"))

    report = initialised(firm)

    assert report.exit_code == 5
    assert initialised(firm).exit_code == 0


def test_without_counts_a_page_must_have_what_it_says(tmp_path: Path) -> None:
    firm = Firm(tmp_path, entities=ENTITIES, source={"batch": False})

    def shorten(answer: Any) -> None:
        answer["QueryResponse"]["Customer"].pop()

    met = spoiling(firm, shorten, lambda request: request.path.endswith("/query"))

    assert initialised(firm).exit_code == 5
    assert met
    assert initialised(firm).exit_code == 0
