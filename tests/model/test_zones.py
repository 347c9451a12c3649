"""Time zones by name."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from zsync.model.zones import known_zone, zone_or_utc


@pytest.mark.parametrize("name", ["Nowhere/Land", "PST", "../etc", "/etc/passwd", "Europe", "", "\0"])
def test_a_name_that_no_machine_knows_is_none_and_counts_as_utc(name: str) -> None:
    assert known_zone(name) is None
    assert zone_or_utc(name) == ZoneInfo("UTC")


def test_a_known_one_is_itself() -> None:
    assert known_zone("Europe/Berlin") == zone_or_utc("Europe/Berlin") == ZoneInfo("Europe/Berlin")
