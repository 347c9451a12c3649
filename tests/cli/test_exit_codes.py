"""Each exit code, reached through the command line."""

from __future__ import annotations

import fcntl
import itertools
import json
import os
import re
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cli.conftest import Desk
from zsync.cli.timing import Stop
from zsync.cli.words import worst
from zsync.sandbox import Fault


def test_0_all_well(desk: Desk) -> None:
    desk.initialised()

    said = desk.zsync("run", "--json")

    assert said.code == 0
    assert said.json["outcome"] == "ok"
    assert said.json["counts"]["created"] == 85


def test_1_a_defect_is_a_short_report_with_the_log_and_without_the_words_of_the_exception(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise KeyError("Anna Berger <anna@example.com>")

    monkeypatch.setattr("zsync.cli.status.show_summary", broken)
    desk.initialised()

    said = desk.zsync("status")

    assert said.code == 1
    assert said.err.startswith("error: a defect of zsync (KeyError)")
    log = desk.folder / "zsync.db.log"
    assert str(log) in said.err
    text = log.read_text("utf-8")
    assert "test_exit_codes.py" in text
    assert "Anna" not in text + said.err
    assert "Traceback" not in said.err


def test_2_a_wrong_option_and_a_wrong_command_are_usage(desk: Desk) -> None:
    for arguments in (["run", "--limit", "x"], ["runn"], ["status", "--stat", "x"], ["show", "orders"], []):
        assert desk.zsync(*arguments).code == 2
    assert desk.zsync("runn").err.splitlines()[0].startswith("error: no such command 'runn'")


def test_3_a_failed_record_wants_a_person(desk: Desk) -> None:
    desk.initialised()
    desk.sandbox.faults.add(Fault("refuse", "books", "POST", "^/salesorders$", message="no"))

    said = desk.zsync("run")

    assert said.code == 3
    assert "failed: " in said.out


def test_4_without_a_sign_in_the_command_is_named(desk: Desk) -> None:
    said = desk.zsync("init", "--no-adopt")

    assert said.code == 4
    assert "zsync auth" in said.err


def test_4_a_revoked_sign_in_is_noticed_by_the_next_run(desk: Desk) -> None:
    desk.initialised()
    desk.sandbox.accounts.forget()

    said = desk.zsync("run")

    assert said.code == 4
    assert "zsync auth" in said.err


def test_5_a_hotel_out_of_reach(desk: Desk) -> None:
    desk.initialised()
    desk.configure({"source": {"url": "http://127.0.0.1:1"}})

    said = desk.zsync("run")

    assert said.code == 5
    assert "qloapps" in said.err


def test_6_the_quota_is_used_up_and_the_rest_waits(desk: Desk) -> None:
    desk.initialised()
    desk.configure({"target": {"limits": {"calls_per_minute": 1000, "calls_per_day": 20, "reserve": "0%"}}})

    said = desk.zsync("run", "--json")

    assert said.code == 6
    assert said.json["calls"]["target"] < 20
    assert 0 < said.json["counts"]["created"] < 85
    assert "of 20 calls today" in said.err
    assert re.search(r"the rest goes by itself after \d{4}-\d\d-\d\d 2[23]:00 UTC", said.err), said.err  # midnight in Vienna


def test_0_max_calls_ends_as_asked_and_says_how_much_is_left(desk: Desk) -> None:
    desk.initialised()
    desk.sandbox.ledger.clear()

    said = desk.zsync("run", "--max-calls", "10")

    assert said.code == 0
    assert 0 < desk.sandbox.ledger.calls("books") <= 10
    assert re.search(r"stopped\n\d+ documents are left for the next run", said.out), said.out
    assert desk.zsync("run", "--max-calls", "1000").out.count("are left") == 0
    assert desk.zsync("run").code == 0
    assert set(desk.statuses("payments").values()) == {"synced"}


def test_the_calls_of_today_are_counted_across_runs_and_end_at_the_organisations_midnight(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    evening = datetime.now(UTC).replace(month=1, day=15, hour=22, minute=40, second=0, microsecond=0)  # 23:40 in Vienna
    ahead = evening - datetime.now(UTC)
    moved = [ahead]
    monkeypatch.setattr("zsync.cli.timing.now", lambda: datetime.now(UTC) + moved[0])
    desk.initialised()
    desk.zsync("run", "--max-calls", "10")
    first = desk.zsync("status", "--json").json["calls_today"]
    desk.zsync("run", "--max-calls", "10")
    second = desk.zsync("status", "--json").json["calls_today"]
    assert first < second == desk.sandbox.ledger.calls("books")

    moved[0] = ahead + timedelta(minutes=30)  # past midnight there, not past midnight UTC

    assert desk.zsync("status", "--json").json["calls_today"] == 0
    desk.zsync("run", "--max-calls", "10")
    assert desk.zsync("status", "--json").json["calls_today"] == desk.sandbox.ledger.calls("books") - second


def test_75_another_run_is_at_work(desk: Desk) -> None:
    desk.initialised()
    handle = os.open(desk.folder / "zsync.db.lock", os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        loud, quiet = desk.zsync("run"), desk.zsync("run", "--quiet")
    finally:
        os.close(handle)

    assert loud.code == quiet.code == 75
    assert "another run is at work" in loud.err
    assert quiet.out + quiet.err == ""  # cron would mail it every five minutes


@pytest.mark.parametrize("command", [["run"], ["init", "--no-adopt"]])
def test_j7_whoever_writes_the_journal_takes_the_lock(desk: Desk, command: list[str]) -> None:
    desk.initialised()
    handle = os.open(desk.folder / "zsync.db.lock", os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        said = desk.zsync(*command)
    finally:
        os.close(handle)

    assert said.code == 75


def test_130_a_signal_ends_a_run_between_calls_and_the_next_run_goes_on(desk: Desk) -> None:
    desk.initialised()
    desk.sandbox.faults.add(Fault("slow", "books", "POST", "^/salesorders$", nth=3))
    program = "import sys; from zsync.cli import main; sys.exit(main(['run', '--json']))"

    with subprocess.Popen([sys.executable, "-c", program], cwd=desk.folder, stdout=subprocess.PIPE, text=True) as run:
        desk.when_slow.append(lambda: run.send_signal(signal.SIGTERM))
        out, _ = run.communicate(timeout=120)

    assert run.returncode == 130
    assert json.loads(out)["outcome"] == "stopped"
    assert len(desk.books.salesorders) < 22
    assert desk.zsync("run").code == 0
    assert len(desk.books.salesorders) == 22


def test_130_a_second_signal_waits_for_no_answer_and_nothing_is_written_twice(desk: Desk) -> None:
    desk.configure({"target": {"limits": {"timeout": "1h", "calls_per_minute": 100_000, "calls_per_day": 10_000}}})
    desk.initialised()
    desk.sandbox.faults.add(Fault("slow", "books", "POST", "^/salesorders$", nth=3))
    program = "import sys; from zsync.cli import main; sys.exit(main(['run']))"
    ended, answered = threading.Event(), threading.Event()
    waited_for_nothing: list[bool] = []

    with subprocess.Popen([sys.executable, "-c", program], cwd=desk.folder, stderr=subprocess.DEVNULL) as run:

        def asked_twice() -> None:
            run.send_signal(signal.SIGINT)
            run.send_signal(signal.SIGTERM)
            waited_for_nothing.append(ended.wait(60))  # the answer comes when nobody waits for it any more
            answered.set()

        desk.when_slow.append(asked_twice)
        assert run.wait(timeout=120) == 130
        ended.set()

    assert answered.wait(60)
    assert waited_for_nothing == [True]
    assert desk.zsync("status", "orders", "--json").code == 0
    waiting = [id for id, status in desk.statuses("orders").items() if status == "waiting"]
    assert waiting


def test_130_a_second_signal_may_come_while_the_first_is_heeded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Handlers run between any two steps of the program, also inside the first one's own."""
    stop = Stop()
    inside: list[str] = []

    def set_and_be_told_again(event: threading.Event) -> None:
        inside.append("second")
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(threading.Event, "set", set_and_be_told_again)
    with stop.heeded(), pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    assert inside == ["second"]


def test_130_ctrl_c_before_any_work(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("zsync.cli.session.load", interrupted)

    said = desk.zsync("status")

    assert said.code == 130
    assert "Traceback" not in said.err


def test_signals_are_as_they_were_after_a_run(desk: Desk) -> None:
    before = signal.getsignal(signal.SIGTERM)
    desk.initialised()

    assert signal.getsignal(signal.SIGTERM) is before


def test_where_several_codes_apply_the_graver_one_is_given() -> None:
    order = [130, 1, 2, 75, 4, 5, 6, 3, 0]

    for first, second in itertools.combinations(order, 2):
        assert worst([second, first]) == worst([first, second]) == first
    assert worst([]) == 0
