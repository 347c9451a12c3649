"""Pages to look at an application: its forms, and the rows of each. Nothing can be changed here.

Links of the real application look like `/{owner}/{app}/#Report:All_Rows?ID=...`; the fragment never reaches a server, so a few
lines of script follow it to the plain page of the report. Everything that comes out of a row is escaped.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from html import escape
from typing import Any

from werkzeug import Request, Response

from zsync.sandbox.forms.application import Application, Report

_SCRIPT = """
const go = () => {
  const found = location.hash.match(/^#Report:([A-Za-z0-9_]+)(?:\\?ID=(\\d+))?$/);
  if (found) location.replace(document.body.dataset.base + found[1] + (found[2] ? "?ID=" + found[2] : ""));
};
addEventListener("hashchange", go);
go();
"""
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem; color: #222; }
nav a { margin-right: 1rem; } a { color: #0a58ca; text-decoration: none; } div { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #ddd; vertical-align: top; white-space: nowrap; }
"""
_POLICY = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'unsafe-inline'; script-src 'sha256-"
    + base64.b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode()
    + "'"
)
_MOST = 500


def handle(request: Request, app: Application, base: str) -> Response:
    """The page below `base` (`/app/{owner}/{app}/`): the list of reports, or the rows of one, or one row of it."""
    name = request.path.removeprefix(base).strip("/")
    report = app.reports.get(name)
    nav = " ".join(f'<a href="{escape(base + each)}">{escape(each)}</a>' for each in app.reports)
    if report is None:
        counts = "".join(f"<tr><td>{escape(form)}</td><td>{len(app.rows(form))}</td></tr>" for form in app.forms)
        table = f"<table><tr><th>form</th><th>rows</th></tr>{counts}</table>"
        return _page(base, app.link_name, nav, table, status=404 if name else 200)
    return _page(base, name, nav, _rows(app, report, request.args.get("ID", "")))


def _rows(app: Application, report: Report, id: str) -> str:
    form = app.forms[report.form]
    names = [each.link_name for each in form.fields if each.link_name not in report.hidden]
    rows = [row for row in app.rows(report.form).values() if report.shows(row) and id in ("", row["ID"])]
    head = "".join(f"<th>{escape(name.replace('_', ' '))}</th>" for name in names)
    cells = ("".join(f"<td>{escape(_text(_shown(app, report, row, name)))}</td>" for name in names) for row in rows[:_MOST])
    body = "".join(f"<tr>{each}</tr>" for each in cells)
    return f"<p>{len(rows)} rows</p><div><table><tr>{head}</tr>{body}</table></div>"


def _shown(app: Application, report: Report, row: Mapping[str, Any], name: str) -> Any:
    field = app.forms[report.form].field(name)
    return app.shown(row.get(name, ""), field) if field is not None else ""


def _text(value: Any) -> str:
    match value:
        case {"zc_display_value": str(text)}:
            return text
        case Mapping():
            return ", ".join(_text(each) for name, each in value.items() if name != "ID")
        case list():
            return "; ".join(map(_text, value))
        case _:
            return str(value)


def _page(base: str, title: str, nav: str, body: str, *, status: int = 200) -> Response:
    style = f"<title>{escape(title)}</title><style>{_STYLE}</style>"
    head = f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">{style}'
    main = f"<nav>{nav}</nav><h1>{escape(title)}</h1>{body}<script>{_SCRIPT}</script>"
    page = f'{head}<body data-base="{escape(base)}">{main}</body></html>'
    headers = {"Content-Security-Policy": _POLICY}
    return Response(page, status=status, content_type="text/html;charset=UTF-8", headers=headers)
