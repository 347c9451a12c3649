"""A record of the user's own entities field by field: what the source has, what the map makes of it, what stands in the form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zsync.cli.session import Session, build_target
from zsync.errors import ZsyncError
from zsync.mapping.fields import as_text, at
from zsync.model.intent import Body, Ref
from zsync.model.record import Gone
from zsync.state.desk import Meters
from zsync.state.journal import Journal
from zsync.state.standing import RecordStatus
from zsync.state.store import Locked, Store


def side_by_side(
    session: Session, record: RecordStatus, story: Mapping[str, Any], stands: Mapping[str, str]
) -> list[dict[str, str]]:
    """(field, path or template, value in the source, mapped value, value in the form) of each field of the map."""
    settings = session.config.reads.get(record.entity)
    payload: Mapping[str, Any] = next((row["payload"] for row in story["rows"] if row["payload"]), {})
    rows = []
    for field, rule in settings.map.items() if settings is not None else ():
        rows.append(
            {
                "field": field,
                "from": rule.from_ or rule.template or ("(constant)" if rule.value is not None else "(parts)"),
                "source": as_text(at(story["source"], rule.from_)) if rule.from_ and story["source"] else "",
                "mapped": _text(payload.get(field)),
                "target": stands.get(field, ""),
            }
        )
    return rows


def values_at_target(session: Session, store: Store, record: RecordStatus) -> dict[str, str]:
    """What the form shows for this record now; the reason on stderr where it cannot be read. Counted as a call."""
    from zsync.model.intent import Written
    from zsync.ports import Standing

    row = next((row for ref in _refs(store, record) if (row := Journal(store, session.realm).row(ref)) is not None), None)
    if row is None or not row.remote_id:
        return {}
    body: Body = row.settled or {}
    standing = Standing(row.key, row.remote_id, body, row.written or Written(row.remote_id))
    try:
        with store.locked():
            target = build_target(session, store)
            try:
                found = target.modules[row.module].read(standing)
            finally:
                with store.commit():
                    Meters(store).save(session.realm, target.quota())
                target.close()
    except Locked:
        session.out.complain("warning", "the form was not asked: a run is at work on it")
        return {}
    except ZsyncError as err:
        session.out.complain("warning", f"the form cannot be read: {err.message}")
        return {}
    if isinstance(found, Gone):
        session.out.complain("warning", "the row is not in the form any more")
        return {}
    return {name: _text(value) for name, value in (found.content or {}).items()}


def _refs(store: Store, record: RecordStatus) -> list[Ref]:
    from zsync.state.records import Records

    return Records(store).owned(record.key)


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case {"zc_display_value": str(text)}:
            return text
        case Mapping():
            return ", ".join(_text(each) for each in value.values() if each)
        case list():
            return "; ".join(map(_text, value))
        case bool():
            return "true" if value else "false"
        case _:
            return str(value)
