"""The proof itself: that it can find what it looks for, that a case can be repeated, and a small share of it in every run."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from proof.cases import ALL_FAMILIES, Case, Extent, Harm, Plan, cases, sample
from proof.report import Figures, as_json, as_markdown, case_of, into, read
from proof.scenes import compare

ROOT = Path(__file__).resolve().parents[2]
ONE = {"payments": {"hotel:payment:1": ["100.00"]}}
LINE = {
    "case": {
        "world": "hotel",
        "stage": "first",
        "family": "kill at a call",
        "harms": [{"kind": "kill", "at": 3, "how": "after"}],
        "concurrency": 1,
    },
    "runs": 3,
    "disturbed": 1,
    "kills": 1,
    "codes": [-9, 0, 0],
    "wrong": {},
}


def test_what_stands_twice_is_missing_or_differs_is_told_apart() -> None:
    nothing: dict[str, list[str]] = {"duplicates": [], "losses": [], "amounts": []}
    assert compare(ONE, ONE) == nothing
    assert compare(ONE, {"payments": {"hotel:payment:1": ["100.00", "100.00"]}})["duplicates"]
    assert compare(ONE, {"payments": {"hotel:payment:1": ["100.01"]}})["amounts"]
    assert compare(ONE, {"payments": {"hotel:payment:1": ["100.00"], "hotel:payment:2": ["1.00"]}})["duplicates"]
    assert compare(ONE, {})["losses"]


def test_a_plan_names_the_same_cases_each_time_and_every_point_once() -> None:
    extent, plan = Extent(calls=9, commits=7), Plan(pairs=5, storms=2, together=1, signals=2)
    made = list(cases("hotel", "first", extent, plan))

    assert made == list(cases("hotel", "first", extent, plan))
    assert {each.family for each in made} == set(ALL_FAMILIES)
    struck = {(harm.at, harm.how) for each in made if each.family == "kill at a call" for harm in each.harms}
    assert struck == {(call, when) for call in range(1, 10) for when in ("before", "after")}
    assert [each.family for each in cases("firm", "later", extent, Plan(families=frozenset({"disk"})))] == ["disk"] * 14


def test_a_sample_has_each_family_of_each_world() -> None:
    whole = [each for world in ("hotel", "firm") for each in cases(world, "first", Extent(9, 7), Plan(pairs=50))]

    some = sample(whole, 40, seed=3)

    assert len(set(some)) == len(some) == 40
    assert {(each.family, each.world) for each in some} == {(each.family, each.world) for each in whole}
    assert some == sample(whole, 40, seed=3)


def test_a_case_is_read_back_from_its_line_and_a_line_that_was_cut_off_is_none(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    path.write_text(json.dumps(LINE) + "\n" + json.dumps(LINE)[:50])

    (line,) = read(path)

    assert case_of(line) == Case("hotel", "first", "kill at a call", (Harm("kill", 3, "after"),))


def test_the_table_counts_cases_with_something_wrong_by_kind() -> None:
    figures = Figures()
    figures.add(LINE)
    figures.add({**LINE, "wrong": {"duplicates": ["payments hotel:payment:1", "payments hotel:payment:2"]}})

    document = as_json(figures, Plan(), 1.0)

    assert document["total"]["wrong"] == {"duplicates": 1}
    assert (document["total"]["disturbed"], document["total"]["kills"]) == (2, 2)
    assert "| kill at a call | hotel | 2 | 2 | 2 | 1 | 0 | 0 | 0 | 0 | 0 |" in as_markdown(document)
    assert document["exit_codes"] == {"-9": 2, "0": 4}


def test_the_table_goes_between_the_marks_and_nowhere_else() -> None:
    page = "before\n<!-- proof: begin -->\nold\n<!-- proof: end -->\nafter\n"
    assert into(page, "new\n") == page.replace("old", "new")
    with pytest.raises(ValueError, match="no place"):
        into("no marks", "new")


SABOTAGE = """
import sys, tempfile
from pathlib import Path
from zsync.targets.books.modules.payments import Payments
Payments.find = lambda self, asked: [None for _ in asked]  # what was lost is never found again
from proof.cases import Case, Harm
from proof.trial import Workbench
bench = Workbench(Path(sys.argv[1]))
extent, _ = bench.known("hotel", "first")
found = {}
for call in range(extent.calls, extent.calls // 2, -1):
    result = bench.tried(Case("hotel", "first", "kill at a call", (Harm("kill", call, "after"),)))
    found = {**found, **result.wrong}
    if found:
        break
bench.close()
print(sorted(found))
"""


def test_the_proof_sees_the_double_that_a_program_without_a_safeguard_makes(tmp_path: Path) -> None:
    """The same program, but for one thing: payments whose answer was lost are not found again."""
    done = subprocess.run([sys.executable, "-c", SABOTAGE, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=True)

    assert "duplicates" in done.stdout


def test_a_share_of_the_proof_holds(tmp_path: Path) -> None:
    """Every family in both worlds, at some of its points."""
    words = ["--sample", "40", "--workers", "1"]
    report = tmp_path / "report.json"
    done = subprocess.run(
        [sys.executable, "-m", "proof", *words, "--results", str(tmp_path / "results.jsonl"), "--json", str(report)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    document = json.loads(report.read_text("utf-8"))
    assert document["bad"] == []
    assert {each["family"] for each in document["families"]} == set(ALL_FAMILIES)
    assert document["total"]["kills"] >= 5
