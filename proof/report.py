"""The figures: what was done to the runs, and what came of it; as a table, as JSON, as Markdown."""

from __future__ import annotations

import json
import platform
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from proof.cases import ALL_FAMILIES, Case, Harm, Plan

WRONG = ("duplicates", "losses", "amounts", "untrue", "exit codes", "secrets", "sandbox")
HEADS = {
    "duplicates": "twice",
    "losses": "lost",
    "amounts": "differs",
    "untrue": "called settled, is not",
    "exit codes": "untrue exit code",
    "secrets": "secret leaked",
    "sandbox": "fault of the sandbox",
}


@dataclass(slots=True)
class Row:
    """Sums over one family in one world. `wrong`: cases in which something of a kind was wrong."""

    cases: int = 0
    runs: int = 0
    disturbed: int = 0
    kills: int = 0
    wrong: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Figures:
    """Everything that one proof found."""

    rows: dict[tuple[str, str], Row] = field(default_factory=dict)
    codes: Counter[int] = field(default_factory=Counter)
    bad: list[Mapping[str, Any]] = field(default_factory=list)

    def add(self, line: Mapping[str, Any]) -> None:
        """One line of the results file."""
        row = self.rows.setdefault((line["case"]["family"], line["case"]["world"]), Row())
        row.cases += 1
        row.runs += line["runs"]
        row.disturbed += line["disturbed"]
        row.kills += line["kills"]
        row.wrong.update(line["wrong"].keys())
        self.codes.update(line["codes"])
        if line["wrong"]:
            self.bad.append(line)

    def total(self) -> Row:
        whole = Row()
        for row in self.rows.values():
            whole.cases += row.cases
            whole.runs += row.runs
            whole.disturbed += row.disturbed
            whole.kills += row.kills
            whole.wrong.update(row.wrong)
        return whole


def case_of(line: Mapping[str, Any]) -> Case:
    """The case of a line of the results file."""
    kept = dict(line["case"])
    return Case(**{**kept, "harms": tuple(Harm(**each) for each in kept["harms"])})


def read(path: Path) -> list[Mapping[str, Any]]:
    """The lines of a results file; a last line that was cut off by a kill is left out."""
    if not path.exists():
        return []
    found = []
    for line in path.read_text("utf-8").splitlines():
        try:
            found.append(json.loads(line))
        except ValueError:
            break
    return found


def as_json(figures: Figures, plan: Plan, seconds: float) -> dict[str, Any]:
    """The document that `--json` writes."""
    total = figures.total()
    return {
        "zsync": version("zsync"),
        "python": platform.python_version(),
        "date": datetime.now(UTC).date().isoformat(),
        "plan": {**asdict(plan), "families": sorted(plan.families)},
        "seconds": round(seconds),
        "families": [
            {"family": family, "world": world, **asdict(row), "wrong": dict(row.wrong)}
            for (family, world), row in _ordered(figures.rows)
        ],
        "total": {**asdict(total), "wrong": dict(total.wrong)},
        "exit_codes": {str(code): count for code, count in sorted(figures.codes.items())},
        "bad": figures.bad,
    }


def as_markdown(document: Mapping[str, Any]) -> str:
    """The table for docs/guarantees.md."""
    plan, total = document["plan"], document["total"]
    lines = [
        f"zsync {document['zsync']}, {document['date']}, Python {document['python']}, seed {plan['seed']}: "
        f"{total['disturbed']:,} disturbed runs in {total['cases']:,} cases, {total['kills']:,} processes killed by SIGKILL.",
        "",
        f"| what happened | world | cases | disturbed runs | kills | {' | '.join(HEADS[each] for each in WRONG[:-1])} |",
        f"| --- | --- | ---: | ---: | ---: | {' | '.join('---:' for _ in WRONG[:-1])} |",
    ]
    for row in [*document["families"], {**total, "family": "**all**", "world": ""}]:
        wrong = " | ".join(str(row["wrong"].get(each, 0)) for each in WRONG[:-1])
        lines.append(
            f"| {row['family']} | {row['world']} | {row['cases']:,} | {row['disturbed']:,} | {row['kills']:,} | {wrong} |"
        )
    codes = ", ".join(f"{code}: {count:,}" for code, count in document["exit_codes"].items())
    return "\n".join([*lines, "", f"How the runs ended, by exit code (-9: killed): {codes}.", ""])


def into(page: str, table: str, name: str = "proof") -> str:
    """The page with the table between its marks. ValueError for a page without them."""
    opens, closes = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    before, opened, rest = page.partition(opens)
    _, closed, after = rest.partition(closes)
    if not (opened and closed):
        raise ValueError(f"the page has no place for the table: `{opens}` and `{closes}`")
    return f"{before}{opens}\n{table}{closes}{after}"


def as_text(document: Mapping[str, Any]) -> str:
    """The table for a terminal or a log."""
    rows = [("what happened", "world", "cases", "disturbed", "kills", *WRONG)]
    for row in [*document["families"], {**document["total"], "family": "all", "world": ""}]:
        counts = [row["cases"], row["disturbed"], row["kills"], *(row["wrong"].get(each, 0) for each in WRONG)]
        rows.append((row["family"], row["world"], *(f"{each:,}" for each in counts)))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(w) if n < 2 else cell.rjust(w) for n, (cell, w) in enumerate(zip(row, widths, strict=True)))
        for row in rows
    )


def _ordered(rows: Mapping[tuple[str, str], Row]) -> Sequence[tuple[tuple[str, str], Row]]:
    return sorted(rows.items(), key=lambda each: (ALL_FAMILIES.index(each[0][0]), each[0][1]))
