"""Time zones by the names that remotes give them."""

from __future__ import annotations

from zoneinfo import ZoneInfo


def known_zone(name: str) -> ZoneInfo | None:
    """The zone of that name; None for one that this machine does not know. Zoho's contract shows such a name: `PST`."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError; a folder of zones is an OSError
        return None


def zone_or_utc(name: str) -> ZoneInfo:
    """The same, and UTC for one that is not known: for where a day begins, not for what is written."""
    return known_zone(name) or ZoneInfo("UTC")
