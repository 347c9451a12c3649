"""Creator's data API v2.1 over an application: add, get, update, delete, metadata, scopes and limits (facts, sections 3 to 11).

Codes speak, with whatever status Creator gives them: a day that is used up comes with 200, an empty list with 400.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from werkzeug import Request, Response

from zsync.sandbox.forms.application import Application, Field, Form, Report, Stored
from zsync.sandbox.forms.criteria import Test, compiled
from zsync.sandbox.forms.values import _PATTERNS, Bad, stored
from zsync.sandbox.web import Refusal, json_response, read_json

PREFIX = "/creator/v2.1"
FULL_ACCESS = "ZohoCreator.fullaccess.all"
DONE = 3000
LOT = 200
_PAGES = {"200": 200, "500": 500, "1000": 1000}
TOO_MANY = Refusal(429, 2955, "You have exceeded the maximum number of requests. Please try again later.")
DEAD_TOKEN = Refusal(401, 1030, "Authorization Failure. The access token is either invalid or has expired.")
DAY_USED_UP = Refusal(200, 4000, "You have reached your API call limit for the day.")


class Creator:
    """The service. `per_minute`, `at_once`, `per_day`, `record_limit` None lift a limit; `lag_s` is how long reports do not show
    what was added (rows are unique at once); `lists_errors`: a refused record says why in a list, without naming the field.
    """

    def __init__(self, application: Application, *, clock: Callable[[], float] = time.time) -> None:
        self.application = application
        self.clock = clock
        self.lock = threading.RLock()
        self.per_minute: int | None = 50
        self.at_once: int | None = 6
        self.per_day: int | None = None
        self.record_limit: int | None = None
        self.lag_s = 0.0
        self.lists_errors = False
        self.under_way = 0
        self.today = 0
        self._day = ""
        self._recent: deque[float] = deque()
        self._cursors: dict[str, tuple[str, int]] = {}
        self._as_of: float | None = None

    @contextmanager
    def as_of(self, moment: float) -> Iterator[None]:
        """What is done in here is done at that moment: a request that was on its way."""
        with self.lock:
            self._as_of = moment
            try:
                yield
            finally:
                self._as_of = None

    def handle(self, request: Request, scopes: frozenset[str] | None = None) -> Response:
        """`scopes` None: not asked for (a request that was admitted when it arrived)."""
        with self.lock:
            try:
                if scopes is not None:
                    self._count()
                return self._answer(request, scopes)
            except Refusal as no:
                return json_response(no.status, {"code": no.code, "message": no.message})

    @property
    def now(self) -> float:
        return self._as_of if self._as_of is not None else self.clock()

    # --- limits ---------------------------------------------------------------------------------------------------------

    def _count(self) -> None:
        now = self.clock()
        day = datetime.fromtimestamp(now, ZoneInfo(self.application.time_zone)).date().isoformat()
        if day != self._day:
            self._day, self.today = day, 0
        self.today += 1
        while self._recent and self._recent[0] <= now - 60:
            self._recent.popleft()
        self._recent.append(now)
        if self.per_day is not None and self.today > self.per_day:
            raise DAY_USED_UP
        if self.per_minute is not None and len(self._recent) > self.per_minute:
            raise TOO_MANY
        if self.at_once is not None and self.under_way > self.at_once:
            raise TOO_MANY

    # --- routes ---------------------------------------------------------------------------------------------------------

    def _answer(self, request: Request, scopes: frozenset[str] | None) -> Response:
        if request.headers.get("Accept", "*/*") not in ("application/json", "text/csv"):
            raise Refusal(400, 9210, "The request header Accept is invalid.")
        match request.path.strip("/").split("/"):
            case ["meta", "applications"] | ["meta", _, "applications"]:
                _allow(scopes, "ZohoCreator.dashboard.READ")
                return self._applications()
            case ["meta", owner, app, "forms" | "reports" as what]:
                _allow(scopes, "ZohoCreator.meta.application.READ")
                self._place(owner, app)
                return self._names(what)
            case ["meta", owner, app, "form", form, "fields"]:
                _allow(scopes, "ZohoCreator.meta.form.READ")
                self._place(owner, app)
                fields = [each.metadata() for each in self._form(form).fields]
                return json_response(200, {"code": DONE, "fields": fields})
            case ["data", owner, app, "form", form]:
                self._place(owner, app)
                if request.method != "POST":
                    raise Refusal(405, 1020, "Method not allowed")
                _allow(scopes, "ZohoCreator.form.CREATE")
                return self._add(self._form(form), request)
            case ["data", owner, app, "report", report, *id] if len(id) <= 1:
                self._place(owner, app)
                return self._report(self._named(report), id[0] if id else "", request, scopes)
            case _:
                raise Refusal(404, 1000, "Invalid URL")

    def _report(self, report: Report, id: str, request: Request, scopes: frozenset[str] | None) -> Response:
        needed = {"GET": "READ", "PATCH": "UPDATE", "DELETE": "DELETE"}.get(request.method)
        if needed is None:
            raise Refusal(405, 1020, "Method not allowed")
        _allow(scopes, f"ZohoCreator.report.{needed}")
        match request.method, bool(id):
            case "GET", True:
                row = self._row(report, id, request)
                return json_response(200, {"code": DONE, "data": self._shown(row, report, request)})
            case "GET", False:
                return self._get(report, request)
            case "PATCH", True:
                return self._update(report, id, request)
            case "PATCH", False:
                return self._update_where(report, request)
            case "DELETE", True:
                self._row(report, id, request)
                self._rows(report.form, request).pop(id)
                return json_response(200, {"code": DONE, "data": {"ID": id}, "message": "Record Deleted Successfully!"})
            case _:
                return self._delete_where(report, request)

    # --- add ------------------------------------------------------------------------------------------------------------

    def _add(self, form: Form, request: Request) -> Response:
        body = _body(request)
        data = body.get("data")
        if isinstance(data, Mapping):
            result = self._added(form, data, body, request)
            return json_response(200, result)
        if not isinstance(data, list) or not data:
            raise Refusal(400, 3020, "The request body is missing or incomplete.")
        if len(data) > LOT:
            raise Refusal(200, 3950, "A maximum of 200 records can be added per request.")
        for record in data:
            if not isinstance(record, Mapping) or any(form.field(name) is None for name in record):
                raise Refusal(400, 2945, "EXTRA_KEY_FOUND_IN_JSON")
        return json_response(200, {"result": [self._added(form, record, body, request) for record in data], "code": DONE})

    def _added(self, form: Form, record: Mapping[str, Any], body: Mapping[str, Any], request: Request) -> Stored:
        rows = self._rows(form.link_name, request)
        if self.record_limit is not None and len(rows) >= self.record_limit:
            return {"code": 3060, "message": "You have reached the record limit of your plan."}
        kept, errors = self._checked(form, record, request)
        for each in form.fields:
            if each.mandatory and each.link_name not in errors and kept.get(each.link_name, "") in ("", []):
                errors[each.link_name] = f"Enter a value for {each.link_name.replace('_', ' ')}"
        if errors:
            return self._refused(errors)
        id = self.application.new_id(self.now)
        empty: Stored = {each.link_name: [] if each.type in (14, 15, 21) else "" for each in form.fields}
        rows[id] = {"ID": id, **empty, **kept}
        asked = body.get("result", {}).get("fields", [])
        return {
            "code": DONE,
            "data": {**{name: rows[id].get(name, "") for name in asked}, "ID": id},
            "message": "Data Added Successfully!",
        }

    def _checked(self, form: Form, record: Mapping[str, Any], request: Request, own: str = "") -> tuple[Stored, dict[str, str]]:
        """(what would be kept, what is wrong by field). A unique value may stand in no other row, whatever a report shows."""
        kept: Stored = {}
        errors: dict[str, str] = {}
        environment, rows = _environment(request), self._rows(form.link_name, request)
        for name, value in record.items():
            field = form.field(name)
            assert field is not None
            try:
                kept[name] = stored(field, value, self.application, environment)
            except Bad as bad:
                errors[name] = str(bad)
                continue
            taken = field.unique and kept[name] != "" and any(r[name] == kept[name] for i, r in rows.items() if i != own)
            if taken:
                errors[name] = "This value already exists. Enter a unique value."
        return kept, errors

    def _refused(self, errors: Mapping[str, str]) -> Stored:
        if self.lists_errors:
            return {"code": 3002, "error": list(errors.values())}
        return {"code": 3002, "error": dict(errors)}

    # --- get ------------------------------------------------------------------------------------------------------------

    def _get(self, report: Report, request: Request) -> Response:
        size = _PAGES.get(request.args.get("max_records", "200"), 200)
        rows = self._matching(report, request.args.get("criteria", ""), request, listed=True)
        cursor = request.headers.get("record_cursor", "")
        name, start = self._cursors.get(cursor, (report.link_name, 0)) if cursor else (report.link_name, 0)
        if name != report.link_name:
            raise Refusal(400, 11000, "Invalid value for the header record_cursor.")
        page = rows[start : start + size]
        if not page:
            raise Refusal(400, 9280, "No records found matching the given criteria.")
        headers = {}
        if start + size < len(rows):
            cursor = f"cursor-{len(self._cursors) + 1}-{start + size}"
            self._cursors[cursor] = (report.link_name, start + size)
            headers["record_cursor"] = cursor
        return json_response(200, {"code": DONE, "data": [self._shown(row, report, request) for row in page]}, headers)

    def _shown(self, row: Stored, report: Report, request: Request) -> Stored:
        form, environment = self._form(report.form), _environment(request)
        made: Stored = {"ID": row["ID"]}
        for each in form.fields:
            if each.link_name not in report.hidden:
                made[each.link_name] = self.application.shown(row.get(each.link_name, ""), each, environment)
        return made

    # --- update, delete -------------------------------------------------------------------------------------------------

    def _update(self, report: Report, id: str, request: Request) -> Response:
        self._row(report, id, request)
        body = _body(request)
        errors = self._change(report, id, _data(body, self._form(report.form)), request)
        if errors:
            return json_response(200, self._refused(errors))
        return json_response(200, {"code": DONE, "data": {"ID": id}, "message": "Data Updated Successfully!"})

    def _change(self, report: Report, id: str, data: Mapping[str, Any], request: Request) -> dict[str, str]:
        """Write the fields; what is wrong with them. All unique fields of the row are looked at again."""
        rows, form = self._rows(report.form, request), self._form(report.form)
        row = rows[id]
        kept, errors = self._checked(form, data, request, id)
        for each in form.fields:
            if each.unique and each.link_name not in data and row.get(each.link_name):
                value = row[each.link_name]
                if any(other[each.link_name] == value for other in rows.values() if other["ID"] != id):
                    errors[each.link_name] = "This value already exists. Enter a unique value."
            if each.mandatory and kept.get(each.link_name, "x") in ("", []):
                errors[each.link_name] = f"Enter a value for {each.link_name.replace('_', ' ')}"
        if not errors:
            row.update(kept)
        return errors

    def _update_where(self, report: Report, request: Request) -> Response:
        body = _body(request)
        found = self._matching(report, str(body.get("criteria", "")), request)
        if not found:
            raise Refusal(200, 3910, "No records to update.")
        if len(found) > LOT and request.args.get("process_until_limit") != "true":
            raise Refusal(200, 3960, "A maximum of 200 records can be updated per request.")
        results = []
        for row in found[:LOT]:
            errors = self._change(report, row["ID"], _data(body, self._form(report.form)), request)
            done = {"code": DONE, "data": {"ID": row["ID"]}, "message": "Data Updated Successfully!"}
            results.append({**self._refused(errors), "data": {"ID": row["ID"]}} if errors else done)
        more = {"more_records": True} if len(found) > LOT else {}
        return json_response(200, {"result": results, **more, "code": DONE})

    def _delete_where(self, report: Report, request: Request) -> Response:
        body = _body(request)
        if not body.get("criteria"):
            raise Refusal(401, 1000, "Mandatory criteria missing")
        found = self._matching(report, str(body["criteria"]), request)
        if not found:
            raise Refusal(200, 3930, "No records to delete.")
        if len(found) > LOT:
            raise Refusal(200, 3970, "A maximum of 200 records can be deleted per request.")
        for row in found:
            self._rows(report.form, request).pop(row["ID"])
        results = [{"code": DONE, "data": {"ID": row["ID"]}, "message": "Record Deleted Successfully!"} for row in found]
        return json_response(200, {"result": results, "code": DONE})

    # --- kitchen --------------------------------------------------------------------------------------------------------

    def _matching(self, report: Report, criteria: str, request: Request, *, listed: bool = False) -> list[Stored]:
        """The rows that a report shows and a criteria lets through; lists lag behind."""
        test: Test = lambda row: True  # noqa: E731 - the one of two
        if criteria:
            test = compiled(criteria, self._form(report.form), _PATTERNS[self.application.date_format])
        rows = self._rows(report.form, request).values()
        known = [row for row in rows if not listed or self.application.made_at(row["ID"]) + self.lag_s <= self.now]
        return [row for row in known if report.shows(row) and test(row)]

    def _rows(self, form: str, request: Request) -> dict[str, Stored]:
        return self.application.rows(form, _environment(request))

    def _row(self, report: Report, id: str, request: Request) -> Stored:
        row = self._rows(report.form, request).get(id)
        if row is None or not report.shows(row):
            raise Refusal(200, 3190, "No record exists with the specified ID.")
        return row

    def _place(self, owner: str, app: str) -> None:
        if owner != self.application.owner:
            raise Refusal(404, 1040, "No such user")
        if app != self.application.link_name:
            raise Refusal(404, 2892, "No application named as such was found.")

    def _form(self, name: str) -> Form:
        form = self.application.forms.get(name)
        if form is None:
            raise Refusal(404, 2893, "No form named as such was found.")
        return form

    def _named(self, name: str) -> Report:
        report = self.application.reports.get(name)
        if report is None:
            raise Refusal(404, 2894, "No report named as such was found.")
        return report

    def _applications(self) -> Response:
        app = self.application
        about = {
            "application_name": app.link_name.title(),
            "date_format": app.date_format,
            "creation_date": "Nov 06,2019 00:00:00",
            "link_name": app.link_name,
            "category": 1,
            "time_zone": app.time_zone,
            "created_by": app.owner,
            "workspace_name": app.owner,
        }
        return json_response(200, {"code": DONE, "applications": [about]})

    def _names(self, what: str) -> Response:
        names: Sequence[str] = list(self.application.forms if what == "forms" else self.application.reports)
        listed = [{"display_name": name.replace("_", " "), "link_name": name, "type": 1} for name in names]
        return json_response(200, {"code": DONE, what: listed})


def _allow(scopes: frozenset[str] | None, needed: str) -> None:
    if scopes is not None and needed not in scopes and FULL_ACCESS not in scopes:
        raise Refusal(401, 2945, "INVALID_OAUTHSCOPE")


def _environment(request: Request) -> str:
    return request.headers.get("environment", "")


def _body(request: Request) -> Mapping[str, Any]:
    try:
        loaded = read_json(request.get_data(as_text=True))
    except ValueError as err:
        raise Refusal(400, 3020, "The request body is missing or incomplete.") from err
    if not isinstance(loaded, dict):
        raise Refusal(400, 3020, "The request body is missing or incomplete.")
    return loaded


def _data(body: Mapping[str, Any], form: Form) -> Mapping[str, Any]:
    data = body.get("data")
    if not isinstance(data, Mapping) or not data:
        raise Refusal(400, 3020, "The request body is missing or incomplete.")
    if any(form.field(name) is None for name in data):
        raise Refusal(400, 2945, "EXTRA_KEY_FOUND_IN_JSON")
    return data


__all__ = ["Application", "Creator", "Field", "Form", "Report"]
