"""`python -m proof`: carry out the cases, show how far it is, write down what came of it; a second start goes on where it was."""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict
from multiprocessing.queues import Queue, SimpleQueue
from pathlib import Path
from typing import Any

from proof import report
from proof.cases import ALL_FAMILIES, STAGES, Case, Extent, Plan, cases, sample
from proof.trial import Workbench

WORLDS = ("hotel", "firm")


def main(arguments: list[str] | None = None) -> int:
    """0: all is well; 3: something is wrong, and is listed."""
    asked = _asked(arguments)
    plan = Plan(asked.step, asked.pairs, asked.storms, asked.together, asked.signals, asked.seed, frozenset(asked.family))
    begun = time.monotonic()
    results = Path(asked.results)
    if asked.afresh:
        results.unlink(missing_ok=True)
    figures = report.Figures()
    done = set()
    for line in report.read(results):
        if plan.wants(line["case"]["family"]):
            done.add(report.case_of(line))
            figures.add(line)
    with tempfile.TemporaryDirectory(prefix="zsync-proof-", dir=_in_memory()) as folder:
        extents = _extents(Path(folder) / "first", asked.world)
        wanted = [each for each in _all(extents, plan) if not asked.stage or each.stage in asked.stage]
        todo = [each for each in (sample(wanted, asked.sample, asked.seed) if asked.sample else wanted) if each not in done]
        _carry_out(todo, len(done), Path(folder), asked.workers, results, figures)
    document = report.as_json(figures, plan, time.monotonic() - begun)
    print(report.as_text(document))
    for line in figures.bad[:20]:
        print(f"\n{report.case_of(line).name}\n  runs ended with {line['codes']}")
        for kind, words in line["wrong"].items():
            print(*(f"  {kind}: {each}" for each in words[:3]), sep="\n")
    if asked.json:
        Path(asked.json).write_text(json.dumps(document, indent=1) + "\n", "utf-8")
    if asked.into:
        page = Path(asked.into)
        page.write_text(report.into(page.read_text("utf-8"), report.as_markdown(document)), "utf-8")
    return 3 if figures.bad else 0


def _asked(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m proof", description=__doc__)
    parser.add_argument("--step", type=int, default=1, help="take every STEP-th point (1: all of them)")
    parser.add_argument("--pairs", type=int, default=Plan().pairs, help="pairs of kills, in each world and stage")
    parser.add_argument("--storms", type=int, default=Plan().storms, help="seeds of storms")
    parser.add_argument("--together", type=int, default=Plan().together, help="times that two and five runs start at once")
    parser.add_argument("--signals", type=int, default=Plan().signals, help="times that a run is asked to stop")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sample", type=int, default=0, help="only so many cases, of each family in each world at least one")
    parser.add_argument("--family", action="append", default=[], choices=ALL_FAMILIES)
    parser.add_argument("--world", action="append", default=[], choices=WORLDS)
    parser.add_argument("--stage", action="append", default=[], choices=STAGES)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument(
        "--results", default="proof-results.jsonl", help="a line for each case; what stands there is not done again"
    )
    parser.add_argument("--afresh", action="store_true", help="begin anew, whatever stands there")
    parser.add_argument("--json", help="write the figures there")
    parser.add_argument("--into", help="write the table into this page, between its marks")
    return parser.parse_args(arguments)


def _in_memory() -> str | None:
    """Where a synced write costs nothing, if there is such a place: what is killed are processes, not the machine."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108


def _extents(folder: Path, worlds: list[str]) -> dict[tuple[str, str], Extent]:
    """Measured in a process of its own: this one goes on to fork."""
    pipe: SimpleQueue[dict[tuple[str, str], Extent]] = multiprocessing.SimpleQueue()
    measuring = multiprocessing.Process(target=_measure, args=(folder, worlds or WORLDS, pipe))
    measuring.start()
    found = pipe.get()
    measuring.join()
    return found


def _measure(folder: Path, worlds: list[str], pipe: SimpleQueue[dict[tuple[str, str], Extent]]) -> None:
    bench = Workbench(folder)
    try:
        pipe.put({(world, stage): bench.known(world, stage)[0] for world in worlds for stage in STAGES})
    finally:
        bench.close()


def _all(extents: dict[tuple[str, str], Extent], plan: Plan) -> Iterator[Case]:
    for (world, stage), extent in extents.items():
        yield from cases(world, stage, extent, plan)


def _carry_out(todo: list[Case], done: int, folder: Path, workers: int, results: Path, figures: report.Figures) -> None:
    """The workers take a case each; what comes of it is written down at once."""
    waiting: Queue[Case | None] = multiprocessing.Queue()
    answers: Queue[dict[str, Any] | str] = multiprocessing.Queue()
    for case in [*todo, *([None] * workers)]:
        waiting.put(case)
    crew = [multiprocessing.Process(target=_work, args=(folder / str(n), waiting, answers)) for n in range(workers)]
    for each in crew:
        each.start()
    try:
        with results.open("a", encoding="utf-8") as kept:
            for number in range(1, len(todo) + 1):
                line = answers.get()
                if isinstance(line, str):
                    raise SystemExit(f"the proof itself is at fault: {line}")
                print(json.dumps(line), file=kept, flush=True)
                figures.add(line)
                _show(done + number, done + len(todo), figures)
    finally:
        for each in crew:
            each.join(5)
            if each.is_alive():
                each.terminate()
    if sys.stderr.isatty():
        print(file=sys.stderr)


def _work(folder: Path, waiting: Queue[Case | None], answers: Queue[dict[str, Any] | str]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    bench = Workbench(folder)
    try:
        while (case := waiting.get()) is not None:
            result = bench.tried(case)
            answers.put({**asdict(result), "case": asdict(result.case)})
    except Exception as err:  # told to the one that waits
        answers.put(f"{type(err).__name__}: {err}")
        raise
    finally:
        bench.close()


def _show(done: int, whole: int, figures: report.Figures) -> None:
    total = figures.total()
    words = f"{done:,} of {whole:,} cases, {total.disturbed:,} disturbed runs, {total.kills:,} kills, {len(figures.bad)} bad"
    if sys.stderr.isatty():
        bar = "#" * (30 * done // whole)
        print(f"\r[{bar:30}] {words}", end="", file=sys.stderr, flush=True)
    elif done == whole or done % 250 == 0:
        print(words, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
