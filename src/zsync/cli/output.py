"""What people and programs get to see: tables with colour and links on a terminal, plain lines in a pipe, one JSON document.

Results go to stdout, everything else to stderr. Whatever comes from outside (guests' names, a remote's words) is made
harmless first: no control characters reach the terminal, and nothing in it is taken for markup.
"""

from __future__ import annotations

import csv
import html
import json
import os
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from io import StringIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

_STATUS_STYLES = {
    "synced": "green",
    "failed": "bold red",
    "blocked": "red",
    "waiting": "yellow",
    "pending": "yellow",
    "queued": "yellow",
    "invoice_sync": "cyan",
    "payment_sync": "cyan",
    "skipped": "dim",
    "canceled": "dim",
    "disabled": "dim",
    "deleted": "dim",
    "held": "magenta",
}
_STATUS_NAMES = {"invoice_sync": "Invoice Sync", "payment_sync": "Payment Sync"}


_PAGE_STYLE = (
    "body{font-family:sans-serif;margin:2em}div{overflow-x:auto}table{border-collapse:collapse}"
    "th,td{text-align:left;padding:.3em .8em;border-bottom:1px solid #ddd;white-space:nowrap}"
    "td:last-child{white-space:normal;min-width:14em}"
    ".bold{font-weight:bold}.green{color:#1a7f37}.red{color:#b30000}.yellow{color:#7d5700}.cyan{color:#0550ae}"
    ".magenta{color:#6639ba}.dim{color:#666}"
)
"""A class for each word of a style."""

_FORMULAS = frozenset("=+-@")


@dataclass(frozen=True, slots=True)
class Cell:
    """A piece of a table. `url` makes it a link on a terminal; `style` is rich's."""

    text: str
    url: str = ""
    style: str = ""
    right: bool = False


def status_cell(status: str) -> Cell:
    """A status as people know it: `invoice_sync` is "Invoice Sync"."""
    return Cell(status_name(status), style=_STATUS_STYLES.get(status, ""))


def status_name(status: str) -> str:
    return _STATUS_NAMES.get(status, status.replace("_", " ").capitalize())


def number_cell(value: object) -> Cell:
    return Cell(str(value), right=True)


def clean(text: str) -> str:
    """Text from outside without anything that a terminal would obey: control characters, and those that turn its direction.

    Line breaks and tabs become blanks.
    """
    return "".join(_harmless(c) for c in text)


def _harmless(c: str) -> str:
    if c in "\n\r\t":
        return " "
    if c == "\u200d":  # joins emoji and letters of some scripts: harmless
        return c
    return "\N{REPLACEMENT CHARACTER}" if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") else c


class Output:
    """The two streams of one invocation."""

    def __init__(self, *, quiet: bool = False) -> None:
        self.quiet = quiet

    @property
    def is_terminal(self) -> bool:
        return sys.stdout.isatty()

    @property
    def watched(self) -> bool:
        """Whether somebody looks on: progress is drawn on stderr."""
        return sys.stderr.isatty() and not self.quiet

    # --- results (stdout) ---------------------------------------------------------------------------------------------

    def line(self, text: str = "", style: str = "") -> None:
        """One line of a result. Not under --quiet."""
        if not self.quiet:
            self.must(text, style)

    def must(self, text: str, style: str = "") -> None:
        """One line that is printed under --quiet, too."""
        if self.is_terminal:
            from rich.text import Text

            console().print(Text(clean(text), style), soft_wrap=True)
        else:
            _write(sys.stdout, clean(text) + "\n")

    def json(self, document: object) -> None:
        """One JSON document. Money is a decimal string, ids are strings; characters outside ASCII stand as they are."""
        _write(sys.stdout, _inert(json.dumps(document, indent=2, ensure_ascii=False, default=_plain)) + "\n")

    def raw(self, text: str) -> None:
        """A whole document (CSV) as it is."""
        _write(sys.stdout, text)

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
        """A table on a terminal; aligned lines, nothing cut off, in a pipe. Nothing under --quiet."""
        if self.quiet:
            return
        if self.is_terminal:
            console().print(_rich_table(title, columns, rows))
        else:
            _write(sys.stdout, plain_table(columns, rows))

    # --- remarks (stderr) ---------------------------------------------------------------------------------------------

    def remark(self, text: str) -> None:
        """A line for the person at the terminal. Not under --quiet."""
        if not self.quiet:
            _write(sys.stderr, clean(text) + "\n")

    def complain(self, kind: str, text: str) -> None:
        """`error: ...` or `hint: ...`, also under --quiet."""
        if sys.stderr.isatty():
            from rich.text import Text

            colour = {"error": "bold red", "warning": "bold yellow"}.get(kind, "bold cyan")
            console(stderr=True).print(Text.assemble((f"{kind}:", colour), " ", clean(text)), soft_wrap=True)
        else:
            _write(sys.stderr, f"{kind}: {clean(text)}\n")


def console(*, stderr: bool = False) -> Console:
    """rich's console on the stream as it is now. No highlighting: colour means something here."""
    from rich.console import Console

    return Console(stderr=stderr, highlight=False, markup=False, emoji=False)


def plain_table(columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> str:
    """Aligned columns, two blanks between them, nothing cut off."""
    texts = [[clean(cell.text) for cell in row] for row in rows]
    widths = [max((_width(line[i]) for line in (list(columns), *texts)), default=0) for i in range(len(columns))]
    right = [bool(rows) and all(row[i].right for row in rows) for i in range(len(columns))]
    out = StringIO()
    for line in (list(columns), *texts):
        padded = [_pad(text, width, end) for text, width, end in zip(line, widths, right, strict=True)]
        out.write("  ".join(padded).rstrip() + "\n")
    return out.getvalue()


def as_csv(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """CSV, cleaned like a line. A text that a spreadsheet would take for a formula is led by an apostrophe.

    Spreadsheets trim blanks and read the wide signs of East Asian keyboards as their narrow ones.
    """
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_no_formula(clean(text)) for text in row])
    return out.getvalue()


def _no_formula(text: str) -> str:
    leads = text.lstrip()[:1]
    return "'" + text if leads and unicodedata.normalize("NFKC", leads) in _FORMULAS and not _is_number(text) else text


def _inert(document: str) -> str:
    """JSON whose strings no terminal would obey: the same values, with what `clean` replaces written as escapes.

    json.dumps escapes what is below a blank, but neither the one-byte escapes (U+009B) nor marks of direction.
    """
    return "".join(c if c == "\n" or _harmless(c) == c else json.dumps(c)[1:-1] for c in document)


def as_html(title: str, columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """One page with one table, for a colleague without a terminal."""
    head = "".join(f"<th>{html.escape(name)}</th>" for name in columns)
    body = "".join("<tr>" + "".join(f"<td>{_html_cell(cell)}</td>" for cell in row) + "</tr>\n" for row in rows)
    return (
        f"<!doctype html>\n<html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>{html.escape(title)}</title>\n<style>{_PAGE_STYLE}</style>\n<h1>{html.escape(title)}</h1>\n"
        f"<div><table><thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody></table></div></html>\n"
    )


def _html_cell(cell: Cell) -> str:
    text = html.escape(clean(cell.text))
    if cell.style:
        text = f'<span class="{html.escape(cell.style)}">{text}</span>'
    if cell.url.startswith(("https://", "http://")):
        return f'<a href="{html.escape(cell.url)}" rel="noopener noreferrer">{text}</a>'
    return text


def _rich_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> Any:
    from rich import box
    from rich.table import Table

    table = Table(title=title or None, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for i, name in enumerate(columns):
        right = bool(rows) and all(row[i].right for row in rows)
        table.add_column(name, justify="right" if right else "left", overflow="fold")
    for row in rows:
        table.add_row(*[_rich_text(cell) for cell in row])
    return table


def _rich_text(cell: Cell) -> Any:
    from rich.style import Style
    from rich.text import Text

    style = Style.parse(cell.style) if cell.style else Style()
    if cell.url.startswith(("https://", "http://")):
        style += Style(link=clean(cell.url))
    return Text(clean(cell.text), style)


def _width(text: str) -> int:
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _pad(text: str, width: int, right: bool) -> str:
    blanks = " " * (width - _width(text))
    return blanks + text if right else text + blanks


def _is_number(text: str) -> bool:
    return text[1:].replace(".", "", 1).isdigit()


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, Mapping):
        return dict(value)
    if hasattr(value, "isoformat"):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} in a document")


def _write(stream: Any, text: str) -> None:
    """Write and flush; a character that the terminal's encoding lacks is replaced, never an error."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    try:
        stream.write(text.encode(encoding, "replace").decode(encoding))
        stream.flush()
    except BrokenPipeError:  # `zsync run | head`: the reader has seen enough, the work goes on
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
