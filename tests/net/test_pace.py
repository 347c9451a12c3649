"""The pace: the minute, the day, what is kept for others, and what the remote asks for."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from net.timepiece import Timepiece
from zsync.errors import QuotaUsedUp, Throttled
from zsync.net.pace import Limits, Pace
from zsync.ports import Budget, Quota

VIENNA = ZoneInfo("Europe/Vienna")
NO_RESERVE = Decimal(0)


def pace(clock: Timepiece, limits: Limits | None = None, quota: Quota | None = None) -> Pace:
    return Pace("zoho-books", limits or Limits(), quota or Quota(), clock, VIENNA)


def send(pace: Pace, calls: int = 1) -> None:
    for _ in range(calls):
        with pace.slot():
            pass


# --- the minute -----------------------------------------------------------------------------------------------------------


def test_the_call_after_a_full_minute_waits_until_the_oldest_is_a_minute_old() -> None:
    clock = Timepiece()
    limited = pace(clock, Limits(calls_per_minute=3, calls_per_day=None))
    send(limited)
    clock.pass_by(10)
    send(limited, 2)
    assert clock.slept == []
    send(limited)
    assert clock.slept == [pytest.approx(50.01)]


def test_no_sixty_seconds_ever_hold_more_calls_than_allowed() -> None:
    clock = Timepiece()
    limited = pace(clock, Limits(calls_per_minute=5, calls_per_day=None))
    moments = []
    for number in range(40):
        clock.pass_by(number % 7)
        send(limited)
        moments.append(clock.monotonic())
    assert all(moments[at + 5] - moments[at] >= 60 for at in range(len(moments) - 5))


def test_the_window_is_kept_between_runs() -> None:
    clock = Timepiece()
    first = pace(clock, Limits(calls_per_minute=2, calls_per_day=None))
    send(first, 2)
    second = pace(clock, Limits(calls_per_minute=2, calls_per_day=None), first.quota())
    send(second)
    assert clock.slept == [pytest.approx(60.01)]


def test_what_is_older_than_a_minute_is_not_kept() -> None:
    clock = Timepiece()
    limited = pace(clock)
    send(limited, 3)
    clock.pass_by(61)
    assert limited.quota().recent == ()


def test_a_clock_that_was_set_back_costs_a_minute_at_most() -> None:
    clock = Timepiece()
    limited = pace(clock, Limits(calls_per_minute=1, calls_per_day=None))
    send(limited)
    clock.pass_by(-3600)
    send(limited)
    assert sum(clock.slept) == pytest.approx(60, abs=0.02)


def test_a_clock_that_is_set_back_in_a_wait_is_not_taken_for_a_wait_cut_short() -> None:
    class SetBack(Timepiece):
        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            if len(self.slept) == 1:
                self.pass_by(-3600)

    clock = SetBack()
    limited = pace(clock, Limits(calls_per_minute=1, calls_per_day=None))
    send(limited, 2)
    assert sum(clock.slept) == pytest.approx(120, abs=0.05)
    assert limited.quota().calls == 2


def test_no_limit_means_no_wait() -> None:
    clock = Timepiece()
    send(pace(clock, Limits(calls_per_minute=None, calls_per_day=None)), 500)
    assert clock.slept == []


def test_the_budget_is_what_is_left_of_the_day_less_what_is_kept_for_others() -> None:
    clock = Timepiece()
    limited = pace(clock, Limits(calls_per_minute=None, calls_per_day=1000))
    assert limited.budget() == Budget(800, 800)
    send(limited, 30)
    limited.reserve(5)
    assert limited.budget() == Budget(765, 800)


def test_the_budget_heeds_what_the_answers_say_of_a_smaller_plan_and_of_others_calls() -> None:
    clock = Timepiece()
    limited = pace(clock, Limits(calls_per_minute=None, calls_per_day=1000))
    limited.heed({"x-rate-limit-limit": "500", "x-rate-limit-remaining": "150", "x-rate-limit-reset": "600"})
    assert limited.budget() == Budget(50, 400)
    clock.pass_by(601)
    assert limited.budget() == Budget(800, 800)  # the answers' day is over


def test_there_is_no_budget_today_while_the_remote_wants_to_be_left_alone_and_none_without_limits() -> None:
    clock = Timepiece()
    limited = pace(clock, Limits(calls_per_minute=None, calls_per_day=1000))
    limited.block_day(3600)
    assert limited.budget() == Budget(0, 800)
    assert pace(clock, Limits(calls_per_minute=None, calls_per_day=None)).budget() == Budget(None, None)


@pytest.mark.parametrize(
    ("budget", "calls", "days"),
    [
        (Budget(800, 800), 0, 0),
        (Budget(800, 800), 800, 1),
        (Budget(800, 800), 801, 2),
        (Budget(800, 800), 2400, 3),
        (Budget(0, 800), 800, 1),  # all of it tomorrow
        (Budget(0, 800), 801, 2),
        (Budget(), 1_000_000, 1),
    ],
)
def test_a_budget_says_on_how_many_days_calls_leave(budget: Budget, calls: int, days: int) -> None:
    assert budget.days(calls) == days


# --- reserving ------------------------------------------------------------------------------------------------------------


def test_reserved_calls_do_not_wait_any_more() -> None:
    clock = Timepiece()
    limited = pace(clock, Limits(calls_per_minute=4, calls_per_day=None))
    send(limited, 4)
    limited.reserve(4)
    waited = list(clock.slept)
    send(limited, 4)
    assert clock.slept == waited == [pytest.approx(60.01)]


def test_a_reserved_slot_is_counted_once_and_when_it_is_used() -> None:
    clock = Timepiece()
    limited = pace(clock, Limits(calls_per_minute=10, calls_per_day=None))
    limited.reserve(2)
    assert limited.quota().calls == 0
    clock.pass_by(30)
    send(limited, 2)
    assert limited.quota().calls == 2
    assert limited.quota().recent == (clock.monotonic(), clock.monotonic())


def test_a_reserved_slot_that_grew_old_is_no_slot() -> None:
    clock = Timepiece()
    limited = pace(clock, Limits(calls_per_minute=1, calls_per_day=None))
    limited.reserve(1)
    clock.pass_by(61)
    limited.release()
    send(limited)
    send(limited)
    assert clock.slept == [pytest.approx(60.01)]


def test_a_read_does_not_use_up_the_slot_of_a_write() -> None:
    """A question in doubt may take three calls, and a failed read is tried again: the write beside it must not wait."""
    clock = Timepiece()
    limited = pace(clock, Limits(calls_per_minute=3, calls_per_day=None))
    limited.reserve(1)
    for _ in range(2):
        with limited.slot(reserved=False):
            pass
    send(limited)
    assert clock.slept == []
    assert limited.quota().calls == 3
    with limited.slot(reserved=False):
        pass
    assert clock.slept == [pytest.approx(60.01)]


def test_a_read_sits_out_a_pause_while_a_write_has_its_slot() -> None:
    clock = Timepiece()
    limited = pace(clock)
    limited.reserve(1)
    limited.pause(5)
    with limited.slot(reserved=False):
        pass
    assert clock.slept == [5]


def test_released_slots_are_free_again() -> None:
    clock = Timepiece()
    limited = pace(clock, Limits(calls_per_minute=2, calls_per_day=None))
    limited.reserve(2)
    limited.release()
    send(limited, 2)
    assert clock.slept == []
    assert limited.quota().calls == 2


def test_reserving_beyond_the_day_is_refused_before_anything_is_sent() -> None:
    limited = pace(Timepiece(), Limits(calls_per_day=3, reserve=NO_RESERVE))
    limited.reserve(2)
    with pytest.raises(QuotaUsedUp):
        limited.reserve(2)
    assert limited.quota().calls == 0


def test_told_to_stop_a_reservation_ends_early_and_a_call_is_put_off() -> None:
    clock = Timepiece()
    limited = pace(clock, Limits(calls_per_minute=1, calls_per_day=None))
    send(limited)
    clock.hasty = True
    limited.reserve(1)
    with pytest.raises(Throttled) as caught:
        send(limited)
    assert caught.value.after_s == pytest.approx(60.01)
    assert len(clock.slept) == 2


# --- the day --------------------------------------------------------------------------------------------------------------


def test_a_share_of_the_configured_day_is_left_to_others() -> None:
    clock = Timepiece()
    limited = pace(clock, Limits(calls_per_minute=None, calls_per_day=10, reserve=Decimal("0.2")))
    send(limited, 8)
    with pytest.raises(QuotaUsedUp) as caught:
        send(limited)
    assert caught.value.until == datetime(2026, 3, 1, 23, 0, tzinfo=UTC)  # midnight in Vienna
    assert limited.quota().calls == 8


def test_the_day_rolls_at_midnight_of_the_organisation_not_of_utc() -> None:
    clock = Timepiece(datetime(2026, 3, 1, 22, 59, tzinfo=UTC))
    limited = pace(clock, Limits(calls_per_day=1, reserve=NO_RESERVE))
    send(limited)
    with pytest.raises(QuotaUsedUp):
        send(limited)
    clock.pass_by(60)
    send(limited)
    assert (limited.quota().day, limited.quota().calls) == (date(2026, 3, 2), 1)


def test_a_clock_that_was_set_back_over_midnight_does_not_give_the_day_again() -> None:
    clock = Timepiece()
    limited = pace(clock, Limits(calls_per_minute=None, calls_per_day=10, reserve=NO_RESERVE))
    send(limited, 10)
    clock.pass_by(-86400)
    with pytest.raises(QuotaUsedUp):
        send(limited)
    assert (limited.quota().day, limited.quota().calls) == (date(2026, 2, 28), 10)


def test_the_day_of_a_change_of_clocks_ends_at_its_own_midnight() -> None:
    clock = Timepiece(datetime(2026, 3, 28, 23, 30, tzinfo=UTC))  # 29 March in Vienna has 23 hours
    limited = pace(clock, Limits(calls_per_day=0))
    with pytest.raises(QuotaUsedUp) as caught:
        send(limited)
    assert caught.value.until == datetime(2026, 3, 29, 22, 0, tzinfo=UTC)


def test_calls_of_earlier_runs_of_the_day_count() -> None:
    limited = pace(Timepiece(), Limits(calls_per_day=10, reserve=NO_RESERVE), Quota(day=date(2026, 3, 1), calls=9))
    send(limited)
    with pytest.raises(QuotaUsedUp):
        send(limited)


def test_what_the_answers_say_is_left_ends_the_day_before_the_configured_number_does() -> None:
    limited = pace(Timepiece(), Limits(calls_per_day=1000, reserve=Decimal("0.2")))
    send(limited)
    limited.heed({"x-rate-limit-limit": "1000", "x-rate-limit-remaining": "202", "x-rate-limit-reset": "3600"})
    send(limited, 2)
    with pytest.raises(QuotaUsedUp) as caught:
        send(limited)
    assert caught.value.until == datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


def test_reserved_slots_count_against_what_the_answers_say_is_left() -> None:
    limited = pace(Timepiece(), Limits(calls_per_day=None, reserve=NO_RESERVE))
    limited.heed({"x-rate-limit-limit": "1000", "x-rate-limit-remaining": "3", "x-rate-limit-reset": "3600"})
    limited.reserve(2)
    with pytest.raises(QuotaUsedUp):
        limited.reserve(2)


def test_what_the_answers_said_is_kept_and_holds_until_the_reset_they_named() -> None:
    clock = Timepiece(datetime(2026, 3, 1, 22, 30, tzinfo=UTC))
    first = pace(clock)
    send(first)
    first.heed({"x-rate-limit-limit": "1,000", "x-rate-limit-remaining": "10", "x-rate-limit-reset": "7200"})
    clock.pass_by(3600)  # midnight in Vienna has passed, the reset has not
    second = pace(clock, quota=first.quota())
    with pytest.raises(QuotaUsedUp):
        send(second)
    clock.pass_by(3600)
    send(second)
    assert second.quota().remaining is None


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-rate-limit-remaining": "-1"},
        {"x-rate-limit-remaining": "many"},
        {"x-rate-limit-remaining": "²"},
        {"x-rate-limit-limit": "5"},
    ],
)
def test_headers_that_are_absent_or_strange_change_nothing(headers: dict[str, str]) -> None:
    limited = pace(Timepiece())
    limited.heed(headers)
    assert limited.quota().remaining is None
    send(limited)


def test_a_reset_beyond_reason_is_not_believed() -> None:
    limited = pace(Timepiece())
    limited.heed({"x-rate-limit-remaining": "0", "x-rate-limit-reset": "999999999"})
    with pytest.raises(QuotaUsedUp) as caught:
        send(limited)
    assert caught.value.until == datetime(2026, 3, 1, 23, 0, tzinfo=UTC)


def test_what_was_configured_is_not_taken_for_what_the_answers_said_by_the_next_run() -> None:
    clock = Timepiece()
    before = pace(clock, Limits(calls_per_day=1000))
    send(before)
    after = pace(clock, Limits(calls_per_day=2000), before.quota())
    assert after.quota().limit == 2000


def test_a_reset_that_was_noted_by_a_clock_that_stood_wrong_is_not_waited_for() -> None:
    clock = Timepiece(datetime(2031, 3, 1, 8, 0, tzinfo=UTC))
    before = pace(clock)
    before.heed({"x-rate-limit-limit": "1000", "x-rate-limit-remaining": "0", "x-rate-limit-reset": "3600"})
    after = pace(Timepiece(), quota=before.quota())
    send(after)
    assert (after.quota().remaining, after.quota().limit) == (None, 1000)


def test_a_repeated_request_counts_for_the_minute_and_the_day() -> None:
    clock = Timepiece()
    limited = pace(clock)
    with limited.slot():
        limited.count()
    assert limited.quota().calls == 2
    assert len(limited.quota().recent) == 2


# --- blocked --------------------------------------------------------------------------------------------------------------


def test_a_used_up_day_blocks_this_run_and_the_next_until_the_reset() -> None:
    clock = Timepiece()
    first = pace(clock)
    first.heed({"x-rate-limit-limit": "1000", "x-rate-limit-remaining": "900", "x-rate-limit-reset": "600"})
    assert first.block_day() == clock.now() + timedelta(seconds=600)
    second = pace(clock, quota=first.quota())
    for each in (first, second):
        with pytest.raises(QuotaUsedUp) as caught:
            send(each)
        assert caught.value.until == clock.now() + timedelta(seconds=600)
        with pytest.raises(QuotaUsedUp):
            each.reserve(1)
    clock.pass_by(600)
    send(second)
    assert clock.slept == []


def test_without_a_known_reset_a_used_up_day_lasts_until_midnight_there() -> None:
    assert pace(Timepiece()).block_day() == datetime(2026, 3, 1, 23, 0, tzinfo=UTC)


def test_a_shorter_block_does_not_end_a_longer_one() -> None:
    clock = Timepiece()
    limited = pace(clock)
    limited.pause(7200)
    limited.pause(600)
    assert limited.quota().blocked_until == clock.now() + timedelta(hours=2)


def test_reserved_slots_do_not_get_through_a_block() -> None:
    limited = pace(Timepiece())
    limited.reserve(1)
    limited.block_day()
    with pytest.raises(QuotaUsedUp):
        send(limited)


def test_a_block_that_was_noted_by_a_clock_that_stood_wrong_is_not_kept_for_years() -> None:
    clock = Timepiece(datetime(2031, 3, 1, 8, 0, tzinfo=UTC))
    before = pace(clock)
    before.block_day()
    after = pace(Timepiece(), quota=before.quota())
    send(after)
    after.pause(600)  # and it does not stand in the way of one that is meant
    with pytest.raises(QuotaUsedUp) as caught:
        send(after)
    assert caught.value.until == datetime(2026, 3, 1, 8, 10, tzinfo=UTC)


def test_no_pause_that_an_answer_asks_for_blocks_for_more_than_two_days() -> None:
    clock = Timepiece()
    limited = pace(clock)
    limited.pause(999_999_999)
    assert limited.quota().blocked_until == clock.now() + timedelta(days=2)
    with pytest.raises(QuotaUsedUp):
        send(limited)


# --- pauses ---------------------------------------------------------------------------------------------------------------


def test_told_that_the_minute_is_full_everything_waits_a_minute_in_the_next_run_too() -> None:
    clock = Timepiece()
    first = pace(clock)
    send(first)
    first.fill_minute()
    second = pace(clock, quota=first.quota())
    send(second)
    assert sum(clock.slept) == pytest.approx(60, abs=0.02)
    send(first)
    assert sum(clock.slept) == pytest.approx(60, abs=0.02)


def test_a_short_pause_is_sat_out() -> None:
    clock = Timepiece()
    limited = pace(clock)
    limited.pause(5)
    send(limited)
    assert clock.slept == [5]


def test_a_clock_that_was_set_back_in_a_pause_does_not_make_it_longer_than_a_pause_can_be() -> None:
    clock = Timepiece()
    limited = pace(clock)
    limited.pause(60)
    clock.pass_by(-3600)
    send(limited)
    assert sum(clock.slept) == pytest.approx(90)


def test_a_long_pause_is_a_block() -> None:
    clock = Timepiece()
    limited = pace(clock)
    limited.pause(3600)
    with pytest.raises(QuotaUsedUp) as caught:
        send(limited)
    assert caught.value.until == clock.now() + timedelta(hours=1)
    assert limited.quota().blocked_until == caught.value.until


def test_a_write_that_has_its_slot_is_put_off_in_a_pause_rather_than_held() -> None:
    clock = Timepiece()
    limited = pace(clock)
    limited.reserve(1)
    limited.pause(5)
    with pytest.raises(Throttled) as caught:
        send(limited)
    assert caught.value.after_s == pytest.approx(5)
    assert clock.slept == []


# --- at once --------------------------------------------------------------------------------------------------------------


def most_at_once(limited: Pace, expected: int, workers: int) -> int:
    """How many of `workers` held a slot together; each holds its own until `expected` of them do."""
    lock, full = threading.Lock(), threading.Barrier(expected, timeout=10)
    held, most = 0, 0
    broken: list[threading.BrokenBarrierError] = []

    def work() -> None:
        nonlocal held, most
        with limited.slot():
            with lock:
                held += 1
                most = max(most, held)
            try:
                full.wait()
            except threading.BrokenBarrierError as err:
                broken.append(err)
            with lock:
                held -= 1

    threads = [threading.Thread(target=work) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert broken == []
    return most


def test_no_more_calls_are_under_way_at_once_than_allowed_and_fewer_after_each_complaint() -> None:
    limited = pace(Timepiece(), Limits(concurrency=3))
    assert most_at_once(limited, 3, workers=12) == 3
    limited.narrow()
    assert most_at_once(limited, 2, workers=12) == 2
    limited.narrow()
    limited.narrow()
    assert most_at_once(limited, 1, workers=12) == 1
    assert limited.quota().calls == 36


def test_after_a_complaint_each_quiet_minute_of_answered_calls_allows_one_more_up_to_what_is_configured() -> None:
    clock = Timepiece()
    limited = pace(clock, Limits(concurrency=3))
    limited.narrow()
    limited.narrow()
    widths = []
    for _ in range(7):
        clock.pass_by(30)
        send(limited)
        widths.append(limited.concurrency)
    assert widths == [1, 2, 2, 3, 3, 3, 3]


def test_a_new_complaint_starts_the_quiet_minute_again_and_time_without_a_call_is_no_proof() -> None:
    clock = Timepiece()
    limited = pace(clock, Limits(concurrency=3))
    limited.narrow()
    clock.pass_by(59)
    limited.narrow()
    clock.pass_by(59)
    send(limited)
    assert limited.concurrency == 1
    clock.pass_by(600)
    assert limited.concurrency == 1
    send(limited)
    assert limited.concurrency == 2
