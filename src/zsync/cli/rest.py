"""Whether `run` rests because a person said so: a note in the state."""

from __future__ import annotations

import json

from zsync.state.store import Store

PAUSED = "paused"
"""Name of the note: a JSON object with `at` and `reason`; empty when nothing is paused."""


def paused(store: Store) -> str:
    """Since when, and why, `run` does nothing; empty where it works."""
    note = store.fact(PAUSED)
    if not note:
        return ""
    kept = json.loads(note)
    why = f" ({kept['reason']})" if kept["reason"] else ""
    return f"paused since {kept['at'][:16].replace('T', ' ')} UTC{why}: `run` does nothing until `zsync resume`"
